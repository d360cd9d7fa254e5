"""Rule sets over cells: what is measured, and what the rules say of it."""
