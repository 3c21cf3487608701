"""How often a head finds, in the image, what a word is about: arg-max of its attention against the truth of scenes."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import numpy as np
import torch

from inference.context import Refused
from inference.family.joint_places import boxes_of, kinds_of
from inference.family.jointly import ReadsJointly
from inference.inputs.images import make_drawing
from inference.inputs.scene_images import thing_boxes
from inference.results.grounding import MOST_SCENES, GroundingRequest, GroundingResult
from inference.results.inputs import ImageInput, Input, RegionsInput, TextInput
from inference.results.joint import OF_IMAGE, is_of
from resources.scenes import sentences_of

if TYPE_CHECKING:
    from inference.context import Context
    from inference.forward.model import Model
    from inference.results.tokens import Tokens
    from resources.scenes import Scene

_FIRST_SEED = 2**30  # scenes are painted from here on, where nobody looks by hand
_HIT = 0.5  # intersection over union of a region that shows a thing


def grounding(request: GroundingRequest, model: Model, context: Context) -> GroundingResult:
    """Where every head looks from the words that name things.

    Parameters
    ----------
    context
        One checkpoint a scene.

    Raises
    ------
    Refused
        The model does not read words and image together, or needs a file of regions; a number of scenes that is out of
        range; or none of the words is one token of its own.
    """
    if not isinstance(model.family, ReadsJointly):
        raise Refused(f"No attention of {model.info.name} goes between words and an image.")
    if "regions" in model.family.reads and not model.info.detector:
        raise Refused(
            f"{model.info.name} reads regions of a detector that is not at hand, so it cannot be shown scenes whose "
            "truth is known."
        )
    if not 1 <= request.n_scenes <= MOST_SCENES:
        raise Refused(f"{request.n_scenes:,} scenes were asked for; it is 1 to {MOST_SCENES}.")
    levels = model.family.levels(model.net.config)
    most = max(max(group.n_heads) for group in model.info.groups if group.n_heads)
    hits = np.zeros((len(levels), most))
    counts = np.zeros((len(levels), most), np.int64)
    chances: list[float] = []
    n_left_out = 0
    for number in range(request.n_scenes):
        context.checkpoint(number, request.n_scenes, f"Scene {number + 1} of {request.n_scenes}")
        found = _FollowedScene(number, request, model, context)
        n_left_out += found.n_words - len(found.places)
        chances += found.chances()
        for level, each in enumerate(levels):
            for group, layer in each.parts:
                if (own := found.hits(group, layer)) is not None:
                    hits[level, : len(own)] += own
                    counts[level, : len(own)] += len(found.places)
    if not chances:
        raise Refused(f"None of the words that name things is one token of {model.info.name}, so none can be followed.")
    with np.errstate(invalid="ignore"):
        scores = (hits / counts).astype(np.float32)
    return GroundingResult(levels, scores, float(np.mean(chances)), len(chances), n_left_out, request.n_scenes)


class _FollowedScene:
    """A scene with a sentence, run; which words are followed, and which places show what they are about."""

    def __init__(self, number: int, request: GroundingRequest, model: Model, context: Context) -> None:
        family, config = model.family, model.net.config
        assert isinstance(family, ReadsJointly)
        scene = make_drawing("scene", _FIRST_SEED + number)
        told = [each for each in sentences_of(scene) if len(each.things) == 2] or list(sentences_of(scene))
        sentence = random.Random(number).choice(told)
        regions = RegionsInput(of_scene=True, of_detector=request.of_detector) if "regions" in family.reads else None
        image = ImageInput(seed=_FIRST_SEED + number, kind="scene")
        input = Input(TextInput(sentence.text), image, regions=regions)
        prepared = model.prepare(input)
        self._model, self._context, self._text_axis = model, context, family.text_axis
        self._run = model.run(input, context)
        self._groups = {group.name: group for group in model.info.groups}
        self._kinds = kinds_of(family, self._run.encoded, config, prepared)
        own = family.regions(input, config, prepared)
        grid = model.images.grid(model.info.groups[0].name, config, prepared.shape)
        sequences = self._run.encoded.sequences
        things = thing_boxes(scene, prepared.size[0])
        self._shown = {}  # by axis: places of the image, and which things each shows
        for axis, kinds in self._kinds.items():
            at = np.flatnonzero(is_of(kinds, *OF_IMAGE))
            if len(at):
                boxes = boxes_of(sequences[axis], kinds, grid, prepared, own)[at]
                is_region = is_of(kinds[at], "region")[:, None]
                self._shown[axis] = at, np.where(is_region, _overlap(boxes, things) >= _HIT, _is_in(boxes, things))
        words = _followed(sequences[family.text_axis], self._kinds[family.text_axis], scene, sentence.things)
        self.n_words = 3 * len(sentence.things)
        alike = _alike(scene)
        _, shows = next(iter(self._shown.values()))  # wherever the image lies, it is in the same places
        # Of words that are followed their positions, and of each the places that show what it is about.
        self.places = {pos: right for pos, thing in words.items() if (right := shows[:, alike[thing]].any(1)).any()}

    def chances(self) -> list[float]:
        """What a place at random would hit, word by word."""
        return [float(right.mean()) for right in self.places.values()]

    def hits(self, name: str, layer: int) -> np.ndarray | None:
        """int64 [head]: words whose strongest place is right; None where no words read the image."""
        group = self._groups[name]
        if group.query_axis != self._text_axis or group.key_axis not in self._shown or not self.places:
            return None
        rows = torch.tensor(list(self.places))
        at, _ = self._shown[group.key_axis]
        call = self._model.call(self._run, name, layer, self._context)
        pattern = call.patterns(rows=rows.to(call.device))[:, :, torch.as_tensor(at, device=call.device)]
        strongest = pattern.argmax(-1).cpu().numpy()  # [head, word]
        right = np.stack(list(self.places.values()))
        return right[np.arange(len(right)), strongest].sum(1)


def _followed(tokens: Tokens, kinds: np.ndarray, scene: Scene, things: tuple[int, ...]) -> dict[int, int]:
    """Positions of words that say what a thing is, and its number; a word that is cut is none."""
    found: dict[int, int] = {}
    spoken = np.flatnonzero(is_of(kinds, "word")).tolist()
    words = [str(tokens.words[pos]).strip("\u0120\u2581 ").lower() for pos in spoken]
    after = 0
    for thing in things:
        own = scene.things[thing]
        for word in (own.size, own.colour, own.kind):
            if word in words[after:]:
                after = words.index(word, after) + 1
                found[spoken[after - 1]] = thing
    return found


def _alike(scene: Scene) -> list[list[int]]:
    """Of every thing those that are called as it is."""
    names = [thing.phrase for thing in scene.things]
    return [[i for i, name in enumerate(names) if name == own] for own in names]


def _overlap(boxes: np.ndarray, things: np.ndarray) -> np.ndarray:
    """Intersection over union [place, thing]."""
    low, high = (f(boxes[:, None, part], things[None, :, part]) for f, part in _CORNERS)
    shared = np.clip(high - low, 0, None).prod(-1)
    areas = [(each[:, 2:] - each[:, :2]).prod(-1) for each in (boxes, things)]
    return shared / (areas[0][:, None] + areas[1] - shared)


_CORNERS = ((np.maximum, slice(0, 2)), (np.minimum, slice(2, 4)))


def _is_in(boxes: np.ndarray, things: np.ndarray) -> np.ndarray:
    """bool [place, thing]: whether the middle of a place lies in the box of a thing."""
    middle = ((boxes[:, :2] + boxes[:, 2:]) / 2)[:, None]
    is_in = (middle >= things[None, :, :2]) & (middle < things[None, :, 2:])
    return np.asarray(is_in.all(-1))
