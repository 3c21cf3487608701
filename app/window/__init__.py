"""The window and its commands."""
