"""The one door to DuckDB, and to the statements in `sql/`."""
