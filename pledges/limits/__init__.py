"""How often something may be sent, by whom, and where that is counted."""
