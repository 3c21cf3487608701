"""Which tokens are read of texts that have more of them than a model takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from inference.context import Refused

if TYPE_CHECKING:
    from inference.results.tokens import Tokens


def shortened(tokens: Tokens, sides: Mapping[str, range], start: int, longest: int) -> Tokens:
    """As many tokens of each text as the model takes, beside the special ones around them.

    Of two texts the longer one is cut, the other one only where it has more than half of the room.

    Parameters
    ----------
    sides
        Places of each text, by what it is called.
    start
        Token of a text that its part begins with; -1 for the last ones that fit.

    Returns
    -------
    Tokens
        With a note for each text that was cut.

    Raises
    ------
    Refused
        The text ends before `start`, or special tokens leave no room.
    """
    room = longest - (len(tokens) - sum(map(len, sides.values())))
    if room < len(sides):
        raise Refused(f"The model takes {longest:,} tokens, which the special ones of this text fill.")
    kept, notes = set(range(len(tokens))), []
    for name, n_kept in _rooms({name: len(side) for name, side in sides.items()}, room).items():
        side = sides[name]
        n = len(side)
        if n_kept == n:
            continue
        begin = n - n_kept if start < 0 else start
        if begin >= n:
            raise Refused(f"The part was to begin at token {start:,}; {name} has tokens 0 to {n - 1:,}.")
        end = min(begin + n_kept, n)
        kept -= {*side[:begin], *side[end:]}
        notes.append(f"Of {n:,} tokens of {name}, {begin:,} to {end - 1:,} are read.")
    return replace(tokens.taken(sorted(kept)), notes=(*tokens.notes, *notes))


def _rooms(lengths: dict[str, int], room: int) -> dict[str, int]:
    """How many tokens of each text are kept: of the shortest what fits into its share, of the others the rest."""
    rooms: dict[str, int] = {}
    for name in sorted(lengths, key=lambda name: lengths[name]):
        rooms[name] = min(lengths[name], (room - sum(rooms.values())) // (len(lengths) - len(rooms)))
    return rooms
