"""Themes, colours, and numbers as colours."""
