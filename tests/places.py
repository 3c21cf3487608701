"""Where things are: positions on the one axis that made-up checkpoints have, and files of reported faults."""

from pathlib import Path

from widgets.selection import Position

CASES = Path(__file__).parent / "cases"  # inputs of reported faults, with what is right for them in the tests


def at(index):
    """Return the position of that number, None for none."""
    return None if index is None else Position("text", index)


def index_of(position):
    """Return the number of a position, None for none."""
    return None if position is None else position.index
