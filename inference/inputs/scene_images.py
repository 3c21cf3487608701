"""Scenes as images, with the box and the mask of every thing."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

from resources.scene_shapes import BACKDROPS, COLOURS, KINDS, PAINTS
from resources.scenes import BACKGROUNDS

if TYPE_CHECKING:
    from resources.scenes import Scene, Thing

Fill = int | tuple[int, int, int]

_CIRCLE = tuple((math.cos(i * math.pi / 16), math.sin(i * math.pi / 16)) for i in range(32))
_FINER = 4  # drawn so many times as large, for soft edges


def paint_scene(scene: Scene, side: int) -> Image.Image:
    """RGB image of `side` x `side` pixels."""
    size = side * _FINER
    image = _background(scene.background, size).copy()
    for thing in scene.things:
        _draw(image, thing, size, lambda paint, thing=thing: _paint_of(paint, thing))
    return image.reduce(_FINER)


def thing_masks(scene: Scene, side: int) -> np.ndarray:
    """bool [thing, row, column]: the pixels more than half of which show that thing, and nothing before it."""
    size = side * _FINER
    owner = Image.new("L", (size, size), 255)
    for i, thing in enumerate(scene.things):
        _draw(owner, thing, size, lambda _, i=i: i)
    owners = np.asarray(owner).reshape(side, _FINER, side, _FINER)
    return np.stack([(owners == i).mean((1, 3)) for i in range(len(scene.things))]) > 0.5


@lru_cache(maxsize=8)  # told with every result of an image
def thing_numbers(scene: Scene, side: int) -> np.ndarray:
    """uint8 [row, column], read-only: 1 + the thing that is seen at a pixel, see `thing_masks`; 0 where none is."""
    numbers = np.zeros((side, side), np.uint8)
    for i, mask in enumerate(thing_masks(scene, side)):
        numbers[mask] = i + 1
    numbers.flags.writeable = False
    return numbers


def thing_boxes(scene: Scene, side: int) -> np.ndarray:
    """float32 [thing, 4]: left, top, right, bottom in pixels, of the parts that are drawn."""
    boxes = []
    for thing in scene.things:
        corners = np.array(
            [corner for _, points in KINDS[thing.kind] for corner in _corners(_placed_as(points, thing, side))]
        )
        boxes.append([*corners.min(0), *corners.max(0)])
    return np.clip(np.array(boxes, np.float32).reshape(-1, 4), 0, side)


@lru_cache(maxsize=16)
def _background(name: str, size: int) -> Image.Image:
    above, below, horizon = BACKGROUNDS[name]
    rows = np.linspace(0, 1, size)[:, None]
    sky = np.array(above) + (rows / horizon - 0.5) * 18  # a little lighter towards the horizon
    ground = np.array(below) + (0.5 - (rows - horizon) / (1 - horizon)) * 18
    column = np.clip(np.where(rows < horizon, sky, ground), 0, 255).astype(np.uint8)
    image = Image.fromarray(np.ascontiguousarray(np.broadcast_to(column[:, None], (size, size, 3))))
    draw = ImageDraw.Draw(image)
    for colour, points in BACKDROPS[name]:
        _shape(draw, _placed(points, 0.0, 0.0, size), colour)
    return image


def _draw(image: Image.Image, thing: Thing, size: int, fill: Callable[[str], Fill]) -> None:
    """Draw a thing, each part in what `fill` makes of its paint; through holes one sees what was there before."""
    behind = image.copy() if any(paint == "hole" for paint, _ in KINDS[thing.kind]) else None
    draw = ImageDraw.Draw(image)
    for paint, points in KINDS[thing.kind]:
        placed = _placed_as(points, thing, size)
        if paint == "hole" and behind is not None:
            mask = Image.new("L", image.size, 0)
            _shape(ImageDraw.Draw(mask), placed, 255)
            image.paste(behind, mask=mask)
        else:
            _shape(draw, placed, fill(paint))


def _paint_of(paint: str, thing: Thing) -> tuple[int, int, int]:
    if thing.mix is None:
        return _colour(paint, thing.colour)
    first, second, share = thing.mix
    red, green, blue = (
        round(a + (b - a) * share) for a, b in zip(_colour(paint, first), _colour(paint, second), strict=True)
    )
    return red, green, blue


def _colour(paint: str, colour: str) -> tuple[int, int, int]:
    if paint in PAINTS:
        return PAINTS[paint]
    red, green, blue = COLOURS.get(paint, COLOURS[colour])
    if paint == "shade":
        return int(red * 0.72), int(green * 0.72), int(blue * 0.72)
    if paint == "tint":
        return red + (255 - red) // 2, green + (255 - green) // 2, blue + (255 - blue) // 2
    return red, green, blue


def _square(thing: Thing, size: int) -> tuple[float, float, float]:
    """Left, top and side of a thing's square in pixels."""
    return (thing.x - thing.side / 2) * size, (thing.y - thing.side / 2) * size, thing.side * size


def _placed_as(points: tuple, thing: Thing, size: int) -> tuple:
    """A part of a thing in pixels of the image, turned as the thing is; a turned ellipse is a polygon."""
    left, top, side = _square(thing, size)
    placed = _placed(points, left, top, side)
    if not thing.turn:
        return placed
    if not isinstance(placed[0], tuple):
        x, y, radius_x, radius_y = placed
        placed = tuple((x + radius_x * cosine, y + radius_y * sine) for cosine, sine in _CIRCLE)
    cosine, sine = math.cos(2 * math.pi * thing.turn), math.sin(2 * math.pi * thing.turn)
    across, down = left + side / 2, top + side / 2
    return tuple(
        (
            across + (x - across) * cosine - (y - down) * sine,
            down + (x - across) * sine + (y - down) * cosine,
        )
        for x, y in placed
    )


def _placed(points: tuple, left: float, top: float, side: float) -> tuple:
    """A part in pixels of the image; ellipses stay four numbers."""
    if isinstance(points[0], tuple):
        return tuple((left + x * side, top + y * side) for x, y in points)
    x, y, radius_x, radius_y = points
    return left + x * side, top + y * side, radius_x * side, radius_y * side


def _corners(placed: tuple) -> tuple[tuple[float, float], ...]:
    if isinstance(placed[0], tuple):
        return placed
    x, y, radius_x, radius_y = placed
    return (x - radius_x, y - radius_y), (x + radius_x, y + radius_y)


def _shape(draw: ImageDraw.ImageDraw, placed: tuple, fill: Fill) -> None:
    if isinstance(placed[0], tuple):
        draw.polygon(placed, fill=fill)
    else:
        draw.ellipse(_corners(placed), fill=fill)
