"""The rule set `robust`: its metrics and what later days make of its findings."""
