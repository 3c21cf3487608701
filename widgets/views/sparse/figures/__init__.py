"""Figures about sparse attention."""
