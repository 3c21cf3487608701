"""Options of a figure, declared once: controls, command line, session, defaults and caption come from the same fields.

    @dataclass(frozen=True)
    class RolloutOptions(Options):
        scale: Scale = SCALE
        hide_own: bool = switch(False, "Hide own place", "Leave out what is a query's own.")

Needs no Qt: the command line reads it before there is any.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from typing import Any, Literal, Self


class BadOption(ValueError):
    """A value is not allowed; the text is one sentence that says what is."""


MOST_SEED = 2**31 - 1
_MOST_TOLD = 60  # letters of a value that is refused


@dataclass(frozen=True)
class Choice:
    """One of several values.

    Attributes
    ----------
    title
        Of the control.
    about
        What it does, in a line: tool tip and help of the command line.
    labels
        By value, what the user reads, in order.
    flag
        On the command line; the name of the field unless it says otherwise.
    """

    title: str
    about: str
    labels: Mapping[Any, str]
    flag: str = ""

    def check(self, value: object) -> str:
        """What is wrong with a value; empty if nothing is."""
        return "" if value in self.labels else f"one of {', '.join(map(str, self.labels))} is needed"


@dataclass(frozen=True)
class Switch:
    """On or off."""

    title: str
    about: str
    flag: str = ""

    def check(self, value: object) -> str:
        """See `Choice.check`."""
        return "" if isinstance(value, bool) else "true or false is needed"


@dataclass(frozen=True)
class Number:
    """A number from `low` to `high`, both allowed; whole unless `decimals` says how many digits it has.

    Attributes
    ----------
    is_share
        Whether its control shows it in per cent.
    is_slider
        Whether its control is a slider, for numbers that are tried out.
    otherwise
        What None means, in a word or two, where the number may be left to what is looked at; empty where it may not.
    """

    title: str
    about: str
    low: float
    high: float
    step: float = 1
    decimals: int = 0
    flag: str = ""
    is_share: bool = False
    is_slider: bool = False
    otherwise: str = ""

    def check(self, value: object) -> str:
        """See `Choice.check`."""
        if value is None and self.otherwise:
            return ""
        kinds = (int, float) if self.decimals else (int,)
        if isinstance(value, bool) or not isinstance(value, kinds) or not self.low <= value <= self.high:
            return f"{self.low:,} to {self.high:,} is allowed"
        return ""


@dataclass(frozen=True)
class Phrase:
    """A text in one line, which may not be blank.

    Attributes
    ----------
    most
        Letters that it may have.
    otherwise
        What an empty one means, in a few words; empty where it has to be typed.
    """

    title: str
    about: str
    most: int
    flag: str = ""
    otherwise: str = ""

    def check(self, value: object) -> str:
        """See `Choice.check`."""
        if value == "" and self.otherwise:
            return ""
        if not isinstance(value, str) or not value.strip() or len(value) > self.most:
            return f"a text of 1 to {self.most} letters is needed"
        return ""


Option = Choice | Switch | Number | Phrase


def choice(default: Any, labels: Mapping[Any, str], title: str, about: str, *, flag: str = "") -> Any:
    """A field that takes one of several values."""
    return field(default=default, metadata={"option": Choice(title, about, labels, flag)})


def switch(default: bool, title: str, about: str, *, flag: str = "") -> Any:
    """A field that is on or off."""
    return field(default=default, metadata={"option": Switch(title, about, flag)})


def number(
    default: float | None,
    low: float,
    high: float,
    title: str,
    about: str,
    *,
    step: float = 1,
    decimals: int = 0,
    flag: str = "",
    is_slider: bool = False,
    otherwise: str = "",
) -> Any:
    """A field that takes a number."""
    option = Number(title, about, low, high, step, decimals, flag, is_slider=is_slider, otherwise=otherwise)
    return field(default=default, metadata={"option": option})


def words(default: str, title: str, about: str, *, most: int = 500, flag: str = "", otherwise: str = "") -> Any:
    """A field that takes a text in one line."""
    return field(default=default, metadata={"option": Phrase(title, about, most, flag, otherwise)})


def share(default: float, title: str, about: str, *, low: float = 0, high: float = 1, flag: str = "") -> Any:
    """A field that takes a number from 0 to 1, in whole per cent where it is chosen on screen."""
    return field(default=default, metadata={"option": Number(title, about, low, high, 0.01, 2, flag, is_share=True)})


@dataclass(frozen=True)
class Options:
    """Base of a figure's options. What is not allowed cannot be built."""

    def __post_init__(self) -> None:
        for name, option in self.declared().items():
            if wrong := option.check(getattr(self, name)):
                raise BadOption(f"{option.title} is {_told(getattr(self, name))}; {wrong}.")

    @classmethod
    def declared(cls) -> dict[str, Option]:
        """The options by the names of their fields, in order."""
        return {item.name: item.metadata["option"] for item in fields(cls) if "option" in item.metadata}

    @classmethod
    def defaults(cls) -> dict[str, Any]:
        """The values that nobody has changed."""
        return {item.name: _default(item) for item in fields(cls)}

    @classmethod
    def of(cls, args: Namespace) -> Self:
        """What was typed on the command line, where choices are texts."""
        typed = vars(args)
        return cls(**{name: _typed(typed[name], option) for name, option in cls.declared().items() if name in typed})

    def to_json(self) -> dict[str, Any]:
        """What differs from the defaults, as plain values."""
        defaults = self.defaults()
        return {name: getattr(self, name) for name in defaults if getattr(self, name) != defaults[name]}

    @classmethod
    def from_json(cls, stored: object) -> tuple[Self, tuple[str, ...]]:
        """What was stored, with the default for what is unknown or not allowed any more, and the names of these."""
        given = stored if isinstance(stored, dict) else {}
        declared = cls.declared()
        good = {name: value for name, value in given.items() if name in declared and not declared[name].check(value)}
        return cls(**good), tuple(name for name in given if name not in good)


def check_limits(low: float | None, high: float | None) -> None:
    """Raise `BadOption` if the numbers of the first and the last colour are not in order; None is no limit."""
    if low is not None and high is not None and low >= high:
        raise BadOption(f"--low {low:g} is not less than --high {high:g}.")


def _told(value: object) -> str:
    """A value as it was given; of a long text the beginning, and how long it is."""
    if isinstance(value, str) and len(value) > _MOST_TOLD:
        return f"{value[:_MOST_TOLD]!r}… ({len(value):,} letters)"
    return repr(value)


def _typed(value: object, option: Option) -> object:
    if isinstance(option, Choice):
        return next(known for known in option.labels if str(known) == value)
    return value


def _default(item: Field[Any]) -> Any:
    return item.default


Scale = Literal["raw", "row", "log"]

# How numbers of a map become colours, wherever there are maps.
SCALES: dict[str, str] = {"raw": "Raw", "row": "Per row", "log": "Logarithmic"}


def scale_option(default: Scale = "raw") -> Any:
    """The scale of a map's colours."""
    return choice(
        default, SCALES, "Scale", "of the colours: raw, each row by its maximum, or logarithmic", flag="normalisation"
    )
