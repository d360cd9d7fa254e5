"""The report: one HTML file that shows a run, or the history that several runs are."""
