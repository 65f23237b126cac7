"""What everyone sees, as JSON."""
