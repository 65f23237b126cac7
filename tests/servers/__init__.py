"""Real servers for tests, each started by us, reachable from this machine alone, and gone afterwards."""
