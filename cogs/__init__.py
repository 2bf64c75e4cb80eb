"""The control surface on Discord: one feature a file, each loaded by name."""
