"""Regions of images from a table, as detectors of objects wrote them: a line an image, columns parted by tabs.

Three ways are read; vectors and boxes are little-endian float32 in base64, and nothing in them can run code:

    id, number of regions, numbers            OSCAR and VinVL: of each region its vector and its box in six numbers
    id, {"num_boxes": n, "features": ...}     the same in JSON (VinVL)
    id, width, height, number of regions, boxes, vectors     bottom-up attention (Anderson et al. 2018)

Six numbers are left, top, right, bottom, width and height in shares of the image; boxes of the last way are in pixels.

References
----------
microsoft/Oscar, `oscar/datasets/oscar_tsv.py`; peteanderson80/bottom-up-attention, `tools/read_tsv.py`.
"""

from __future__ import annotations

import base64
import binascii
import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from inference.context import Refused
from inference.files.regular_files import open_regular
from inference.results.counts import count_of
from inference.results.inputs import MOST_REGIONS
from inference.results.regions import MOST_NUMBERS

if TYPE_CHECKING:
    from collections.abc import Iterator

ENDING = ".tsv"
N_BOX_NUMBERS = 6
_MOST_LINE = 4 * MOST_REGIONS * (MOST_NUMBERS + N_BOX_NUMBERS) * 4 // 3 + 10_000  # bytes
_MOST_FILE = 2**30  # bytes that are searched for a line
_SLACK = 1e-3  # by which a width may differ from right minus left
_N_OF_OSCAR, _N_OF_BOTTOM_UP = (2, 3), (6,)  # columns


def read_table(path: Path, image: str, size: tuple[int, int]) -> dict[str, np.ndarray]:
    """Arrays of the line of an image, named as in a file of regions: boxes and features, and size where it is told.

    Parameters
    ----------
    image
        What stands in the first column: the name of the image's file without its ending. A table of one line is that
        of any image.
    size
        Width and height of the image in pixels, which boxes in shares are brought to.

    Raises
    ------
    Refused
        There is no such line, or what it holds is damaged; says which line.
    """
    number, columns = _line_of(path, image)
    where = f"Line {number} of {path.name}"
    try:
        if len(columns) in _N_OF_BOTTOM_UP:
            width, height, n = (int(each) for each in columns[1:4])
            return {
                "boxes": _rows(columns[4], n, where),
                "features": _rows(columns[5], n, where),
                "size": np.array([width, height]),
            }
        if len(columns) not in _N_OF_OSCAR:
            raise Refused(f"{where} has {count_of(len(columns), 'columns')}; 2, 3 or 6 are read, parted by tabs.")
        told: object = json.loads(columns[1])
        if isinstance(told, dict):
            return _of_oscar(_rows(str(told["features"]), int(told["num_boxes"]), where), size, where)
        return _of_oscar(_rows(columns[-1], int(columns[1]), where), size, where)
    except (ValueError, KeyError, TypeError, RecursionError, OverflowError) as error:
        raise Refused(f"{where} is damaged, or is none of regions.") from error


def _lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Number and columns of every line that holds anything."""
    n_bytes = 0
    with open_regular(path) as file:
        for number in range(1, _MOST_FILE):
            line = file.readline(_MOST_LINE + 1)
            if not line:
                return
            n_bytes += len(line)
            if len(line) > _MOST_LINE:
                raise Refused(
                    f"Line {number} of {path.name} is longer than "
                    f"{count_of(_MOST_LINE, 'bytes')}, which no image needs."
                )
            if n_bytes > _MOST_FILE:
                raise Refused(f"The line of the image is not in the first {_MOST_FILE / 1e9:.1f} GB of {path.name}.")
            if line.strip():
                yield number, [each.strip() for each in line.decode("utf-8", "replace").split("\t")]


def _line_of(path: Path, image: str) -> tuple[int, list[str]]:
    first: tuple[int, list[str]] | None = None
    names: list[str] = []
    for number, columns in _lines(path):
        if image and columns[0] == image:
            return number, columns
        first = first or (number, columns)
        names.append(columns[0][:40])
    if first is None:
        raise Refused(f"{path.name} is empty.")
    if len(names) > 1:
        some = ", ".join(names[:3]) + (" …" if len(names) > 3 else "")
        raise Refused(
            f"{path.name} has lines of {count_of(len(names), 'images')} ({some}); none is called "
            f"{image or 'like a drawn scene'}. Its line is the one that begins with the name of the image's file."
        )
    return first


def _rows(text: str, n: int, where: str) -> np.ndarray:
    """float32 [region, number]."""
    if not 1 <= n <= MOST_REGIONS:
        raise Refused(f"{where} holds {count_of(n, 'regions')}; 1 to {MOST_REGIONS} are read.")
    try:
        data = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise Refused(f"{where} holds numbers that are no base64, or are cut off.") from error
    if not data or len(data) % (4 * n):
        raise Refused(
            f"{where} holds {count_of(len(data), 'bytes')} of numbers, which are not {count_of(n, 'rows')} of float32."
        )
    return np.frombuffer(data, "<f4").reshape(n, -1)


def _of_oscar(rows: np.ndarray, size: tuple[int, int], where: str) -> dict[str, np.ndarray]:
    if rows.shape[1] <= N_BOX_NUMBERS:
        raise Refused(
            f"{where} holds {count_of(rows.shape[1], 'numbers')} a region; a vector and six numbers of its "
            "box are needed."
        )
    vectors, told = rows[:, :-N_BOX_NUMBERS], rows[:, -N_BOX_NUMBERS:]
    boxes, sides = told[:, :4], told[:, 4:]
    if not (np.abs(boxes[:, 2:] - boxes[:, :2] - sides) <= _SLACK).all():
        raise Refused(
            f"{where} does not end each region with left, top, right, bottom, width and height in shares of the image."
        )
    return {"boxes": boxes * np.array(size * 2, np.float32), "features": vectors}
