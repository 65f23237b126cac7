"""What is new, as Atom: the promises of a campaign, and the comments under one of them."""
