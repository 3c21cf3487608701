"""Docks and bars round the views."""
