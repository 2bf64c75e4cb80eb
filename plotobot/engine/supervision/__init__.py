"""Plotters as processes: each owned by a shim, so that it outlives any death of the bot."""
