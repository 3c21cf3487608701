"""Widths as they are asked for: in millimetres, inches, points or pixels, or as part of a page or a slide."""

from __future__ import annotations

import re
from typing import NamedTuple

MM_AN_INCH = 25.4
POINTS_AN_INCH = 72.0
PIXELS_AN_INCH = 96.0  # of the web, where SVG counts with them
LARGEST_MM = 5_000.0
MOST_PIXELS = 20_000
NATURAL = "natural"

# Millimetres: the columns of most journals, and a slide of PowerPoint and Impress, which is 13 1/3 inches wide.
NAMED = {
    "column": 85.0,
    "two-columns": 178.0,
    "slide-third": 40 / 3 * MM_AN_INCH / 3,
    "slide-half": 40 / 3 * MM_AN_INCH / 2,
    "slide": 40 / 3 * MM_AN_INCH,
}
_POINTS = {"mm": POINTS_AN_INCH / MM_AN_INCH, "cm": 10 * POINTS_AN_INCH / MM_AN_INCH, "in": POINTS_AN_INCH, "pt": 1.0}
_LENGTH = re.compile(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*(mm|cm|in|pt|px|)\s*", re.IGNORECASE)


class BadLength(ValueError):
    """No width, or one that is too large; the text is one sentence for the user."""


class Length(NamedTuple):
    """A width. `unit` is `mm`, `cm`, `in`, `pt`, `px`, or empty: points of a vector file, pixels of an image."""

    value: float
    unit: str = ""

    def points(self) -> float:
        """In a vector file."""
        if self.unit == "px":
            return self.value * POINTS_AN_INCH / PIXELS_AN_INCH
        return self.value * _POINTS.get(self.unit, 1.0)

    def pixels(self, dpi: float) -> int:
        """In an image of so many dots per inch; never less than one."""
        is_counted = self.unit in ("px", "")
        return max(1, round(self.value if is_counted else self.points() / POINTS_AN_INCH * dpi))


def length_of(text: str) -> Length | None:
    """What was typed or kept, such as `85mm`, `3.3in`, `640px` or `column`; None for `natural`.

    Raises
    ------
    BadLength
        If it is none, or not between 5 mm and 5 m, or 20 to 20,000 pixels.
    """
    name = text.strip().lower()
    if name == NATURAL:
        return None
    if name in NAMED:
        return Length(NAMED[name], "mm")
    match = _LENGTH.fullmatch(text)
    if match is None:
        raise BadLength(f"{text!r} is no width; write such as 85mm, 3.3in, 640px, {', '.join(NAMED)} or {NATURAL}.")
    length = Length(float(match[1]), match[2].lower())
    if length.unit in ("px", ""):
        low, high, unit, value = 1.0, float(MOST_PIXELS), "pixels" if length.unit else "", length.value
    else:
        low, high, unit, value = 5.0, LARGEST_MM, "mm", length.points() / _POINTS["mm"]
    if not low <= value <= high:
        raise BadLength(f"A width of {text.strip()} is not between {low:,.0f} and {high:,.0f} {unit}".rstrip() + ".")
    return length


def points_of(text: str) -> float:
    """A size of letters, such as `8pt` or `8`.

    Raises
    ------
    BadLength
        If it is none, or not between 4 and 72 points.
    """
    match = _LENGTH.fullmatch(text)
    if match is None or match[2].lower() not in ("pt", ""):
        raise BadLength(f"{text!r} is no size of letters; write such as 8pt.")
    if not 4 <= float(match[1]) <= 72:
        raise BadLength(f"Letters of {text.strip()} are not between 4 and 72 points.")
    return float(match[1])
