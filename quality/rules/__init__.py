"""The rules: their files, parameters, thresholds and messages."""
