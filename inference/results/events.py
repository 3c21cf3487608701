"""What arrives from the engine beside results."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """`done` of `total` steps (0 of 0: not known), and what is being done, for the user."""

    done: int
    total: int
    label: str


@dataclass(frozen=True, slots=True)
class Partial:
    """A first part of a result, shown until the whole arrives.

    Attributes
    ----------
    is_whole
        Whether it shows something everywhere, so that what would make it exact can wait for other work.
    """

    result: object
    is_whole: bool = True


@dataclass(frozen=True, slots=True)
class Failure:
    """Why there is no result. Text only, so that no frame keeps activations alive.

    Attributes
    ----------
    kind
        `refused` (the input was bad, `message` says why), `error` (a fault of ours), or `engine` (it died or hung).
    message
        One sentence for the user.
    details
        The traceback, for the log; may be empty.
    """

    kind: str
    message: str
    details: str = ""
