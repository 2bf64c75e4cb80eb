"""The plotting engine: decides, starts, watches and tells. It knows nothing of Discord."""
