"""Plotobot: a Chia plot manager that lives in a Discord bot."""

__version__ = "0.1.0"
