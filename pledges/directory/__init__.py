"""Who took part: the organisations of a wall, and what each of them has promised there."""
