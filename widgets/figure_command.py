"""A figure by its name on the command line. Declared beside its view; needs no Qt until it draws."""

from __future__ import annotations

import os
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections import Counter
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from inference.results.checkpoint import without_attention
from inference.results.inputs import (
    MOST_IMAGES,
    MOST_LETTERS,
    MOST_TEXTS,
    ImageInput,
    Input,
    SoundInput,
    TextInput,
)
from inference.results.lines import LinesRequest
from widgets.kit.clean import clean
from widgets.options import MOST_SEED, Options
from widgets.options import BadOption as BadOption

if TYPE_CHECKING:
    import numpy as np

    from inference.results.checkpoint import CheckpointInfo
    from widgets.kit.figure import Figure

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
    names_checkpoint
        Whether a caption begins with the checkpoint's name; not where the figure says itself what it is of.
    has_film
        Whether it grows, and can be written as GIF, WebP and MP4.
    aliases
        Other names that it answers to.
    """

    about: str
    shared: tuple[str, ...]
    figure: Callable[[Any, Namespace], Figure]
    request: Callable[[Namespace, CheckpointInfo], object] | None = None
    options: type[Options] | None = None
    add_arguments: Callable[[ArgumentParser], None] | None = None
    arrays: Callable[[Any, Namespace], dict[str, np.ndarray]] | None = None
    has_film: bool = False
    names_checkpoint: bool = True
    aliases: tuple[str, ...] = ()


def text_of(args: Namespace) -> Input:
    """The text that is asked for, and the sound."""
    sound = SoundInput(os.path.abspath(args.sound)) if args.sound else None
    return Input(
        sound=sound,
        text=TextInput(
            args.text or "",
            args.text_pair,
            args.token_ids,
            getattr(args, "mask", ()),
            args.source_language,
            args.target_language,
            args.part,
        ),
    )


def image_of(args: Namespace) -> Input:
    """The image that is asked for."""
    if args.image is not None:
        return Input(image=ImageInput(path=os.path.abspath(args.image), side=args.side))
    is_scene = args.scene is not None
    seed, kind = (args.scene, "scene") if is_scene else (args.portrait, "portrait")
    return Input(image=ImageInput(seed=seed, kind=kind, side=args.side))


def compared_of(args: Namespace) -> Input:
    """The images and texts that are to be compared; the first of each are the pair that is looked at."""
    images: tuple[ImageInput, ...] = tuple(dict.fromkeys(args.images or ()))
    texts: tuple[str, ...] = tuple(dict.fromkeys(args.texts or ()))
    kinds = ("--image (or --scene, or --portrait)", images, MOST_IMAGES), ("--text", texts, MOST_TEXTS)
    for named, given, most in kinds:
        if not given:
            raise BadOption(f"{named} is needed, once or several times.")
        if len(given) > most:
            raise BadOption(f"{named} was given {len(given)} times; at most {most} are compared.")
    for text in texts:
        if not text.strip() or len(text) > MOST_LETTERS:
            raise BadOption(f"--text has {len(text):,} letters; a text that is compared has 1 to {MOST_LETTERS}.")
    return Input(text=TextInput(texts[0]), image=images[0], images=images, texts=texts)


def repeated_of(args: Namespace) -> tuple[str, ...]:
    """What was given more than once although the same things are compared once, in sentences."""
    images, texts = (Counter(getattr(args, name, None) or ()) for name in ("images", "texts"))
    named = [(image_title(image), n) for image, n in images.items()] + [(f"“{text}”", n) for text, n in texts.items()]
    return tuple(f"{clean(name)} was given {n} times; it is compared once." for name, n in named if n > 1)


def image_title(image: ImageInput) -> str:
    """An image that is compared, in a few words: its file, or what the generator painted."""
    return os.path.basename(image.path) if image.path else f"{image.kind or 'scene'} {image.seed}"


def image_name(args: Namespace) -> str:
    """The same for a caption."""
    if args.image is not None:
        return os.path.basename(args.image)
    return f"scene {args.scene}" if args.scene is not None else f"portrait {args.portrait}"


def seed_of(text: str) -> int:
    """A seed, for argparse."""
    if not text.isdecimal() or int(text) > MOST_SEED:
        raise ArgumentTypeError(f"{text!r} is no whole number from 0 to {MOST_SEED:,}")
    return int(text)


def numbers_of(text: str) -> tuple[int, ...]:
    """`3,5` as numbers, for argparse."""
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not a list of numbers such as 3,5") from None


def row_and_column(text: str) -> tuple[int, int]:
    """`3,5` as a place among patches, for argparse."""
    try:
        row, column = (int(part) for part in text.split(","))
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not a row and a column such as 3,5") from None
    return row, column


def group_of(args: Namespace, info: CheckpointInfo) -> str:
    """The attention group that is asked for, the first one unless another is named."""
    names = [group.name for group in info.groups]
    if args.group is None and names:
        return names[0]
    if args.group not in names:
        raise BadOption(f"{info.name} has no attention group {args.group!r}; it has {', '.join(names) or 'none'}.")
    return args.group


def layer_of(args: Namespace, info: CheckpointInfo) -> int:
    """The layer that is asked for, the first one that attends unless another is named."""
    group = info.group(group_of(args, info))
    if args.layer is None:
        return group.nearest(0)
    if 0 <= args.layer < group.n_layers and not group.n_heads[args.layer]:
        raise BadOption(without_attention(args.layer, group, info.name))
    return args.layer


def lengths(args: Namespace, info: CheckpointInfo) -> LinesRequest:
    """The cheapest question whose answer has the tokens of both axes."""
    of = (args.checkpoint, text_of(args), group_of(args, info))
    return LinesRequest(*of, layer_of(args, info), (0,), 0, 1, 1.0)


def span(option: str, positions: slice | None, n: int) -> range:
    """Positions of a span such as `--rows 3:9`, which must lie within the text."""
    given = positions or slice(None)
    start, stop = given.start or 0, n if given.stop is None else given.stop
    if not start < stop <= n:
        raise BadOption(f"--{option} {start}:{stop} goes beyond the text, whose positions are 0 to {n - 1}.")
    return range(start, stop)


def within(what: str, number: int, n: int) -> int:
    """A number that is counted from 0."""
    if not 0 <= number < n:
        there = f"there are {n}, counted from 0" if n > 1 else "there is only 0" if n else "there is none"
        raise BadOption(f"There is no {what} {number}; {there}.")
    return number
