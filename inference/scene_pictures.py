"""Scenes as pictures, with the box and the mask of every thing."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

from resources.scene_shapes import COLOURS, KINDS, PAINTS
from resources.scenes import BACKGROUNDS

if TYPE_CHECKING:
    from resources.scenes import Scene, Thing

Fill = int | tuple[int, int, int]

_FINER = 4  # drawn so many times as large, for soft edges


def paint_scene(scene: Scene, side: int) -> Image.Image:
    """RGB picture of `side` x `side` pixels."""
    size = side * _FINER
    picture = _background(scene.background, size)
    for thing in scene.things:
        _draw(picture, thing, size, lambda paint, thing=thing: _colour(paint, thing.colour))
    return picture.resize((side, side), Image.Resampling.BOX)


def thing_masks(scene: Scene, side: int) -> np.ndarray:
    """bool [thing, row, column]: the pixels more than half of which show that thing, and nothing before it."""
    size = side * _FINER
    owner = Image.new("L", (size, size), 255)
    for i, thing in enumerate(scene.things):
        _draw(owner, thing, size, lambda _, i=i: i)
    owners = np.asarray(owner).reshape(side, _FINER, side, _FINER)
    return np.stack([(owners == i).mean((1, 3)) for i in range(len(scene.things))]) > 0.5


def thing_boxes(scene: Scene, side: int) -> np.ndarray:
    """float32 [thing, 4]: left, top, right, bottom in pixels, of the parts that are drawn."""
    boxes = []
    for thing in scene.things:
        corners = np.array(
            [corner for _, points in KINDS[thing.kind] for corner in _corners(_placed(points, thing, side))]
        )
        boxes.append([*corners.min(0), *corners.max(0)])
    return np.clip(np.array(boxes, np.float32), 0, side)


def _background(name: str, size: int) -> Image.Image:
    above, below, horizon = BACKGROUNDS[name]
    rows = np.linspace(0, 1, size)[:, None]
    sky = np.array(above) + (rows / horizon - 0.5) * 18  # a little lighter towards the horizon
    ground = np.array(below) + (0.5 - (rows - horizon) / (1 - horizon)) * 18
    column = np.clip(np.where(rows < horizon, sky, ground), 0, 255).astype(np.uint8)
    return Image.fromarray(np.ascontiguousarray(np.broadcast_to(column[:, None], (size, size, 3))))


def _draw(picture: Image.Image, thing: Thing, size: int, fill: Callable[[str], Fill]) -> None:
    """Draw a thing, each part in what `fill` makes of its paint; through holes one sees what was there before."""
    behind = picture.copy() if any(paint == "hole" for paint, _ in KINDS[thing.kind]) else None
    for paint, points in KINDS[thing.kind]:
        placed = _placed(points, thing, size)
        if paint == "hole" and behind is not None:
            mask = Image.new("L", picture.size, 0)
            _shape(ImageDraw.Draw(mask), placed, 255)
            picture.paste(behind, mask=mask)
        else:
            _shape(ImageDraw.Draw(picture), placed, fill(paint))


def _colour(paint: str, colour: str) -> tuple[int, int, int]:
    if paint in PAINTS:
        return PAINTS[paint]
    red, green, blue = COLOURS.get(paint, COLOURS[colour])
    if paint == "shade":
        return int(red * 0.72), int(green * 0.72), int(blue * 0.72)
    if paint == "tint":
        return red + (255 - red) // 2, green + (255 - green) // 2, blue + (255 - blue) // 2
    return red, green, blue


def _placed(points: tuple, thing: Thing, size: int) -> tuple:
    """A part in pixels of the picture; ellipses stay four numbers."""
    left, top, side = (thing.x - thing.side / 2) * size, (thing.y - thing.side / 2) * size, thing.side * size
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
