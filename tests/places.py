"""Selected positions, as most tests want them: on the one axis that made-up checkpoints have."""

from widgets.selection import Position


def at(index):
    """Return the position of that number, None for none."""
    return None if index is None else Position("text", index)


def index_of(position):
    """Return the number of a position, None for none."""
    return None if position is None else position.index
