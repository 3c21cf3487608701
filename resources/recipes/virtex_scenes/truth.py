"""Whether a caption is true: it is read as a sentence of the scenes' own grammar, and looked up in its scene."""

from __future__ import annotations

import re
from dataclasses import dataclass

from resources.scene_shapes import COLOURS, KINDS
from resources.scenes import BACKGROUNDS, SIZES, Scene

COUNTS = ("no", "one", "two", "three", "four", "five", "six")
RELATIONS = ("left of", "right of", "above", "below")
_THING = rf"a ({'|'.join(SIZES)}) ({'|'.join(COLOURS)}) ({'|'.join(KINDS)})"
_WHERE = rf"(?:in a|on a|in the|at) ({'|'.join(BACKGROUNDS)})"
_OF_PAIR = re.compile(rf"{_THING} ({'|'.join(RELATIONS)}) {_THING}")
_OF_THING = re.compile(rf"{_THING} {_WHERE}")
_OF_ALL = re.compile(rf"({'|'.join(COUNTS)}) things {_WHERE}")


@dataclass(frozen=True)
class NamedThing:
    """A thing as a caption names it."""

    size: str
    colour: str
    kind: str

    def matches(self, scene: Scene, *fields: str) -> list[int]:
        """Things of the scene that are alike in these fields."""
        told = [getattr(self, field) for field in fields]
        return [i for i, thing in enumerate(scene.things) if [getattr(thing, field) for field in fields] == told]


@dataclass(frozen=True)
class Sentence:
    """What a caption says; None and empty for what it leaves aside."""

    things: tuple[NamedThing, ...]
    relation: str | None = None
    background: str | None = None
    count: int | None = None

    def is_relation_true(self, scene: Scene) -> bool:
        """Whether two things of the scene are as it says, of those that are of its colours and kinds."""
        first, second = (thing.matches(scene, "colour", "kind") for thing in self.things)
        return any(i != j and scene.relation(i, j) == self.relation for i in first for j in second)


def read(caption: str) -> Sentence | None:
    """None where it is no sentence of the grammar."""
    if found := _OF_PAIR.fullmatch(caption):
        parts = found.groups()
        return Sentence((NamedThing(*parts[:3]), NamedThing(*parts[4:])), relation=parts[3])
    if found := _OF_THING.fullmatch(caption):
        parts = found.groups()
        return Sentence((NamedThing(*parts[:3]),), background=parts[3])
    if found := _OF_ALL.fullmatch(caption):
        return Sentence((), background=found[2], count=COUNTS.index(found[1]))
    return None
