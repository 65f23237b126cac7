"""Many items decided by one act."""
