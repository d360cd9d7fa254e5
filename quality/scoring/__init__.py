"""Runs held against the truth."""
