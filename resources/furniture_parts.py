"""What furniture of several classes is composed of: legs, stretchers, backs, feet. Standard library only."""

from __future__ import annotations

import random

from resources.solids import Solid, box, prism, tapered

T = 0.08  # thickness of a board


def size(rng: random.Random, low: float, high: float) -> float:
    """One of seven sizes."""
    return round(low + (high - low) * rng.randrange(7) / 6, 3)


def legs(rng: random.Random, x: float, y: float, top: float, *, pairs: int = 2) -> list[Solid]:
    """Something to stand on below a board of half sizes x, y: posts, tapered or round legs, panels, frames."""
    kind = rng.choice(("post", "post", "taper", "round", "panel", "sled"))
    t = rng.choice((0.05, 0.07))
    inset = rng.choice((0.0, 0.06))
    x, y = x - inset, y - inset
    places = [-x + 2 * x * i / (pairs - 1) for i in range(pairs)]
    if kind == "panel":
        return [box("leg", _across(at, t, x), (-y, y), (0, top)) for at in places]
    if kind == "sled":
        return [
            solid
            for at in places
            for solid in (
                box("leg", _across(at, t, x), (-y, y), (0, t)),
                box("leg", _across(at, t, x), (-y, -y + t), (t, top)),
                box("leg", _across(at, t, x), (y - t, y), (t, top)),
            )
        ]
    solids = []
    for at in places:
        for side in (-1, 1):
            xs = _across(at, t, x)
            ys = (-y, -y + t) if side < 0 else (y - t, y)
            if kind == "round":
                centre = (sum(xs) / 2, sum(ys) / 2)
                solids.append(prism("leg", 6, centre, (t * 0.7, t * 0.7), (0, top)))
            elif kind == "taper":
                thin = t * 0.3
                below = ((xs[0] + thin, xs[1] - thin), (ys[0] + thin, ys[1] - thin))
                solids.append(tapered("leg", below, (xs, ys), (0, top)))
            else:
                solids.append(box("leg", xs, ys, (0, top)))
    return solids + _stretchers(rng, x, y, t, top)


def _across(at: float, t: float, x: float) -> tuple[float, float]:
    """From `at` inwards by `t`; around it in the middle."""
    return (at, at + t) if at <= -x else (at - t, at) if at >= x else (at - t / 2, at + t / 2)


def _stretchers(rng: random.Random, x: float, y: float, t: float, top: float) -> list[Solid]:
    kind = rng.choice(("none", "none", "sides", "ends", "h"))
    low = round(top * rng.choice((0.25, 0.4)), 3)
    z = (low, low + T / 2)
    sides = [box("stretcher", (-x + t, x - t), ys, z) for ys in ((-y, -y + t), (y - t, y))]
    ends = [box("stretcher", xs, (-y + t, y - t), z) for xs in ((-x, -x + t), (x - t, x))]
    if kind == "h":
        return [*ends, box("stretcher", (-x + t, x - t), (-t / 2, t / 2), z)]
    return {"none": [], "sides": sides, "ends": ends}[kind]


def back(rng: random.Random, x: float, y: float, seat: float, height: float) -> list[Solid]:
    """A back along y: solid, of upright slats, of rails, or of both framed."""
    kind = rng.choice(("solid", "slats", "rails", "frame"))
    t = 0.06
    ys = (y - t, y)
    top = seat + height
    if kind == "solid":
        return [box("back", (-x, x), ys, (seat, top))]
    posts = [box("back", (-x, -x + t), ys, (seat, top)), box("back", (x - t, x), ys, (seat, top))]
    if kind == "rails":
        n = rng.randint(1, 4)
        step = height / n
        return posts + [
            box("back", (-x + t, x - t), ys, (seat + step * (i + 1) - t, seat + step * (i + 1))) for i in range(n)
        ]
    rail = box("back", (-x + t, x - t), ys, (top - T, top))
    if kind == "frame":
        return [*posts, rail, box("back", (-x + t, x - t), ys, (seat + T, seat + 2 * T))]
    n = rng.randint(2, 5)
    room = 2 * (x - t) / n
    slats = [box("back", (-x + t + room * (i + 0.3), -x + t + room * (i + 0.7)), ys, (seat, top - T)) for i in range(n)]
    return [*posts, rail, *slats]


def feet(rng: random.Random, x: float, y: float) -> list[Solid]:
    """Nothing, a plinth, two skids or four feet below a body of half sizes x, y."""
    kind, foot, t = rng.choice(("none", "plinth", "skids", "feet", "round")), rng.choice((0.08, 0.12)), 0.09
    ends = ((-x, -x + t), (x - t, x))
    if kind == "plinth":
        return [box("foot", (-x + t, x - t), (-y + 0.04, y - 0.04), (0, foot))]
    if kind == "skids":
        return [box("foot", xs, (-y, y), (0, foot)) for xs in ends]
    corners = [(xs, ys) for xs in ends for ys in ((-y, -y + t), (y - t, y))]
    if kind == "feet":
        return [box("foot", xs, ys, (0, foot)) for xs, ys in corners]
    if kind == "round":
        return [prism("foot", 5, (sum(xs) / 2, sum(ys) / 2), (t / 2, t / 2), (0, foot)) for xs, ys in corners]
    return []
