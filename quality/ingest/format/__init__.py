"""How a file is written: layout, columns, dates and numbers."""
