"""Options of cheaper attention: for controls, command line and sessions alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from inference.results.approximation import ERRORS, METHOD_BY_NAME, MOST_SEED
from widgets.options import Options, choice, number

SIZES = (2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)


@dataclass(frozen=True)
class ApproximationOptions(Options):
    """Which method, at which size, and what is shown of it."""

    show: Literal["maps", "errors"] = choice(
        "maps",
        {"maps": "Maps", "errors": "Errors and cost"},
        "Show",
        "the exact map beside the approximate one, or every method's error, cells and time against its size",
    )
    method: str = choice(
        "favor",
        {name: method.title for name, method in METHOD_BY_NAME.items()},
        "Method",
        "What stands in for the whole pattern of n × n cells",
    )
    size: int = choice(
        8,
        {size: f"{size:,}" for size in SIZES},
        "Size",
        "the rank of Linformer, features of Performer, landmarks of Nyström; rank and landmarks end at the tokens",
    )
    seed: int = number(0, 0, MOST_SEED, "Seed", "Of the random numbers")
    error: str = choice(
        "pattern",
        ERRORS,
        "Error",
        "of the pattern P, ‖P̃ − P‖ / ‖P‖ (the root of the sum of all squares); of the output P V alike; or how far the "
        "sum of a row is from 1, at most",
    )
