"""What everyone sees: which words, in which order, under which name; and what makes them seen."""
