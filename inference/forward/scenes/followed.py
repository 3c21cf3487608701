"""A drawn scene with a sentence of it, run by a model: words that name things, and places that show them."""

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
from inference.results.inputs import ImageInput, Input, RegionsInput, TextInput
from inference.results.joint import OF_IMAGE, is_of
from resources.scenes import sentences_of

if TYPE_CHECKING:
    from inference.context import Context
    from inference.forward.model import Model
    from inference.results.tokens import Tokens
    from resources.scenes import Scene

FIRST_SEED = 2**30  # scenes are painted from here on, where nobody looks by hand
_HIT = 0.5  # intersection over union of a region that shows a thing


def check_scenes(model: Model, n_scenes: int, most: int) -> ReadsJointly:
    """Its family, if it can be shown so many scenes.

    Raises
    ------
    Refused
        The model does not read words and image together, or needs a file of regions; or the number is out of range.
    """
    if not isinstance(model.family, ReadsJointly):
        raise Refused(f"No attention of {model.info.name} goes between words and an image.")
    if "regions" in model.family.reads and not model.info.detector:
        raise Refused(
            f"{model.info.name} reads regions of a detector that is not at hand, so it cannot be shown scenes whose "
            "truth is known."
        )
    if not 1 <= n_scenes <= most:
        raise Refused(f"{n_scenes:,} scenes were asked for; it is 1 to {most}.")
    return model.family


class FollowedScene:
    """A scene with a sentence, run; which words are followed, and which places show what they are about.

    Parameters
    ----------
    number
        From 0 on; each has a scene and a sentence of its own.
    of_detector
        As in `RegionsInput`.

    Attributes
    ----------
    kinds
        By axis what lies at each place, see `kinds_of`.
    shown
        By axis the places of the image, and bool [place, thing]: a region shows what it overlaps by half, a patch
        whatever its middle lies in.
    nearest
        Of every thing the number of the place whose middle is nearest to its own.
    words
        Of every word for a size, colour or kind its position, and the number of its thing.
    n_words
        How many such words there are, those that the tokenizer cuts among them.
    places
        Of the words whose thing is shown their positions, and of each bool [place]: which places show it.
    """

    def __init__(self, number: int, model: Model, context: Context, *, of_detector: bool) -> None:
        family, config = model.family, model.net.config
        assert isinstance(family, ReadsJointly)
        self.scene = scene = make_drawing("scene", FIRST_SEED + number)
        told = [each for each in sentences_of(scene) if len(each.things) == 2] or list(sentences_of(scene))
        sentence = random.Random(number).choice(told)
        regions = RegionsInput(of_scene=True, of_detector=of_detector) if "regions" in family.reads else None
        image = ImageInput(seed=FIRST_SEED + number, kind="scene")
        input = Input(TextInput(sentence.text), image, regions=regions)
        prepared = model.prepare(input)
        self._model, self._context, self._text_axis = model, context, family.text_axis
        self.run = model.run(input, context)
        self._groups = {group.name: group for group in model.info.groups}
        self.kinds = kinds_of(family, self.run.encoded, config, prepared)
        own = family.regions(input, config, prepared)
        grid = model.images.grid(model.info.groups[0].name, config, prepared.shape)
        sequences = self.run.encoded.sequences
        things = thing_boxes(scene, prepared.size[0])
        # By axis: places of the image, and which things each shows, bool [place, thing].
        self.nearest: list[int] = []
        self.shown: dict[str, tuple[np.ndarray, np.ndarray]] = {}
        for axis, kinds in self.kinds.items():
            at = np.flatnonzero(is_of(kinds, *OF_IMAGE))
            if len(at):
                boxes = boxes_of(sequences[axis], kinds, grid, prepared, own)[at]
                is_region = is_of(kinds[at], "region")[:, None]
                middles = [(each[:, :2] + each[:, 2:]) / 2 for each in (boxes, things)]
                self.nearest = np.linalg.norm(middles[0][:, None] - middles[1], axis=-1).argmin(0).tolist()
                self.shown[axis] = at, np.where(is_region, _overlap(boxes, things) >= _HIT, _is_in(boxes, things))
        self.words = words = _followed(
            sequences[family.text_axis], self.kinds[family.text_axis], scene, sentence.things
        )
        self.n_words = 3 * len(sentence.things)
        alike = _alike(scene)
        _, shows = next(iter(self.shown.values()))  # wherever the image lies, it is in the same places
        self.places = {pos: right for pos, thing in words.items() if (right := shows[:, alike[thing]].any(1)).any()}

    def chances(self) -> list[float]:
        """What a place at random would hit, word by word."""
        return [float(right.mean()) for right in self.places.values()]

    def hits(self, name: str, layer: int) -> np.ndarray | None:
        """int64 [head]: words whose strongest place is right; None where no words read the image."""
        group = self._groups[name]
        places = self._places_on(group.query_axis)
        if group.key_axis not in self.shown or not places:
            return None
        rows = torch.tensor(places)
        at, _ = self.shown[group.key_axis]
        call = self._model.call(self.run, name, layer, self._context)
        pattern = call.patterns(rows=rows.to(call.device))[:, :, torch.as_tensor(at, device=call.device)]
        return self._right(pattern)

    def _places_on(self, axis: str) -> list[int]:
        """Where the words of `places` are in a sequence, such as that of words and image together; empty: nowhere."""
        if axis == self._text_axis:
            return list(self.places)
        own, there = (np.flatnonzero(is_of(self.kinds[each], "word")).tolist() for each in (self._text_axis, axis))
        return [there[own.index(pos)] for pos in self.places] if len(own) == len(there) else []

    def hits_through_tags(self, name: str, layer: int) -> np.ndarray | None:
        """int64 [head]: words from which most goes to a right region by way of the tags.

        The words look at the tags with a head of this layer, these with the mean of the heads of the layer before. None
        where there are no tags, and in the first layer.
        """
        group = self._groups[name]
        tags = np.flatnonzero(is_of(self.kinds[group.key_axis], "tag"))
        is_joint = group.query_axis == group.key_axis == self._text_axis
        if not is_joint or not len(tags) or layer not in group.layers[1:] or not self.places:
            return None
        rows, at = torch.tensor(list(self.places)), self.shown[group.key_axis][0]
        call = self._model.call(self.run, name, layer, self._context)
        to_tags = call.patterns(rows=rows.to(call.device))[:, :, torch.as_tensor(tags, device=call.device)].float()
        before = self._model.call(self.run, name, group.layers[group.layers.index(layer) - 1], self._context)
        rows = torch.as_tensor(tags, device=before.device)
        of_tags = before.patterns(rows=rows).float().mean(0)[:, torch.as_tensor(at, device=before.device)]
        return self._right(to_tags @ of_tags.to(to_tags.device))

    def _right(self, looks: torch.Tensor) -> np.ndarray:
        """int64 [head] of [head, word, place]: words whose strongest place is right."""
        strongest = looks.argmax(-1).cpu().numpy()  # [head, word]
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
