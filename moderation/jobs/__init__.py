"""What runs later, and who runs it."""
