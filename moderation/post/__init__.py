"""Letters are written in the reader's language when they are due, and sent."""
