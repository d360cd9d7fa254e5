"""Which files are meant, and how they come out of their wrappings."""
