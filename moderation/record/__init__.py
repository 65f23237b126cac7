"""What staff did, in order and in words, and what follows from it in figures."""
