"""What an author can do with the private link, and reads behind it."""
