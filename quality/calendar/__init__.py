"""Which days are sessions, and which of them a panel lacks."""
