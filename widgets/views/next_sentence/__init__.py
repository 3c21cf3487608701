"""The view of this name."""
