"""What is counted as things change, and how it is drawn."""
