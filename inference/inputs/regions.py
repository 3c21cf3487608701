"""Regions of an image, from a file, from the pointer, or from what the generator painted.

A file of regions is an NPZ with these arrays, as `numpy.savez` writes them:

    boxes      float [region, 4]       x0, y0, x1, y1 in pixels of the image, 0,0 its upper left corner
    features   float [region, number]  what the model reads of each; not needed by models of patches
    labels     text [region]           what each is; may be left out
    scores     float [region]          0 to 1, how sure the detector is; may be left out
    size       int [2]                 width and height of the image that the boxes are of; may be left out

Every size is checked before anything of that size is read, and nothing in it can run code.
"""

from __future__ import annotations

import io
import math
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from inference.context import Refused
from inference.files.regular_files import open_regular
from inference.inputs.scene_images import thing_boxes
from inference.results.counts import count_of
from inference.results.inputs import MOST_REGIONS
from inference.results.regions import MOST_LABEL, MOST_NUMBERS, Regions

if TYPE_CHECKING:
    from inference.inputs.images import Prepared
    from inference.results.inputs import RegionsInput

_MOST_BYTES = 4 * MOST_REGIONS * MOST_NUMBERS * 2  # of one array, in float64
_DAMAGE = (OSError, ValueError, KeyError, EOFError, RuntimeError, NotImplementedError, zipfile.BadZipFile, zlib.error)
_LIKENESS = 0.02  # by which the shapes of two images may differ that are called one


def regions_of(input: RegionsInput | None, prepared: Prepared) -> Regions | None:
    """The regions that are asked for; None where there are none.

    Raises
    ------
    Refused
        The file cannot be read or is of another image, a box is none or lies beside the image, or there are more than
        200.
    """
    if input is None:
        return None
    if input.path:
        return _read(Path(input.path).expanduser(), prepared.size)
    if (odd := next((box for box in input.boxes if len(box) != 4), None)) is not None:
        raise Refused(f"A box has {count_of(len(odd), 'numbers')}; it has four: x0, y0, x1, y1 in pixels.")
    boxes = np.array(input.boxes, np.float32).reshape(-1, 4)
    labels = ("",) * len(boxes)
    if input.of_scene and prepared.scene is not None:
        boxes = np.concatenate([thing_boxes(prepared.scene, prepared.size[0]), boxes])
        labels = (*prepared.scene.tags, *labels)
    if not len(boxes):
        return None
    _check_boxes(boxes, prepared.size, "The drawn boxes")
    scores = np.full(len(boxes), np.nan, np.float32)
    return Regions(boxes.astype(np.float32), None, labels, scores, prepared.size)


def features_of(regions: Regions | None, n_numbers: int, named: str) -> np.ndarray:
    """The vectors of all regions, float32 [region, number].

    Raises
    ------
    Refused
        There are none, or not of that many numbers.
    """
    needs = f"{named} reads {n_numbers:,} numbers of every region of the image, as a detector gives them"
    if regions is None:
        raise Refused(f"{needs}; open a file of regions (NPZ with boxes and features).")
    if regions.features is None:
        raise Refused(f"{needs}; boxes that are drawn have none, so open a file of regions with features (NPZ).")
    if regions.features.shape[1] != n_numbers:
        raise Refused(f"{needs}; the file of regions has {regions.features.shape[1]:,}.")
    return regions.features


def _read(path: Path, size: tuple[int, int]) -> Regions:
    arrays = _arrays(path)
    boxes = arrays.get("boxes")
    if boxes is None or boxes.ndim != 2 or boxes.shape[1] != 4 or boxes.dtype.kind not in "fiu":
        raise Refused(f"{path.name} holds no boxes: an array of that name with four numbers (x0, y0, x1, y1) a region.")
    n = len(boxes)
    if not 1 <= n <= MOST_REGIONS:
        raise Refused(f"{path.name} holds {n:,} regions; 1 to {MOST_REGIONS} are read.")
    boxes = boxes.astype(np.float32)
    if "size" in arrays:
        boxes = boxes * _scale(arrays["size"], size, path.name)
    _check_boxes(boxes, size, f"The boxes of {path.name}")
    features = arrays.get("features")
    if features is not None:
        is_table = features.ndim == 2 and len(features) == n and features.dtype.kind in "fiu"
        if not is_table or not 1 <= features.shape[1] <= MOST_NUMBERS:
            raise Refused(
                f"{path.name} holds features of the shape {list(features.shape)}; a row of 1 to {MOST_NUMBERS:,} "
                f"numbers for each of its {count_of(n, 'boxes')} is needed."
            )
        features = features.astype(np.float32)
        if not np.isfinite(features).all():
            raise Refused(f"{path.name} holds features that are no finite numbers.")
    labels, scores = arrays.get("labels"), arrays.get("scores")
    if labels is not None and (labels.shape != (n,) or labels.dtype.kind not in "US"):
        raise Refused(f"{path.name} holds labels of the shape {list(labels.shape)}; one text a box is needed.")
    if scores is not None and (scores.shape != (n,) or scores.dtype.kind not in "fiu"):
        raise Refused(f"{path.name} holds scores of the shape {list(scores.shape)}; one number a box is needed.")
    return Regions(
        boxes,
        features,
        ("",) * n if labels is None else tuple(str(label)[:MOST_LABEL] for label in labels.astype(np.str_)),
        np.full(n, np.nan, np.float32) if scores is None else scores.astype(np.float32),
        size,
    )


def _scale(given: np.ndarray, size: tuple[int, int], name: str) -> np.ndarray:
    """What turns pixels of the image that a file is of into those of the image that is open."""
    if given.shape != (2,) or given.dtype.kind not in "fiu" or not (given > 0).all():
        raise Refused(f"{name} says size is {str(given.tolist())[:40]}; width and height in pixels are needed.")
    width, height = (float(side) for side in given)
    if abs(width / height / (size[0] / size[1]) - 1) > _LIKENESS:
        raise Refused(
            f"{name} holds regions of an image of {width:g} × {height:g} pixels; the one that is open has "
            f"{size[0]} × {size[1]}."
        )
    return np.array([size[0] / width, size[1] / height] * 2, np.float32)


def _check_boxes(boxes: np.ndarray, size: tuple[int, int], whose: str) -> None:
    if len(boxes) > MOST_REGIONS:
        raise Refused(f"There are {len(boxes)} boxes; at most {MOST_REGIONS} are read.")
    for number, (x0, y0, x1, y1) in enumerate(boxes.tolist()):
        # A pixel more than there are: detectors round.
        if not (-1 <= x0 < x1 <= size[0] + 1 and -1 <= y0 < y1 <= size[1] + 1):
            raise Refused(
                f"{whose}: number {number} is {x0:g}, {y0:g}, {x1:g}, {y1:g}; x0 < x1 ≤ {size[0]} and y0 < y1 ≤ "
                f"{size[1]} are needed, in pixels of the image."
            )


def _arrays(path: Path) -> dict[str, np.ndarray]:
    try:
        with open_regular(path) as file, zipfile.ZipFile(file) as archive:
            named = {name.removesuffix(".npy") for name in archive.namelist()}
            wanted = {"boxes", "features", "labels", "scores", "size"} & named
            return {name: _array(archive, name) for name in wanted}
    except Refused:
        raise
    except _DAMAGE as error:
        raise Refused(f"{path.name} is no NPZ file of regions, or is damaged.") from error


def _array(archive: zipfile.ZipFile, name: str) -> np.ndarray:
    """An array whose size is what its header says, and not too large."""
    with archive.open(f"{name}.npy") as member:
        version = np.lib.format.read_magic(member)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, is_fortran, dtype = read(member)
        n_bytes = math.prod(shape) * dtype.itemsize
        if dtype.hasobject or n_bytes > _MOST_BYTES:
            raise ValueError("an array that is not read")
        data = member.read(n_bytes + 1)
    if len(data) != n_bytes:
        raise ValueError("cut off")
    return np.frombuffer(io.BytesIO(data).getbuffer(), dtype).reshape(shape, order="F" if is_fortran else "C")
