"""Clips: scenes in which things enter, move, grow, turn, meet, change colour and leave, with a narration.

What happens follows from what happened: a thing must be there to grow, and is called by the size and colour it has by
then. Every clip is written so that its sentences fit one order only. The description is made here;
`inference.inputs.scene_images` paints it.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from resources.scene_shapes import COLOURS, KINDS
from resources.scenes import BACKGROUNDS, HELD_OUT, SIZES, Scene, Thing

CLIP_RATE: Final = 8  # frames a second
MOST_CLIP_FRAMES: Final = 80
_MOST_ACTORS: Final = 3
_N_EVENTS: Final = (3, 6)
_LASTS: Final = (5, 8)  # frames of an event
_RESTS: Final = (1, 3)  # frames between two
_MOST_JITTER: Final = 4  # frames that a sentence is early or late
_FILLERS: Final = ("now watch", "so", "and um", "okay", "and here", "look", "you see", "and then uh")
_ASIDES: Final = ("let me see", "um yeah", "and that is it so far", "right okay", "just a moment")
_ORDER: Final = tuple(SIZES)  # small to large

EventKind = Literal["enter", "join", "move", "grow", "shrink", "turn", "meet", "recolour", "leave"]
_DIRECTIONS: Final = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}
_BEGINS: Final[list[EventKind]] = ["enter", "enter"]  # twice as likely as others
_ARRIVES: Final[list[EventKind]] = ["join", "join"]
_SPEAKS_OF_OTHER: Final = ("join", "meet")


@dataclass(frozen=True, slots=True)
class Pose:
    """How an actor stands: its look, its centre in shares of the image's side, and whether it is there."""

    colour: str
    size: str
    x: float
    y: float
    side: float
    is_there: bool = True


@dataclass(frozen=True, slots=True)
class ClipEvent:
    """Something happens to one actor.

    Attributes
    ----------
    actor
        Kind of the thing: no two actors of a clip have the same.
    other
        The actor that it comes to, for `join` and `meet`; else empty.
    start, end
        The first frame in which it has begun, and the first in which it is over.
    before, after
        How the actor stands then.
    sentence
        What happens, in words that are true when it begins.
    named
        Kind, size and colour of all that the sentence says to be there.
    """

    kind: EventKind
    actor: str
    other: str
    start: int
    end: int
    before: Pose
    after: Pose
    sentence: str
    named: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Utterance:
    """What a narrator says from frame `start` on until before `end`; `event` is its number, -1 for an aside."""

    text: str
    start: int
    end: int
    event: int


@dataclass(frozen=True, slots=True)
class Clip:
    """A background, events in order of time, and what is said of them: in small letters, with filler words, early or
    late by some frames, as speech recognition gives it."""

    seed: int
    background: str
    events: tuple[ClipEvent, ...]
    narration: tuple[Utterance, ...]
    n_frames: int

    @property
    def actors(self) -> tuple[str, ...]:
        """Kinds of things, in order of their entrance."""
        return tuple(dict.fromkeys(event.actor for event in self.events))

    def scene_at(self, frame: int) -> Scene:
        """What is seen in a frame, counted from 0, with the tags that are true of it; those behind first."""
        things = (self._thing(actor, frame) for actor in self.actors)
        there = [thing for thing in things if thing is not None]
        return Scene(self.seed, self.background, tuple(sorted(there, key=lambda thing: thing.y)))

    def event_at(self, frame: int) -> int | None:
        """Number of the event that is going on; None between two."""
        return next((i for i, event in enumerate(self.events) if event.start <= frame < event.end), None)

    def _thing(self, actor: str, frame: int) -> Thing | None:
        begun = [event for event in self.events if event.actor == actor and event.start <= frame]
        if not begun:
            return None
        event = begun[-1]
        before, after = event.before, event.after
        share = min(1.0, (frame - event.start + 1) / (event.end - event.start))
        if share == 1.0 and not after.is_there:
            return None
        share = share * share * (3 - 2 * share)  # gently off, gently to a stand
        x, y, side = (
            a + (b - a) * share for a, b in ((before.x, after.x), (before.y, after.y), (before.side, after.side))
        )
        if not (-side / 2 < x < 1 + side / 2):
            return None
        late = after if share >= 0.5 else before
        mix = (before.colour, after.colour, share) if before.colour != after.colour and share < 1 else None
        turn = share if event.kind == "turn" and share < 1 else 0.0
        return Thing(actor, late.colour, late.size, x, y, side, turn, mix)


def make_clip(seed: int, *, with_held_out: bool = False) -> Clip:
    """The clip of a seed.

    Parameters
    ----------
    with_held_out
        Whether pairs of colour and kind of `HELD_OUT` may occur.
    """
    rng = random.Random(f"clip {seed} {with_held_out}")
    background = rng.choice(tuple(BACKGROUNDS))
    n_actors, n_events = rng.randint(1, _MOST_ACTORS), rng.randint(*_N_EVENTS)
    events: tuple[ClipEvent, ...] | None = None
    while events is None or n_orders(events, 2) > 1:
        events = _script(rng, n_actors, max(n_events, n_actors + 1), with_held_out)
    frame = rng.randint(*_RESTS)
    timed: list[ClipEvent] = []
    for event in events:
        end = frame + rng.randint(*_LASTS)
        timed.append(replace(event, start=frame, end=end))
        frame = end + rng.randint(*_RESTS)
    return Clip(seed, background, tuple(timed), _narrated(rng, timed, frame), frame)


def n_orders(events: Sequence[ClipEvent], enough: int = 1_000) -> int:
    """In how many orders the sentences of events are possible; counting ends at `enough`."""

    def orders(left: tuple[int, ...], there: dict[str, tuple[str, str] | None], found: int) -> int:
        if not left:
            return found + 1
        for i in left:
            event = events[i]
            if found < enough and _is_possible(event, there):
                pose = event.after
                then = there | {event.actor: (pose.size, pose.colour) if pose.is_there else None}
                found = orders(tuple(other for other in left if other != i), then, found)
        return found

    return orders(tuple(range(len(events))), {}, 0)


def _is_possible(event: ClipEvent, there: dict[str, tuple[str, str] | None]) -> bool:
    """Whether all that is named stands there as it is named; who enters was not there before."""
    if event.kind in ("enter", "join") and event.actor in there:
        return False
    return all(there.get(kind) == (size, colour) for kind, size, colour in event.named)


# Writing


def _script(rng: random.Random, n_actors: int, wanted: int, with_held_out: bool) -> tuple[ClipEvent, ...] | None:
    """Events without their times; None where a place could not be found, or an actor has no part in it."""
    kinds = rng.sample(tuple(KINDS), n_actors)
    there: dict[str, Pose] = {}
    events: list[ClipEvent] = []
    while len(events) < wanted:
        choices: list[EventKind] = []
        if kinds:
            choices.extend(_ARRIVES if there else _BEGINS)
        if there:
            choices.extend(("move", "grow", "shrink", "turn", "recolour", "recolour", "leave"))
        if len(there) > 1:
            choices.extend(("meet", "meet"))
        if not choices:  # all have left
            return None
        kind = rng.choice(choices)
        actor = kinds.pop() if kind in ("enter", "join") else rng.choice(sorted(there))
        other = rng.choice(sorted(there.keys() - {actor})) if kind in _SPEAKS_OF_OTHER else ""
        event = _event(rng, kind, actor, other, there, with_held_out)
        if event is None:
            return None
        events.append(event)
        there.pop(actor, None)
        if event.after.is_there:
            there[actor] = event.after
    return None if kinds else tuple(events)


def _event(
    rng: random.Random, kind: EventKind, actor: str, other: str, there: dict[str, Pose], with_held_out: bool
) -> ClipEvent | None:
    before = there.get(actor) or _entering(rng, actor, with_held_out)
    after, words = before, ""
    named = [] if kind in ("enter", "join") else [(actor, before.size, before.colour)]
    if other:
        named.append((other, there[other].size, there[other].colour))
    if kind == "enter":
        x, y = _free_place(rng, before.side)
        before, after = replace(before, y=y), replace(before, x=x, y=y)
        words = f"enters from the {'left' if before.x < 0 else 'right'}"
    elif kind in _SPEAKS_OF_OTHER:
        beside = _beside(before, there[other])
        if beside is None:
            return None
        after = replace(before, x=beside, y=there[other].y + (there[other].side - before.side) / 2)
        if any(_covers(after, third) for name, third in there.items() if name not in (actor, other)):
            return None
        before = replace(before, y=after.y) if kind == "join" else before
        words = f"{'comes to' if kind == 'join' else 'meets'} {_phrase(other, there[other], 'the')}"
    elif kind == "move":
        direction = rng.choice(tuple(_DIRECTIONS))
        after = _moved(before, direction, rng.uniform(0.3, 0.5))
        words = f"moves {direction}"
    elif kind in ("grow", "shrink"):
        step = _ORDER.index(before.size) + (1 if kind == "grow" else -1)
        if not 0 <= step < len(_ORDER):
            return None
        side = SIZES[_ORDER[step]]
        x, y = (min(max(place, side / 2 + 0.01), 0.99 - side / 2) for place in (before.x, before.y))
        after = replace(before, size=_ORDER[step], side=side, x=x, y=y)
        words = "grows" if kind == "grow" else "shrinks"
    elif kind == "turn":
        words = "turns around"
    elif kind == "recolour":
        after = replace(before, colour=_colour(rng, actor, with_held_out, but=before.colour))
        words = f"becomes {after.colour}"
    else:
        side = rng.choice(("left", "right"))
        after = replace(before, x=_outside(before.side, side), is_there=False)
        words = f"leaves to the {side}"
    if kind in ("move", "meet") and abs(after.x - before.x) + abs(after.y - before.y) < 0.15:
        return None  # it would hardly be seen
    sentence = f"{_phrase(actor, before, 'a' if kind in ('enter', 'join') else 'the')} {words}"
    return ClipEvent(kind, actor, other, 0, 0, before, after, sentence, tuple(named))


def _entering(rng: random.Random, actor: str, with_held_out: bool) -> Pose:
    size = rng.choice(_ORDER)
    colour = _colour(rng, actor, with_held_out)
    return Pose(colour, size, _outside(SIZES[size], rng.choice(("left", "right"))), 0.5, SIZES[size])


def _colour(rng: random.Random, actor: str, with_held_out: bool, but: str = "") -> str:
    held_out = () if with_held_out else HELD_OUT
    return rng.choice([colour for colour in COLOURS if colour != but and (colour, actor) not in held_out])


def _outside(side: float, where: str) -> float:
    return -side / 2 if where == "left" else 1 + side / 2


def _free_place(rng: random.Random, side: float) -> tuple[float, float]:
    return rng.uniform(side / 2 + 0.01, 0.99 - side / 2), rng.uniform(max(0.4, side / 2 + 0.01), 0.99 - side / 2)


def _beside(pose: Pose, other: Pose) -> float | None:
    """Centre beside another thing, on the side that it comes from, or on the other one; None where no room is."""
    reach = (pose.side + other.side) / 2
    sides = (-1, 1) if pose.x < other.x else (1, -1)
    places = (other.x + sign * reach for sign in sides)
    return next((x for x in places if pose.side / 2 <= x <= 1 - pose.side / 2), None)


def _covers(pose: Pose, other: Pose) -> bool:
    """Whether one hides more than a fifth of the other's breadth and height."""
    reach = 0.8 * (pose.side + other.side) / 2
    return abs(pose.x - other.x) < reach and abs(pose.y - other.y) < reach


def _moved(pose: Pose, direction: str, far: float) -> Pose:
    right, down = _DIRECTIONS[direction]
    low, high = pose.side / 2 + 0.01, 0.99 - pose.side / 2
    return replace(pose, x=min(max(pose.x + right * far, low), high), y=min(max(pose.y + down * far, low), high))


def _phrase(actor: str, pose: Pose, article: str) -> str:
    return f"{article} {pose.size} {pose.colour} {actor}"


def _narrated(rng: random.Random, events: Sequence[ClipEvent], n_frames: int) -> tuple[Utterance, ...]:
    said: list[Utterance] = []
    for i, event in enumerate(events):
        text = f"{rng.choice(_FILLERS)} {event.sentence}" if rng.random() < 0.6 else event.sentence
        late = rng.randint(-_MOST_JITTER, _MOST_JITTER)
        start = min(max(event.start + late, said[-1].end if said else 0), n_frames - 2)
        said.append(Utterance(text, start, min(max(event.end + late, start + 2), n_frames), i))
        if rng.random() < 0.25 and said[-1].end < n_frames - 1:
            start = said[-1].end
            said.append(Utterance(rng.choice(_ASIDES), start, start + 1, -1))
    return tuple(said)
