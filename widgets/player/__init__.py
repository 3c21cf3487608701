"""Playing what grows."""
