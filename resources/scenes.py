"""Scenes: small worlds of drawn things, with captions, tags and places that are known to be true.

The description is made here; `inference.inputs.scene_images` paints it.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final

from resources.scene_shapes import COLOURS, KINDS

SIZES: Final[dict[str, float]] = {"small": 0.2, "medium": 0.28, "large": 0.38}  # share of the image's side
BACKGROUNDS: Final[dict[str, tuple[tuple[int, int, int], tuple[int, int, int], float]]] = {
    # colour above, colour below, height of the horizon
    "meadow": ((176, 216, 240), (150, 196, 110), 0.55),
    "beach": ((150, 208, 232), (236, 214, 160), 0.5),
    "snow": ((190, 200, 220), (228, 232, 238), 0.6),
    "night": ((30, 36, 70), (44, 62, 60), 0.65),
    "room": ((226, 208, 186), (160, 120, 90), 0.72),
    "desert": ((244, 206, 160), (214, 160, 100), 0.6),
}
# One of eight colours of every second kind is never seen in training: what a model says of them, it has put together.
HELD_OUT: Final[frozenset[tuple[str, str]]] = frozenset(
    (colour, kind) for i, kind in enumerate(KINDS) if i % 2 == 0 for colour in [tuple(COLOURS)[(i // 2) % len(COLOURS)]]
)
MOST_OBJECTS: Final = 6


@dataclass(frozen=True, slots=True)
class Thing:
    """One object. `x`, `y`, `side`: centre and side of its square, in shares of the image's side, y down.

    Attributes
    ----------
    turn
        By how much it is turned clockwise about its centre; 1 is all the way round.
    mix
        Two colours, and the share of the second one, 0-1, where it is painted in a colour between them.
    """

    kind: str
    colour: str
    size: str
    x: float
    y: float
    side: float
    turn: float = 0.0
    mix: tuple[str, str, float] | None = None

    @property
    def tag(self) -> str:
        """Such as "red house"."""
        return f"{self.colour} {self.kind}"

    @property
    def phrase(self) -> str:
        """Such as "a small red house"."""
        return f"a {self.size} {self.tag}"


@dataclass(frozen=True, slots=True)
class SceneSentence:
    """A true sentence, and the numbers of the things that it names, in its order."""

    text: str
    things: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Scene:
    """A background and two to six things, those behind first."""

    seed: int
    background: str
    things: tuple[Thing, ...]

    @property
    def tags(self) -> tuple[str, ...]:
        return tuple(thing.tag for thing in self.things)

    def relation(self, first: int, second: int) -> str:
        """Where a thing is, seen from another: by the larger of the two distances."""
        a, b = self.things[first], self.things[second]
        if abs(a.x - b.x) >= abs(a.y - b.y):
            return "left of" if a.x < b.x else "right of"
        return "above" if a.y < b.y else "below"

    def captions(self) -> tuple[str, ...]:
        """True sentences: every thing, every ordered pair, and what there is on the whole."""
        pairs = [(i, j) for i in range(len(self.things)) for j in range(len(self.things)) if i != j]
        where = (
            f"in a {self.background}"
            if self.background in ("meadow", "desert", "room")
            else {"beach": "on a beach", "snow": "in the snow", "night": "at night"}[self.background]
        )
        return (
            *(f"{thing.phrase} {where}" for thing in self.things),
            *(f"{self.things[i].phrase} {self.relation(i, j)} {self.things[j].phrase}" for i, j in pairs),
            f"{_count(len(self.things))} things {where}",
        )


def sentences_of(scene: Scene) -> tuple[SceneSentence, ...]:
    """What is said of every thing, then of every ordered pair; see `Scene.captions`."""
    n = len(scene.things)
    named = [(i,) for i in range(n)] + [(i, j) for i in range(n) for j in range(n) if i != j]
    return tuple(SceneSentence(text, things) for text, things in zip(scene.captions(), named, strict=False))


def make_scene(seed: int, *, with_held_out: bool = False) -> Scene:
    """The scene of a seed.

    Parameters
    ----------
    with_held_out
        Whether pairs of `HELD_OUT` may occur; the first thing is such a one then.
    """
    rng = random.Random(f"scene {seed} {with_held_out}")
    background = rng.choice(tuple(BACKGROUNDS))
    wanted = rng.randint(2, MOST_OBJECTS)
    things: list[Thing] = []
    for _ in range(60):  # places run out before things do
        if len(things) == wanted:
            break
        kind, colour = rng.choice(tuple(KINDS)), rng.choice(tuple(COLOURS))
        if with_held_out and not things:
            colour, kind = rng.choice(sorted(HELD_OUT))
        elif (colour, kind) in HELD_OUT:
            continue
        size = rng.choice(tuple(SIZES))
        side = SIZES[size] * rng.uniform(0.94, 1.06)
        x, y = (rng.uniform(side / 2 + 0.01, 0.99 - side / 2) for _ in range(2))
        thing = Thing(kind, colour, size, x, y, side)
        if all(_is_apart(thing, other) for other in things):
            things.append(thing)
    return Scene(seed, background, tuple(sorted(things, key=lambda thing: thing.y)))


def make_portrait(seed: int) -> Scene:
    """A scene of one thing that fills the image, for models that see few pixels."""
    rng = random.Random(f"portrait {seed}")
    side = rng.uniform(0.78, 0.92)
    x, y = (rng.uniform(side / 2, 1 - side / 2) for _ in range(2))
    thing = Thing(rng.choice(tuple(KINDS)), rng.choice(tuple(COLOURS)), "huge", x, y, side)
    return Scene(seed, rng.choice(tuple(BACKGROUNDS)), (thing,))


def _is_apart(a: Thing, b: Thing) -> bool:
    """A fifth of the smaller one may be covered."""
    reach = (a.side + b.side) / 2
    overlap = max(0.0, reach - abs(a.x - b.x)) * max(0.0, reach - abs(a.y - b.y))
    return overlap <= 0.2 * min(a.side, b.side) ** 2


def _count(n: int) -> str:
    return ("no", "one", "two", "three", "four", "five", "six")[n]
