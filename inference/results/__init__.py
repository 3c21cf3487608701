"""Requests and results, a module a feature: frozen dataclasses of plain values and read-only NumPy arrays."""
