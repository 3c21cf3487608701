"""Measure a model of words and regions and write its folder: weights, tokenizer, preprocessing, model card.

    python -m resources.recipes.joint_scenes.report --state DIR --out resources/checkpoints/uniter-scenes

A folder that was written is measured again with `--out` alone.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from transformers import AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase, ViTImageProcessorPil

from inference.analyses.grounding import grounding
from inference.context import Context
from inference.files.own_models import import_own, own_class
from inference.forward.opening import load
from inference.inputs.scene_images import thing_boxes
from inference.models.scene_detector import SceneDetector, overlaps
from inference.models.streams.vilt import ViltForPreTraining
from inference.results.grounding import GroundingRequest
from resources import DETECTORS
from resources.recipes.joint_scenes.card import RunCurve, written
from resources.recipes.joint_scenes.data import (
    MASK,
    NOT_ASKED,
    JointBatch,
    SeenScenes,
    a_wrong_sentence,
    see,
    tokenized,
    with_word_changed,
)
from resources.recipes.joint_scenes.systems import DETECTOR, has_transport, inputs_of, matching_class, transported
from resources.recipes.scene_data import MEAN, SIDE, STD, TEST
from resources.scene_shapes import COLOURS, KINDS
from resources.scenes import HELD_OUT, SIZES, Scene, SceneSentence, make_scene, sentences_of

_N_BATCH = 50
_HIT = 0.5
_GROUPS = {"size": tuple(SIZES), "colour": tuple(COLOURS), "kind": tuple(KINDS)}


class Measurer:
    """A model, its tokenizer and its detector, as functions of scenes and sentences."""

    def __init__(self, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, detector: SceneDetector) -> None:
        self.model, self.tokenizer = model, tokenizer
        self.detector = None if isinstance(model, ViltForPreTraining) else detector
        self.has_tags = bool(getattr(model.config, "reads_tags", False))
        self._ids = {
            name: [cast("int", tokenizer.convert_tokens_to_ids(word)) for word in own] for name, own in _GROUPS.items()
        }

    def batch(self, seen: SeenScenes, texts: Sequence[str]) -> JointBatch:
        """A sentence beside each scene, whole."""
        tags = [" ".join(each) for each in seen.tags] if self.has_tags else None
        ids, types = tokenized(self.tokenizer, list(texts), tags)  # pyright: ignore[reportArgumentType]
        n = len(ids)
        nothing = torch.full_like(ids, NOT_ASKED)
        return JointBatch(seen, torch.arange(n), ids, types, nothing, nothing[:, 0], torch.zeros_like(seen.is_region))

    @torch.inference_mode()
    def words(
        self, seen: SeenScenes, told: Sequence[SceneSentence], *, is_blind: bool = False
    ) -> dict[str, list[bool]]:
        """Of every word for a size, colour or kind whether it is told when it alone is masked."""
        found: dict[str, list[bool]] = {name: [] for name in _GROUPS}
        batch = self.batch(seen, [each.text for each in told])
        attributes = {i for own in self._ids.values() for i in own}
        is_asked = torch.isin(batch.ids, torch.tensor(sorted(attributes))) & (batch.types == 0)
        for place in range(batch.ids.shape[1]):
            rows = is_asked[:, place].nonzero()[:, 0]
            if not len(rows):
                continue
            ids = batch.ids[rows].clone()
            ids[:, place] = MASK
            part = JointBatch(
                seen, rows, ids, batch.types[rows], batch.labels[rows], batch.matches[rows], batch.is_hidden[rows]
            )
            logits = self._run(part, is_blind=is_blind).word_logits[:, place]
            for guess, truth in zip(logits.argmax(-1).tolist(), batch.ids[rows, place].tolist(), strict=True):
                found[next(name for name, own in self._ids.items() if truth in own)].append(guess == truth)
        return found

    @torch.inference_mode()
    def matches(self, seen: SeenScenes, texts: Sequence[str], *, is_blind: bool = False) -> np.ndarray:
        """float64 [sentence]: the probability that each belongs to its scene."""
        logits = self._run(self.batch(seen, texts), is_blind=is_blind).match_logits
        return logits.softmax(-1)[:, matching_class(self.model)].double().numpy()

    @torch.inference_mode()
    def transported(
        self, seen: SeenScenes, told: Sequence[SceneSentence], scenes: Sequence[Scene]
    ) -> tuple[list[bool], list[float]]:
        """Of every kind that is named whether most of it goes to the region of its thing, or to a patch of it.

        Of things that are found; and beside it the share of places that would be right.
        """
        batch = self.batch(seen, [each.text for each in told])
        plan = transported(self.model, self._run(batch), batch).plan
        hits, chances = [], []
        for i, (scene, sentence) in enumerate(zip(scenes, told, strict=True)):
            own = batch.ids[i].tolist()
            places = [
                place for place, word in enumerate(own) if word in self._ids["kind"] and not batch.types[i, place]
            ]
            shown = _shown(seen, i, scene, plan.shape[-1])
            for place, thing in zip(places, sentence.things, strict=True):
                alike = [j for j, other in enumerate(scene.things) if other.phrase == scene.things[thing].phrase]
                right = shown[:, alike].any(1)
                if bool(right.any()):
                    hits.append(bool(right[int(plan[i, place].argmax())]))
                    chances.append(float(right.float().sum() / max(1, _n_places(seen, i, len(right)))))
        return hits, chances

    def _run(self, batch: JointBatch, *, is_blind: bool = False) -> Any:
        inputs = inputs_of(self.model, batch)
        if is_blind:
            inputs |= {name: torch.zeros_like(tensor) for name, tensor in inputs.items() if name in _OF_IMAGE}
        return self.model(**inputs)


# Numbers of regions, and pixels.
_OF_IMAGE = ("img_feat", "img_pos_feat", "img_feats", "image_feat", "image_loc", "pixel_values")


def _shown(seen: SeenScenes, i: int, scene: Scene, n_places: int) -> torch.Tensor:
    """bool [place, thing]: which regions overlap a thing, or which patches have their middle in its box."""
    things = torch.from_numpy(thing_boxes(scene, SIDE) / SIDE)
    if seen.pixels is None:
        return overlaps(seen.boxes[i], things) >= _HIT
    n = round(n_places**0.5)
    middles = (torch.arange(n) + 0.5) / n
    at = torch.cartesian_prod(middles, middles).flip(1)[:, None]  # of rows, x before y
    return ((at >= things[None, :, :2]) & (at < things[None, :, 2:])).all(-1)


def _n_places(seen: SeenScenes, i: int, n_places: int) -> int:
    """Regions of a scene, or patches."""
    return n_places if seen.pixels is not None else int(seen.is_region[i].sum())


def measure(measurer: Measurer, seeds: range) -> dict[str, float]:
    """The figures of the card, but for those of heads."""
    figures: dict[str, list[Any]] = {}

    def keep(prefix: str, found: dict[str, list[bool]]) -> None:
        for name, hits in found.items():
            figures.setdefault(f"{prefix}{name}", []).extend(hits)
            figures.setdefault(f"{prefix}attribute", []).extend(hits)

    for first in range(0, len(seeds), _N_BATCH):
        rng = random.Random(f"joint report {first}")
        own = seeds[first : first + _N_BATCH]
        scenes = [make_scene(seed) for seed in own]
        seen = see(measurer.detector, scenes)
        told = [_of_two(scene, rng) for scene in scenes]
        keep("", measurer.words(seen, told))
        keep("blind_", measurer.words(seen, told, is_blind=True))
        keep("other_", measurer.words(_turned(seen), told))
        if measurer.has_tags:
            keep("tags_", measurer.words(replace(seen, tags=(seen.tags[-1], *seen.tags[:-1])), told))
        others = [_of_another(scene, scenes[i - 1], rng) for i, scene in enumerate(scenes)]
        changed = [_changed(scene, sentence.text, rng) for scene, sentence in zip(scenes, told, strict=True)]
        for prefix, is_blind in (("", False), ("blind_", True)):
            true = measurer.matches(seen, [each.text for each in told], is_blind=is_blind)
            for name, wrong in (("pairs", others), ("changed", changed)):
                false = measurer.matches(seen, wrong, is_blind=is_blind)
                figures.setdefault(f"{prefix}{name}", []).extend([*(true > 0.5), *(false <= 0.5)])
        if has_transport(measurer.model):
            hits, chances = measurer.transported(seen, told, scenes)
            figures.setdefault("transport", []).extend(hits)
            figures.setdefault("transport_chance", []).extend(chances)
        unseen = [make_scene(seed, with_held_out=True) for seed in own]
        seen = see(measurer.detector, unseen)
        told = [_of_unseen(scene, rng) for scene in unseen]
        keep("unseen_", measurer.words(seen, told))
        keep("unseen_blind_", measurer.words(seen, told, is_blind=True))
    return {name: float(np.mean(hits)) for name, hits in figures.items()}


def _of_two(scene: Scene, rng: random.Random) -> SceneSentence:
    told = sentences_of(scene)
    return rng.choice([each for each in told if len(each.things) == 2] or list(told))


def _of_unseen(scene: Scene, rng: random.Random) -> SceneSentence:
    """Of the thing alone whose colour and kind never occur together in training."""
    things = [i for i, thing in enumerate(scene.things) if (thing.colour, thing.kind) in HELD_OUT]
    return sentences_of(scene)[rng.choice(things)]


def _of_another(scene: Scene, other: Scene, rng: random.Random) -> str:
    told = set(scene.captions())
    wrong = [each.text for each in sentences_of(other) if each.text not in told]
    return rng.choice(wrong) if wrong else a_wrong_sentence(scene, other, rng)


def _changed(scene: Scene, text: str, rng: random.Random) -> str:
    told = set(scene.captions())
    while (found := with_word_changed(text, rng)) in told:
        pass
    return found


def _turned(seen: SeenScenes) -> SeenScenes:
    """Every scene's regions beside the next one."""
    vectors, boxes, pairs, is_region = (
        each.roll(1, 0) for each in (seen.vectors, seen.boxes, seen.pairs, seen.is_region)
    )
    pixels = None if seen.pixels is None else seen.pixels.roll(1, 0)
    return SeenScenes(vectors, boxes, pairs, is_region, (seen.tags[-1], *seen.tags[:-1]), pixels)


def measure_heads(folder: Path, n_scenes: int) -> dict[str, float | str]:
    """How often the best head finds what a word means; it is chosen on one half of the scenes, measured on all others.

    It is what the program itself says of the checkpoint.
    """
    model = load(str(folder), Context())
    choosing = grounding(GroundingRequest(str(folder), n_scenes // 2), model, Context())
    whole = grounding(GroundingRequest(str(folder), n_scenes), model, Context())
    level, head = choosing.best
    n, n_first = whole.n_words, choosing.n_words
    rest = (whole.scores[level, head] * n - choosing.scores[level, head] * n_first) / max(1, n - n_first)
    return {
        "grounding": float(rest),
        "chance": whole.chance,
        "n_words": n - n_first,
        "n_grounded": n_scenes - n_scenes // 2,
        "best_title": whole.levels[level].title.lower(),
        "best_head": head,
    }


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--state", type=Path, help="of the training; writes `--out` anew")
    parser.add_argument("--out", type=Path, required=True, help="folder of the checkpoint")
    parser.add_argument("--n-test", type=int, default=1_000)
    about = "figures of a run while it was trained, of `joint_scenes.curve`; the card has them side by side"
    parser.add_argument("--curve", type=RunCurve.read, action="append", default=[], metavar="NAME=FILE", help=about)
    parser.add_argument("--note", default="", help="what the curves say, in words")
    parser.add_argument("--threads", type=int, help="of torch; all processors if not given")
    args = parser.parse_args()
    if args.threads:
        torch.set_num_threads(args.threads)
    started = time.monotonic()
    if args.state:
        _write(args.state / "model", args.out)
    model = _open(args.out)
    detector = SceneDetector.from_pretrained(DETECTORS / DETECTOR, dtype=torch.float32).eval()
    measurer = Measurer(model.float().eval(), AutoTokenizer.from_pretrained(args.out), detector)
    figures = measure(measurer, TEST[: args.n_test]) | measure_heads(args.out, max(2, min(200, args.n_test)))
    rounded = {name: round(value, 4) if isinstance(value, float) else value for name, value in figures.items()}
    print(json.dumps(rounded | {"seconds": round(time.monotonic() - started)}))
    if args.state:
        run = json.loads((args.state / "run.json").read_text(encoding="utf-8"))
        card = written(model, figures, run, args.n_test, args.curve, args.note)
        (args.out / "README.md").write_text(card, encoding="utf-8")


def _open(folder: Path) -> PreTrainedModel:
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    import_own(config["model_type"])
    net_class: Any = own_class(config["model_type"], config["architectures"][0])
    return net_class.from_pretrained(folder, dtype=torch.float16)


def _write(state: Path, out: Path) -> None:
    """What is measured is what is shipped: half precision, read back."""
    out.mkdir(parents=True, exist_ok=True)
    _open(state).save_pretrained(out)
    AutoTokenizer.from_pretrained(state).save_pretrained(out)
    size = {"height": SIDE, "width": SIDE}
    ViTImageProcessorPil(size=size, image_mean=[MEAN] * 3, image_std=[STD] * 3).save_pretrained(out)


if __name__ == "__main__":
    main()
