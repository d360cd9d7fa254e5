"""Entry points: one module a verb, each parses, calls the library and returns an exit code."""
