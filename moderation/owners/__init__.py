"""What those who run a campaign arrange: how other sites show it."""
