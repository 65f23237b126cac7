"""What waits, in which order, who has it, and what is laid aside."""
