"""Finished plots go where they belong, proven whole."""
