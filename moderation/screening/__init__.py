"""The checks are run on what was received, and a move is proposed."""
