"""Real panels in: reads whatever a vendor sends, loses nothing, and says what it refused."""
