"""Panels that are made: price paths, faults, and the truth about them."""
