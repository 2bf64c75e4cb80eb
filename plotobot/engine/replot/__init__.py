"""Replotting: which plots are old, in which order they go, and until when. Deletes nothing."""
