"""What is wrong with a command, for whoever typed it."""

from __future__ import annotations


class Fault(Exception):
    """What is told on stderr in one line."""
