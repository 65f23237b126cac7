"""Other programs are told what comes to the wall and leaves it: owed with each change, signed, and sent to the outside alone."""
