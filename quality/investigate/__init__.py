"""Questions to panels and runs."""
