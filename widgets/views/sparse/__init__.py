"""Sparse attention patterns: which cells exist, how far they reach and what they cost; and the parts of their view."""
