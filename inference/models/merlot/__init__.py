"""MERLOT: frames of a film and what is said beside them, in one Transformer."""
