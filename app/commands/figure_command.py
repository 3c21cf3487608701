"""What a figure on the command line is, and what its options share."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

import numpy as np

from inference.results.checkpoint import CheckpointInfo
from widgets.figures.figure import Figure

# Requests one after the other, each answered before the next is made; returns what the figure draws.
Requests = Generator[object, Any, object]


class BadOption(ValueError):
    """An option does not fit the checkpoint or the input; the text is one sentence for the user."""


@dataclass(frozen=True)
class FigureCommand:
    """One figure by its name on the command line.

    Attributes
    ----------
    about
        What it shows, in a line.
    options
        Keys of `app.commands.figure_options.OPTIONS`.
    request
        What the engine is asked, or `Requests`; None for a figure that needs no checkpoint.
    figure
        Draws the result (None without a request).
    arrays
        What NPZ holds, where that is not what the picture shows.
    has_film
        Whether it grows, and can be written as GIF, WebP and MP4.
    """

    about: str
    options: tuple[str, ...]
    figure: Callable[[Any, Namespace], Figure]
    request: Callable[[Namespace, CheckpointInfo], object] | None = None
    arrays: Callable[[Any, Namespace], dict[str, np.ndarray]] | None = None
    has_film: bool = False


def group_of(args: Namespace, info: CheckpointInfo) -> str:
    """The attention group that is asked for, the first one unless another is named."""
    names = [group.name for group in info.groups]
    if args.group is None and names:
        return names[0]
    if args.group not in names:
        raise BadOption(f"{info.name} has no attention group {args.group!r}; it has {', '.join(names) or 'none'}.")
    return args.group


def within(what: str, number: int, n: int) -> int:
    """A number that is counted from 0."""
    if not 0 <= number < n:
        raise BadOption(f"There is no {what} {number}; there are {n}, counted from 0.")
    return number


def answer_all(requests: Requests, ask: Callable[[object], object]) -> object:
    """Ask one after the other, and return what comes of it."""
    result: object = None
    while True:
        try:
            request = requests.send(result)
        except StopIteration as end:
            return end.value
        result = ask(request)
