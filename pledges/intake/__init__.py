"""What somebody sends becomes a saved, hidden contribution, handed to the desk."""
