"""Types of options on the command line, as argparse wants them: what is wrong is said in a sentence."""

from __future__ import annotations

from argparse import ArgumentTypeError
from collections.abc import Callable, Mapping

from app.export.page.lengths import BadLength, Length, length_of, points_of
from inference.results.devices import device_name


def between(low: float, high: float, kind: type[int] | type[float] = int) -> Callable[[str], float]:
    """A number within bounds, as argparse wants it."""

    def number(text: str) -> float:
        try:
            value = kind(text)
        except ValueError:
            raise ArgumentTypeError(f"{text!r} is not a number") from None
        if not low <= value <= high:
            raise ArgumentTypeError(f"{text} is not between {low:,} and {high:,}")
        return value

    return number


def listed(named: Mapping[int, str]) -> str:
    """Numbers with what they stand for, in a line."""
    return ", ".join(f"{number} {name}" for number, name in named.items())


def number_or_name(named: Mapping[int, str]) -> Callable[[str], str]:
    """A number that stands for something, which may be typed instead, without what is said of it in brackets; the
    number as a text."""
    known = {str(number): str(number) for number in named}
    known |= {name.partition(" (")[0].casefold(): str(number) for number, name in named.items()}

    def text_of(text: str) -> str:
        if text.casefold() not in known:
            raise ArgumentTypeError(f"there is no {text!r}; there are {listed(named)}")
        return known[text.casefold()]

    return text_of


def width_of(text: str) -> Length | None:
    """The width of a figure, such as `85mm`; None: as it is by itself."""
    try:
        return length_of(text)
    except BadLength as error:
        raise ArgumentTypeError(str(error).rstrip(".")) from error


DEVICE_HELP = "where models are run: cpu, cuda:0 and so on, mps (default: the first GPU if any)"


def device_of(text: str) -> str:
    """The name of a device, such as `cuda:1`."""
    try:
        return device_name(text)
    except ValueError as error:
        raise ArgumentTypeError(str(error)) from error


TRAIN_ENGINE_HELP = (
    "train on another machine, over your own ssh: ssh://HOST, or ssh://USER@HOST:FOLDER of Headlight there; --out, and"
    " a checkpoint that is a folder, lie there then, below your home where they are no whole path"
)
ENGINE_HELP = "compute on another machine, over your own ssh: ssh://HOST, or ssh://USER@HOST:FOLDER of Headlight there"


def machine_of(text: str) -> str:
    """The address of another machine; empty for this one, which the window calls `process` or `thread`."""
    from app.link.remote.address import BadAddress, parse_address

    if text in ("", "process", "thread"):  # argparse asks of what was not given, too
        return ""
    try:
        return parse_address(text).text
    except BadAddress as error:
        raise ArgumentTypeError(str(error).rstrip(".")) from error


def letters_of(text: str) -> float:
    """The size of letters in points, such as `8pt`."""
    try:
        return points_of(text)
    except BadLength as error:
        raise ArgumentTypeError(str(error).rstrip(".")) from error
