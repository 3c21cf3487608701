"""A figure by its name on the command line. Declared beside its view; needs no Qt until it draws."""

from __future__ import annotations

import os
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from inference.results.inputs import ImageInput, Input, TextInput
from widgets.options import BadOption as BadOption
from widgets.options import Options

if TYPE_CHECKING:
    import numpy as np

    from inference.results.checkpoint import CheckpointInfo
    from widgets.figures.figure import Figure

# Requests one after the other, each answered before the next is made; returns what the figure draws.
Requests = Generator[Any, Any, object]


@dataclass(frozen=True)
class FigureCommand:
    """What `headlight figure NAME` does.

    Attributes
    ----------
    about
        What it shows, in a line.
    shared
        Options that several figures share: keys of `app.commands.shared_options.SHARED`, such as `text` and `layer`.
    figure
        Draws the result (None without a request); it imports its painter when it is called.
    request
        What the engine is asked, or `Requests`; None for a figure that needs no checkpoint.
    options
        Its own options: the same dataclass that makes the controls of its view.
    add_arguments
        Adds what only the command line has, such as spans of rows.
    arrays
        What NPZ holds, where that is not what the picture shows.
    has_film
        Whether it grows, and can be written as GIF, WebP and MP4.
    """

    about: str
    shared: tuple[str, ...]
    figure: Callable[[Any, Namespace], Figure]
    request: Callable[[Namespace, CheckpointInfo], object] | None = None
    options: type[Options] | None = None
    add_arguments: Callable[[ArgumentParser], None] | None = None
    arrays: Callable[[Any, Namespace], dict[str, np.ndarray]] | None = None
    has_film: bool = False


def text_of(args: Namespace) -> Input:
    """The text that is asked for."""
    return Input(TextInput(args.text or "", args.text_pair, args.token_ids, getattr(args, "mask", ())))


def image_of(args: Namespace) -> Input:
    """The image that is asked for."""
    if args.image is not None:
        return Input(image=ImageInput(path=os.path.abspath(args.image), side=args.side))
    is_scene = args.scene is not None
    seed, kind = (args.scene, "scene") if is_scene else (args.portrait, "portrait")
    return Input(image=ImageInput(seed=seed, kind=kind, side=args.side))


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
