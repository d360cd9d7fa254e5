"""The scheduled run: its configuration, its days, its work, and its deliveries, each of which happens once."""
