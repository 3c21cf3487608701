"""How large a figure is written, and in which letters."""
