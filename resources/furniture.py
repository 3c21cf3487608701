"""Procedural furniture: polygon meshes of twelve classes, composed of parts that can be had or left out.

Standard library only. Every part is a closed solid, and sizes come from short lists, so that a model can learn them.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from resources.furniture_parts import T, back, feet, legs, size
from resources.solids import Solid, box, prism

MOST_CORNERS = 88


@dataclass(frozen=True, slots=True)
class Furniture:
    """A piece of furniture; solids may touch. z is up, and it stands on z = 0."""

    label: str
    seed: int
    solids: tuple[Solid, ...]

    @property
    def vertices(self) -> list[tuple[float, float, float]]:
        return [corner for solid in self.solids for corner in solid.corners]

    @property
    def faces(self) -> list[tuple[int, ...]]:
        """Indices into `vertices`."""
        faces, first = [], 0
        for solid in self.solids:
            faces += [tuple(first + i for i in face) for face in solid.faces]
            first += len(solid.corners)
        return faces

    @property
    def parts(self) -> list[str]:
        """Name of the part of every face."""
        return [solid.part for solid in self.solids for _ in solid.faces]


def make_furniture(seed: int, label: str = "") -> Furniture:
    """The piece of a seed; of a random class where none is named.

    Raises
    ------
    KeyError
        No such class.
    """
    rng = random.Random(f"furniture {seed} {label}")
    label = label or rng.choice(LABELS)
    while True:
        solids = tuple(_MAKERS[label](rng))
        if sum(len(solid.corners) for solid in solids) <= MOST_CORNERS:
            return Furniture(label, seed, solids)


def _table(rng: random.Random) -> list[Solid]:
    x, y, height = size(rng, 0.45, 0.9), size(rng, 0.32, 0.5), size(rng, 0.45, 0.8)
    solids = [*legs(rng, x, y, height - T), box("top", (-x, x), (-y, y), (height - T, height))]
    if rng.random() < 0.3:
        low = round(height * 0.3, 3)
        solids.append(box("shelf", (-x + 0.1, x - 0.1), (-y + 0.1, y - 0.1), (low, low + T / 2)))
    return solids


def _round_table(rng: random.Random) -> list[Solid]:
    n, radius, height = rng.choice((6, 8, 10, 12)), size(rng, 0.35, 0.65), size(rng, 0.45, 0.9)
    m = rng.choice((4, 6, 8))
    foot = radius * rng.choice((0.5, 0.7))
    base = rng.choice(("plate", "cone", "cross", "none"))
    low = 0.0 if base == "none" else T
    solids = [prism("pedestal", m, (0, 0), (0.08, 0.08), (low, height - T))]
    if base == "plate":
        solids.append(prism("base", n, (0, 0), (foot, foot), (0, T)))
    elif base == "cone":
        solids.append(prism("base", m, (0, 0), (foot, 0.12), (0, T)))
    elif base == "cross":
        solids.append(box("base", (-foot, foot), (-0.05, 0.05), (0, T / 2)))
        solids.append(box("base", (-0.05, 0.05), (-foot, foot), (T / 2, T)))
    rim = radius if rng.random() < 0.6 else radius * 0.9
    return [*solids, prism("top", n, (0, 0), (rim, radius), (height - T, height))]


def _desk(rng: random.Random) -> list[Solid]:
    x, y, height = size(rng, 0.65, 0.95), size(rng, 0.3, 0.45), size(rng, 0.68, 0.8)
    under = height - T
    solids = [box("top", (-x, x), (-y, y), (under, height))]
    for side in (-1, 1):
        wide = rng.choice((0.3, 0.4))
        xs = (-x, -x + wide) if side < 0 else (x - wide, x)
        kind = rng.choice(("panel", "posts", "drawers", "drawers"))
        if kind == "drawers":
            n = rng.randint(1, 4)
            solids.append(box("body", xs, (-y + 0.03, y), (0, under)))
            step = under / n
            solids += [
                box("drawer", (xs[0] + 0.03, xs[1] - 0.03), (-y, -y + 0.03), (step * i + 0.03, step * (i + 1) - 0.03))
                for i in range(n)
            ]
        elif kind == "panel":
            edge = (-x, -x + T) if side < 0 else (x - T, x)
            solids.append(box("leg", edge, (-y, y), (0, under)))
        else:
            edge = (-x, -x + T) if side < 0 else (x - T, x)
            solids += [box("leg", edge, (-y, -y + T), (0, under)), box("leg", edge, (y - T, y), (0, under))]
    if rng.random() < 0.4:
        solids.append(box("back", (-x + 0.4, x - 0.4), (y - 0.05, y), (under / 2, under)))
    return solids


def _chair(rng: random.Random) -> list[Solid]:
    x, seat, height = size(rng, 0.3, 0.45), size(rng, 0.38, 0.55), size(rng, 0.35, 0.75)
    solids = [*legs(rng, x, x, seat - T), box("seat", (-x, x), (-x, x), (seat - T, seat))]
    solids += back(rng, x, x, seat, height)
    if rng.random() < 0.3:
        arm = seat + 0.22
        for xs in ((-x, -x + 0.06), (x - 0.06, x)):
            solids += [box("arm", xs, (-x, x - 0.06), (arm, arm + 0.05)), box("arm", xs, (-x, -x + 0.06), (seat, arm))]
    return solids


def _stool(rng: random.Random) -> list[Solid]:
    height, r = size(rng, 0.35, 0.85), size(rng, 0.18, 0.3)
    n = rng.choice((4, 6, 8, 10, 12))
    if n == 4:
        return [*legs(rng, r, r, height - T), box("seat", (-r, r), (-r, r), (height - T, height))]
    solids = [prism("seat", n, (0, 0), (r * rng.choice((0.8, 1.0)), r), (height - T, height))]
    n_legs = rng.choice((1, 3, 4, 5))
    if n_legs == 1:
        solids.append(prism("leg", 6, (0, 0), (0.05, 0.05), (T, height - T)))
        return [*solids, prism("base", n, (0, 0), (r, r * 0.6), (0, T))]
    t = 0.04
    for i in range(n_legs):
        x, y = _on_circle(r * 0.7, i, n_legs)
        solids.append(box("leg", (x - t, x + t), (y - t, y + t), (0, height - T)))
    return solids


def _on_circle(r: float, i: int, n: int) -> tuple[float, float]:
    from math import cos, pi, sin

    return round(r * cos(2 * pi * i / n), 3), round(r * sin(2 * pi * i / n), 3)


def _bench(rng: random.Random) -> list[Solid]:
    x, y, seat = size(rng, 0.6, 1.1), size(rng, 0.18, 0.3), size(rng, 0.38, 0.52)
    n = rng.randint(1, 3)
    wide = 2 * y / n
    gap = 0.0 if n == 1 else 0.03
    solids = [
        box("seat", (-x, x), (-y + wide * i + gap, -y + wide * (i + 1) - gap), (seat - T, seat)) for i in range(n)
    ]
    solids += legs(rng, x, y, seat - T, pairs=rng.choice((2, 2, 3)))
    return solids + (back(rng, x, y, seat, 0.4) if rng.random() < 0.4 else [])


def _shelf(rng: random.Random) -> list[Solid]:
    x, y, height = size(rng, 0.35, 0.75), size(rng, 0.14, 0.24), size(rng, 0.8, 1.6)
    n = rng.randint(2, 5)
    foot = rng.choice((0.0, 0.1))
    solids = [box("side", xs, (-y, y), (0, height)) for xs in ((-x, -x + T), (x - T, x))]
    step = (height - foot - T / 2) / (n - 1)
    boards = [foot + step * i for i in range(n)]
    solids += [box("board", (-x + T, x - T), (-y, y), (z, z + T / 2)) for z in boards]
    if rng.random() < 0.4:
        i = rng.randrange(n - 1)
        solids.append(box("divider", (-T / 4, T / 4), (-y, y), (boards[i] + T / 2, boards[i + 1])))
    if rng.random() < 0.4:
        solids.append(box("back", (-x, x), (y, y + T / 2), (foot, height)))
    return solids


def _cabinet(rng: random.Random) -> list[Solid]:
    x, y, height = size(rng, 0.35, 0.8), size(rng, 0.18, 0.32), size(rng, 0.5, 1.3)
    solids = feet(rng, x, y)
    foot = solids[0].corners[-1][2] if solids else 0.0
    solids.append(box("body", (-x, x), (-y, y), (foot, height)))
    columns = rng.randint(1, 3)
    wide = 2 * x / columns
    same = rng.random() < 0.6
    rows = [rng.randint(1, 4)] * columns if same else [rng.randint(1, 3) for _ in range(columns)]
    for j, n in enumerate(rows):
        high = (height - foot) / n
        xs = (-x + wide * j + 0.04, -x + wide * (j + 1) - 0.04)
        for i in range(n):
            solids.append(box("front", xs, (-y - 0.05, -y), (foot + high * i + 0.03, foot + high * (i + 1) - 0.03)))
    if rng.random() < 0.4:
        solids.append(box("top", (-x - 0.05, x + 0.05), (-y - 0.05, y), (height, height + 0.06)))
    return solids


def _bed(rng: random.Random) -> list[Solid]:
    x, y, low = size(rng, 0.4, 0.8), size(rng, 0.9, 1.05), rng.choice((0.15, 0.2, 0.25))
    solids = [
        box("frame", (-x, x), (-y, y), (low, low + 0.12)),
        box("mattress", (-x + 0.04, x - 0.04), (-y + 0.04, y - 0.04), (low + 0.12, low + 0.28)),
    ]
    t = 0.1
    if rng.random() < 0.7:
        ends = ((-x, -x + t), (x - t, x))
        solids += [box("leg", xs, ys, (0, low)) for xs in ends for ys in ((-y, -y + t), (y - t, y))]
    else:
        solids.append(box("leg", (-x + t, x - t), (-y + t, y - t), (0, low)))
    solids += back(rng, x, y + 0.06, low, size(rng, 0.4, 0.8))
    if rng.random() < 0.5:
        solids.append(box("footboard", (-x, x), (-y - 0.06, -y), (0, low + size(rng, 0.1, 0.4))))
    top = low + 0.28
    n = rng.randint(0, 3)
    for i in range(n):
        wide = 2 * (x - 0.1) / n
        xs = (-x + 0.1 + wide * i + 0.03, -x + 0.1 + wide * (i + 1) - 0.03)
        solids.append(box("pillow", xs, (y - 0.4, y - 0.12), (top, top + T)))
    if rng.random() < 0.3:
        solids.append(box("blanket", (-x + 0.02, x - 0.02), (-y + 0.02, -y + size(rng, 0.4, 0.9)), (top, top + 0.05)))
    return solids


def _sofa(rng: random.Random) -> list[Solid]:
    x, y, seat = size(rng, 0.5, 1.1), size(rng, 0.36, 0.48), size(rng, 0.34, 0.46)
    solids = feet(rng, x, y)
    foot = solids[0].corners[-1][2] if solids else 0.0
    arm = rng.choice((0.0, 0.12, 0.2))
    solids.append(box("base", (-x, x), (-y, y), (foot, seat - 0.1)))
    solids.append(box("back", (-x, x), (y - 0.15, y), (seat - 0.1, seat + size(rng, 0.3, 0.55))))
    n, low = rng.randint(1, 4), seat - 0.1
    wide = 2 * (x - arm) / n
    gap = 0.0 if n == 1 else 0.02
    pillow = seat + 0.2 if rng.random() < 0.3 else 0.0
    for i in range(n):
        xs = (-x + arm + wide * i + gap, -x + arm + wide * (i + 1) - gap)
        solids.append(box("cushion", xs, (-y, y - 0.15), (low, seat + 0.04)))
        if pillow:
            solids.append(box("pillow", xs, (y - 0.27, y - 0.15), (seat + 0.04, pillow)))
    if arm:
        high = seat + size(rng, 0.15, 0.3)
        solids += [box("arm", xs, (-y, y - 0.15), (low, high)) for xs in ((-x, -x + arm), (x - arm, x))]
    return solids


def _lamp(rng: random.Random) -> list[Solid]:
    n, m = rng.choice((4, 6, 8, 10, 12)), rng.choice((4, 6, 8))
    height, foot = size(rng, 0.6, 1.4), size(rng, 0.16, 0.28)
    shade = size(rng, 0.2, 0.36)
    low = height * 0.7
    solids = [prism("base", m, (0, 0), (foot, foot * rng.choice((0.6, 1.0))), (0, T))]
    n_segments = rng.randint(1, 3)
    step = (low - T) / n_segments
    for i in range(n_segments):
        radius = 0.06 if (n_segments - i) % 2 else 0.1
        solids.append(prism("pole", m, (0, 0), (radius, radius), (T + step * i, T + step * (i + 1))))
    return [*solids, prism("shade", n, (0, 0), (shade, shade * rng.choice((0.5, 0.7, 1.0))), (low, height))]


def _ladder(rng: random.Random) -> list[Solid]:
    x, height, n = size(rng, 0.18, 0.36), size(rng, 0.9, 1.6), rng.randint(2, 8)
    t = rng.choice((0.05, 0.07))
    solids = [box("rail", xs, (-t, t), (0, height)) for xs in ((-x - t, -x), (x, x + t))]
    step = height / (n + 1)
    deep = rng.choice((t / 2, t))
    solids += [box("rung", (-x, x), (-deep, deep), (step * (i + 1), step * (i + 1) + t)) for i in range(n)]
    if rng.random() < 0.4:
        solids.append(box("platform", (-x - t, x + t), (-2 * t, 2 * t), (height, height + t)))
    kind = rng.choice(("none", "none", "feet", "stand"))
    out = size(rng, 0.2, 0.5)
    if kind == "feet":
        solids += [box("foot", xs, (t, out), (0, t)) for xs in ((-x - t, -x), (x, x + t))]
    elif kind == "stand":
        solids += [box("rail", xs, (out, out + t), (0, height * 0.9)) for xs in ((-x - t, -x), (x, x + t))]
        solids.append(box("stretcher", (-x - t, x + t), (t, out), (height * 0.4, height * 0.4 + t)))
    return solids


_MAKERS: dict[str, Callable[[random.Random], list[Solid]]] = {
    "table": _table,
    "round table": _round_table,
    "desk": _desk,
    "chair": _chair,
    "stool": _stool,
    "bench": _bench,
    "shelf": _shelf,
    "cabinet": _cabinet,
    "bed": _bed,
    "sofa": _sofa,
    "lamp": _lamp,
    "ladder": _ladder,
}
LABELS = tuple(_MAKERS)
