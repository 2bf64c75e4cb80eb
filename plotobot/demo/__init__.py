"""The whole thing on real little plots, without a Discord account."""
