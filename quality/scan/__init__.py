"""The full-history scan: its plan, its unit of work, and the run."""
