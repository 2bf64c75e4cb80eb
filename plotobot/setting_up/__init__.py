"""`plotobot init`: from nothing to settings that work, by questions and answers."""
