"""Results on their way to people: published, mailed."""
