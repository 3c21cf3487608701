"""Images made ready for a model, in the terms of transformers' image processors but with Pillow and NumPy alone.

Which part of an image a model sees, and in which colours, is known here to the pixel, and the numbers in a
`preprocessor_config.json` are held to limits before anything of their size is made.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np
from PIL import Image

from inference.context import Refused
from inference.inputs.image_files import read_image
from inference.inputs.scene_images import paint_scene
from inference.results.inputs import MOST_IMAGE_SIDE
from resources.scenes import make_portrait, make_scene, sentences_of

if TYPE_CHECKING:
    from inference.inputs.tiling.tiled import Tiled
    from inference.results.inputs import ImageInput, RegionsInput, SoundInput
    from resources.scenes import Scene

# Training, validation and test draw from the seeds below: what the program draws is new to the bundled checkpoints.
FIRST_FRESH_SEED = 100_000_000
MOST_SEED = 2**31 - 1
_MOST_PATCHES = 4096  # of an image whose size was asked for
MAKERS = {"scene": make_scene, "portrait": make_portrait}
_LONGEST_SHOWN = 512
_SIDE_OF_SMALL = 64  # pixels
_SIDE_SHOWN = 256  # of images that are drawn


class CutsIntoTiles(Protocol):
    """A way of cutting an image into tiles: `inference.inputs.tiling`."""

    @property
    def side_drawn(self) -> int:
        """Pixels a side at which scenes are drawn for it."""
        ...

    def tile(self, image: Image.Image, how: Preparation) -> Tiled:
        """Cut an image."""
        ...


@dataclass(frozen=True, eq=False)
class Preparation:
    """How a checkpoint wants its images.

    Attributes
    ----------
    size
        Rows and columns that images are stretched to, or the length of the shorter side, keeping the shape.
    crop
        Rows and columns that are cut from the middle then; None for all. What is missing becomes black.
    resample
        Pillow's number of the filter.
    factor
        On the colours 0-255.
    mean, std
        Subtracted from and dividing the colours, red, green, blue.
    unit
        Rows and columns of a patch: what is over at the right and below is cut off.
    palette
        float32 [colour, 3], in the same numbers as normalised colours; None for models of patches.
    kind
        What the generator draws for it, `scene` or `portrait`.
    notes
        What the user should know of how images are made ready.
    is_free
        Whether other sizes will do.
    tiling
        How an image becomes several tiles, which sees to its size; None where it stays one.
    """

    size: tuple[int, int] | int
    crop: tuple[int, int] | None
    resample: int
    factor: float
    mean: tuple[float, ...]
    std: tuple[float, ...]
    unit: tuple[int, int] = (1, 1)
    palette: np.ndarray | None = None
    kind: str = "scene"
    notes: tuple[str, ...] = ()
    is_free: bool = False
    tiling: CutsIntoTiles | None = None

    def of_side(self, side: int) -> Preparation:
        """The same for images whose shorter side has so many pixels, whole.

        Raises
        ------
        Refused
            The model takes one size only, or the side is shorter than a patch or longer than 1,024.
        """
        if self.tiling is not None:
            raise Refused(f"Images of {side} pixels a side were asked for; this checkpoint chooses their size itself.")
        if not self.is_free:
            raise Refused(f"Images of {side} pixels a side were asked for; this checkpoint takes one size only.")
        if not max(self.unit) <= side <= MOST_IMAGE_SIDE:
            raise Refused(f"The side of the image is {side} pixels; it is {max(self.unit)} to {MOST_IMAGE_SIDE:,}.")
        return replace(self, size=side, crop=None)

    @property
    def palette_rgb(self) -> np.ndarray:
        """uint8 [colour, 3]."""
        assert self.palette is not None
        return self.to_rgb(self.palette)

    def to_rgb(self, values: np.ndarray) -> np.ndarray:
        """Normalised colours [..., 3] as uint8 again."""
        colours = (values * np.array(self.std, np.float32) + np.array(self.mean, np.float32)) / self.factor
        return np.rint(colours).clip(0, 255).astype(np.uint8)


@dataclass(frozen=True, eq=False)
class Prepared:
    """An image made ready.

    Attributes
    ----------
    original
        uint8 [row, column, 3], for showing: at most 512 pixels a side.
    size
        Width and height in pixels of the original.
    seen
        uint8 [row, column, 3], resized and cropped.
    values
        float32 [3, row, column], normalised; of an image in tiles, those of the whole.
    box
        left, top, right, bottom of what is seen, in shares of the original.
    about
        What was done, in a line.
    palette
        As in `Preparation`.
    scene
        What was drawn; None for files.
    notes
        What of the file was left aside or changed, as sentences.
    tiled
        Where the image was cut into tiles: what the model is given in place of `values`.
    """

    original: np.ndarray
    size: tuple[int, int]
    seen: np.ndarray
    values: np.ndarray
    box: tuple[float, float, float, float]
    about: str
    palette: np.ndarray | None = None
    scene: Scene | None = None
    notes: tuple[str, ...] = ()
    tiled: Tiled | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of pixels that the model sees."""
        return self.seen.shape[0], self.seen.shape[1]

    @property
    def colours(self) -> np.ndarray:
        """int64 [pixel]: the nearest colours of the palette."""
        assert self.palette is not None
        return nearest_colours(self.values, self.palette)

    @property
    def caption(self) -> str:
        """What was drawn, in words; empty for files."""
        if self.scene is None:
            return ""
        things = self.scene.things
        return ", ".join(thing.tag if len(things) == 1 else thing.phrase for thing in reversed(things))

    @property
    def sentence(self) -> str:
        """What is said of the two things in front, or of the only one; empty for files."""
        if self.scene is None:
            return ""
        in_front = tuple(reversed(range(len(self.scene.things))))[:2]
        return next(each.text for each in sentences_of(self.scene) if each.things == in_front)


def stamp(input: ImageInput | SoundInput | RegionsInput) -> tuple[ImageInput | SoundInput | RegionsInput, int, int]:
    """Changes when the file does: its time in nanoseconds and its bytes; zeros where there is none."""
    try:
        found = os.stat(os.path.expanduser(input.path)) if input.path else None
    except (OSError, ValueError):
        found = None
    return (input, found.st_mtime_ns, found.st_size) if found else (input, 0, 0)


def prepare(input: ImageInput, how: Preparation) -> Prepared:
    """Read or draw an image and make it ready.

    Raises
    ------
    Refused
        The file cannot be read (see `read_image`), the seed is out of range, there is no such kind of image, or
        the model does not take the side that is asked for, or that many patches.
    """
    if input.side:
        how = how.of_side(input.side)
    prepared = _read(input.path, how) if input.path else _drawn(input, how)
    n_patches = prepared.shape[0] // how.unit[0] * (prepared.shape[1] // how.unit[1])
    if input.side and n_patches > _MOST_PATCHES:
        raise Refused(
            f"At {input.side} pixels a side the image has {n_patches:,} patches; at most {_MOST_PATCHES:,} are shown."
        )
    return prepared


def _read(path: str, how: Preparation) -> Prepared:
    read = read_image(path)
    image = read.image
    seen, box, done, tiled = _made_ready(image, how)
    width, height = image.size
    small = image.copy()
    small.thumbnail((_LONGEST_SHOWN, _LONGEST_SHOWN), Image.Resampling.LANCZOS)
    about = ", ".join([f"{width} × {height}", *done])
    values = normalised(seen, how)
    return Prepared(np.asarray(small), image.size, seen, values, box, about, how.palette, notes=read.notes, tiled=tiled)


def small(prepared: Prepared) -> np.ndarray:
    """What is seen of an image, uint8 [row, column, 3], at most 64 pixels a side."""
    seen = Image.fromarray(prepared.seen)
    seen.thumbnail((_SIDE_OF_SMALL, _SIDE_OF_SMALL), Image.Resampling.BOX)
    return np.asarray(seen)


def make_drawing(kind: str, seed: int) -> Scene:
    """What the generator makes of a seed that no training has seen.

    Raises
    ------
    Refused
        There is no such kind, or the seed is out of range.
    """
    if kind not in MAKERS:
        raise Refused(f"A drawn image of the kind {kind!r} was asked for; there are {' and '.join(MAKERS)}.")
    if not 0 <= seed <= MOST_SEED:
        raise Refused(f"The seed of the image is {seed}; it is 0 to {MOST_SEED:,}.")
    return MAKERS[kind](FIRST_FRESH_SEED + seed)


def paint_for(scene: Scene, how: Preparation) -> np.ndarray:
    """A scene as the model sees it, uint8 [row, column, 3]: drawn in its size, so nothing is lost by resizing."""
    return fitted(paint_scene(scene, longest_side(how)), how)[0]


def normalised(seen: np.ndarray, how: Preparation) -> np.ndarray:
    """float32 [3, row, column] of uint8 [row, column, 3]; rounded where transformers rounds."""
    scaled = (seen.astype(np.float64) * how.factor).astype(np.float32)
    values = (scaled - np.array(how.mean, np.float32)) / np.array(how.std, np.float32)
    return np.ascontiguousarray(values.transpose(2, 0, 1))


def nearest_colours(values: np.ndarray, palette: np.ndarray) -> np.ndarray:
    """The nearest colour of the palette, int64 [pixel], of normalised pixels, float32 [3, row, column]."""
    pixels = values.reshape(3, -1).T
    distance = (pixels**2).sum(1)[:, None] - 2 * pixels @ palette.T + (palette**2).sum(1)
    return distance.argmin(1)


def _drawn(input: ImageInput, how: Preparation) -> Prepared:
    kind = input.kind or how.kind
    scene = make_drawing(kind, input.seed)
    side = longest_side(how)
    seen, box, done, tiled = _made_ready(paint_scene(scene, side), how)
    shown = np.asarray(paint_scene(scene, max(side, _SIDE_SHOWN)))
    about = ", ".join([f"{kind} {input.seed}, drawn at {side} × {side}", *done])
    size = (shown.shape[1], shown.shape[0])
    return Prepared(shown, size, seen, normalised(seen, how), box, about, how.palette, scene, tiled=tiled)


def _made_ready(
    image: Image.Image, how: Preparation
) -> tuple[np.ndarray, tuple[float, float, float, float], tuple[str, ...], Tiled | None]:
    """As `fitted`, and its tiles."""
    if how.tiling is None:
        return *fitted(image, how), None
    tiled = how.tiling.tile(image, how)
    return tiled.seen, (0.0, 0.0, 1.0, 1.0), (tiled.done,) if tiled.done else (), tiled


def longest_side(how: Preparation) -> int:
    """Pixels a side that a scene is drawn in for a checkpoint."""
    if how.tiling is not None:
        return how.tiling.side_drawn
    return how.size if isinstance(how.size, int) else max(how.size)


def fitted(
    image: Image.Image, how: Preparation
) -> tuple[np.ndarray, tuple[float, float, float, float], tuple[str, ...]]:
    """An image as a checkpoint sees it, uint8 [row, column, 3]; the box of it in shares of the image; what was done.

    The values that the model receives are `normalised` of it.
    """
    width, height = image.size
    rows, columns = how.size if isinstance(how.size, tuple) else _shorter_side(height, width, how.size)
    done = []
    if (rows, columns) != (height, width):
        image = image.resize((columns, rows), Image.Resampling(how.resample))
        done.append(f"resized to {columns} × {rows}")
    crop = how.crop or (rows, columns)
    top, left = ((length - part) // 2 for length, part in zip((rows, columns), crop, strict=True))
    if crop != (rows, columns):
        done.append(f"middle {crop[1]} × {crop[0]}")
    whole = tuple(max(unit, length - length % unit) for length, unit in zip(crop, how.unit, strict=True))
    if whole != crop:
        done.append(f"cut to {whole[1]} × {whole[0]}, whole patches")
    box = (left / columns, top / rows, (left + whole[1]) / columns, (top + whole[0]) / rows)
    return _cut(np.asarray(image), top, left, whole), box, tuple(done)


def _cut(seen: np.ndarray, top: int, left: int, crop: tuple[int, ...]) -> np.ndarray:
    """A part of an image, black where it reaches beyond it."""
    before = max(0, -top), max(0, -left)
    after = tuple(
        max(0, start + part - length) for start, part, length in zip((top, left), crop, seen.shape[:2], strict=True)
    )
    if any(before) or any(after):
        seen = np.pad(seen, ((before[0], after[0]), (before[1], after[1]), (0, 0)))
    top, left = max(0, top), max(0, left)
    return np.ascontiguousarray(seen[top : top + crop[0], left : left + crop[1]])


def _shorter_side(height: int, width: int, length: int) -> tuple[int, int]:
    """Rows and columns, the shorter ones so long; the longer ones are bounded, however thin the image is."""
    longer = min(int(length * max(height, width) / min(height, width)), 16 * length)
    return (longer, length) if height > width else (length, longer)
