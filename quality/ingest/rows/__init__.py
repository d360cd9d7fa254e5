"""From a table to rows of a panel, each accounted for."""
