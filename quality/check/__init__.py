"""One incoming day against history."""
