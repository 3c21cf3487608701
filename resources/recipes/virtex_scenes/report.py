"""Measure `virtex-scenes` and write its folder: weights, tokenizer, preprocessing, model card.

    python -m resources.recipes.virtex_scenes.report --state DIR --out resources/checkpoints/virtex-scenes

A folder that was written is measured again with `--out` alone.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from transformers import AutoTokenizer, PreTrainedTokenizerBase, ViTImageProcessorPil
from transformers.modeling_outputs import BaseModelOutput

from inference.inputs.scene_images import thing_masks
from inference.models.virtex.layers import CaptionAttention
from inference.models.virtex.model import VirTex
from resources.recipes.scene_data import MEAN, SIDE, STD, TEST, VALIDATION, images
from resources.recipes.virtex_scenes.data import END, START, token_ids
from resources.recipes.virtex_scenes.truth import RELATIONS, Sentence, read
from resources.scene_shapes import KINDS
from resources.scenes import HELD_OUT, Scene, make_scene

_N_BATCH = 50
_CARD = """---
license: apache-2.0
---
# virtex-scenes

A small VirTex (Desai and Johnson 2021) trained for Headlight: it writes what it sees in a drawn scene, from the first
word to the last and from the last to the first, and learned to see by nothing but that. A residual network makes
{rows} × {rows} places of {side} × {side} pixels; two decoders of {layers} layers, {heads} heads, {d_model} wide, attend
to them; {vocabulary} words, one token each. {parameters:.2f} M parameters, in half precision.

## Data
Scenes of 2 to 6 things of `resources/scenes.py`, painted while training, with sentences that are true of them: "a small
red house left of a large white cup", "a small red house in a meadow". Every scene was seen once, with {captions} of its
sentences. {n_held_out} of the {n_pairs} pairs of a colour and a kind never occur in training, neither in images nor in
sentences. Training draws from seeds 1,000,000 on; {n_test:,} scenes of seeds from 2,000 on are measured below, and as
many whose first thing is a pair that never occurs in training. The program draws the images and makes the sentences, so
they are under its own licence.

## Training
{first_steps:,} steps of {scenes} scenes with {captions} sentences each, seed {seed}; the loss is that of both
directions. Then {steps:,} more in which every place tells where it is, by sines and cosines of its row and column: not
so in the paper, but without them so small a network hardly learned relations of things in that time.

    python -m resources.recipes.virtex_scenes.train --state FIRST --without-places --steps {first_steps}
    python -m resources.recipes.virtex_scenes.train --state STATE --start FIRST/model --steps {steps}
    python -m resources.recipes.virtex_scenes.report --state STATE --out resources/checkpoints/virtex-scenes

## Measured
Again with `python -m resources.recipes.virtex_scenes.report --out resources/checkpoints/virtex-scenes`: two
minutes of one core, and the same figures to the last digit. Captions are written greedily, read by the grammar of the
scenes, and looked up in their scene. Controls: the network is blind (all that it read of the image is set to zero), or
its caption is looked up in another scene.

| share that is true | from the beginning | from the end | blind | another scene |
|---|---|---|---|---|
| sentences of the grammar | {grammar:.3f} | {end_grammar:.3f} | {blind_grammar:.3f} | {other_grammar:.3f} |
| kinds that are named | {kind:.3f} | {end_kind:.3f} | {blind_kind:.3f} | {other_kind:.3f} |
| things that are named: colour and kind | {thing:.3f} | {end_thing:.3f} | {blind_thing:.3f} | {other_thing:.3f} |
| their sizes, where the thing is there | {size:.3f} | {end_size:.3f} | {blind_size:.3f} | {other_size:.3f} |
| relations of two things that are there | {relation:.3f} | {end_relation:.3f} | {blind_relation} | {other_relation} |
| backgrounds that are named | {background:.3f} | {end_background:.3f} | {blind_background} | {other_background} |

Of the first things of scenes, where they are pairs that never occur in training, {unseen_first:.3f} are named when the
caption begins with their size and {unseen_colour:.3f} when it begins with their size and colour; of pairs that do occur
{seen_first:.3f} and {seen_colour:.3f}.

Relations when all else is given: of four sentences that differ in the relation alone the true one is the likeliest in
{relation_4:.3f} of {n_relations:,} pairs of things (chance 0.25; blind {blind_relation_4:.3f}).

Pointing game: where the network looks most when it writes a kind that is there, the patch shows a part of such a thing
in {pointing:.3f} of {n_pointing:,} cases by the mean of the heads, and in {pointing_best:.3f} by head {best_head},
which was chosen on seeds below 2,000 (a patch at random: {pointing_chance:.3f}).

What its features are worth for another task stands in `fine_tuning.json`, measured beside a network that was trained
on labels of the same scenes:

    python -m resources.recipes.virtex_scenes.label --state LABELS
    python -m resources.recipes.virtex_scenes.transfer --labels LABELS --state RUNS --out CHECKPOINT

That takes hours. What learned from labels is kept in `labels/`, so that most of it can be measured again:

    python -m resources.recipes.virtex_scenes.transfer --again --out resources/checkpoints/virtex-scenes

makes 31 of the study's 44 runs in 8 minutes of one core: all classifiers on 100, 500 and 2,000 portraits, and the
whole network on 100 portraits (three seeds) and on 500 (one). Done so, each was the study's to the last digit; with
another torch or number of threads expect 0.03 of classifiers (two standard errors on 1,000 portraits) and 0.05 of
networks trained from scratch.

## Limits
It knows sixteen drawn silhouettes, eight colours and {vocabulary} words. A greedy caption is about one or two of the
things, mostly the large ones. Of where two things are it is right in {relation:.2f} of its own captions, and in
{relation_4:.2f} of those that it is asked about.
"""


class Captioner:
    """A model and its tokenizer, as functions of lists."""

    def __init__(self, model: VirTex, tokenizer: PreTrainedTokenizerBase) -> None:
        self.model, self.tokenizer = model, tokenizer

    @torch.inference_mode()
    def read(self, scenes: Sequence[Scene], *, is_blind: bool = False) -> Tensor:
        """Places [scene, place, feature], or nothing in their place."""
        parts = [list(scenes[i : i + _N_BATCH]) for i in range(0, len(scenes), _N_BATCH)]
        found = torch.cat([self.model.visual(images(part))[0] for part in parts])
        return torch.zeros_like(found) if is_blind else found

    @torch.inference_mode()
    def write(self, places: Tensor, given: Tensor, *, is_from_end: bool = False) -> list[list[int]]:
        """Token ids behind `given` [scene, n], greedily, as far as the sign that ends a caption."""
        end, longest = START if is_from_end else END, self.model.config.max_position_embeddings
        ids = given
        is_done = torch.zeros(len(given), dtype=torch.bool)
        while ids.shape[1] < longest and not bool(is_done.all()):
            logits = self.model(
                encoder_outputs=BaseModelOutput(last_hidden_state=places), decoder_input_ids=ids, backward=is_from_end,
                use_cache=False,
            ).logits  # fmt: skip
            token = logits[:, -1].argmax(-1)
            ids = torch.cat([ids, token[:, None]], 1)
            is_done |= token == end
        return [row[: row.index(end, 1)] if end in row[1:] else row for row in ids.tolist()]

    def captions(self, places: Tensor, *, is_from_end: bool = False) -> list[str]:
        """What it says, as one reads it."""
        given = torch.full((len(places), 1), END if is_from_end else START)
        rows = self.write(places, given, is_from_end=is_from_end)
        return [self.text(row[::-1] if is_from_end else row) for row in rows]

    def text(self, ids: list[int]) -> str:
        """Tokens as words."""
        return str(self.tokenizer.decode(ids, skip_special_tokens=True)).strip()


def measure(captioner: Captioner, seeds: range, choosing: range) -> dict[str, float]:
    """All figures of the card."""
    scenes = [make_scene(seed) for seed in seeds]
    places, nothing = captioner.read(scenes), captioner.read(scenes, is_blind=True)
    said = captioner.captions(places)
    figures = {
        **truths(said, scenes),
        **_named("end", truths(captioner.captions(places, is_from_end=True), scenes)),
        **_named("blind", truths(captioner.captions(nothing), scenes)),
        **_named("other", truths(said, [*scenes[1:], scenes[0]])),
        **first_things(captioner, seeds),
    }
    figures["relation_4"], figures["n_relations"] = likeliest_relations(captioner, scenes, places)
    figures["blind_relation_4"], _ = likeliest_relations(captioner, scenes, nothing)
    best = int(pointing(captioner, [make_scene(seed) for seed in choosing])[0].argmax())
    heads, mean, chance, n = pointing(captioner, scenes)
    return figures | {
        "pointing": mean,
        "pointing_best": float(heads[best]),
        "best_head": best,
        "pointing_chance": chance,
        "n_pointing": n,
        "n_test": len(scenes),
    }


def truths(captions: Sequence[str], scenes: Sequence[Scene]) -> dict[str, float]:
    """Shares of what captions say that is true; NaN where they say nothing of the kind."""
    found: dict[str, list[bool]] = {name: [] for name in ("grammar", "kind", "thing", "size", "relation", "background")}
    for caption, scene in zip(captions, scenes, strict=True):
        sentence = read(caption)
        found["grammar"].append(sentence is not None)
        if sentence is not None:
            _look_up(sentence, scene, found)
    return {name: float(np.mean(hits)) if hits else float("nan") for name, hits in found.items()}


def _look_up(sentence: Sentence, scene: Scene, found: dict[str, list[bool]]) -> None:
    are_there = [bool(thing.matches(scene, "colour", "kind")) for thing in sentence.things]
    found["kind"] += [bool(thing.matches(scene, "kind")) for thing in sentence.things]
    found["thing"] += are_there
    there = [thing for thing, is_there in zip(sentence.things, are_there, strict=True) if is_there]
    found["size"] += [bool(thing.matches(scene, "size", "colour", "kind")) for thing in there]
    if sentence.relation is not None and all(are_there):
        found["relation"].append(sentence.is_relation_true(scene))
    if sentence.background is not None:
        found["background"].append(sentence.background == scene.background)


def first_things(captioner: Captioner, seeds: range) -> dict[str, float]:
    """Whether a thing is named whose size, or size and colour, the caption begins with; of pairs seen and unseen."""
    figures = {}
    for name, is_unseen in (("seen", False), ("unseen", True)):
        scenes = [make_scene(seed, with_held_out=True) for seed in seeds]
        things = [
            next((t for t in scene.things if ((t.colour, t.kind) in HELD_OUT) is is_unseen), None) for scene in scenes
        ]
        chosen = [(scene, thing) for scene, thing in zip(scenes, things, strict=True) if thing is not None]
        places = captioner.read([scene for scene, _ in chosen])
        for more, of in (("first", ("size",)), ("colour", ("size", "colour"))):
            texts = [" ".join(["a", *(getattr(thing, field) for field in of)]) for _, thing in chosen]
            given = token_ids(captioner.tokenizer, texts)[:, :-1]  # pyright: ignore[reportArgumentType]
            said = [captioner.text(row).split() for row in captioner.write(places, given)]
            pairs = [(words[2], words[3]) if len(words) > 3 else ("", "") for words in said]
            hits = [
                any((t.size, t.colour, t.kind) == (thing.size, *pair) for t in scene.things)
                and (pair in HELD_OUT) is is_unseen
                for pair, (scene, thing) in zip(pairs, chosen, strict=True)
            ]
            figures[f"{name}_{more}"] = float(np.mean(hits))
    return figures


@torch.inference_mode()
def likeliest_relations(captioner: Captioner, scenes: Sequence[Scene], places: Tensor) -> tuple[float, int]:
    """Of the first two things of each scene: whether the true relation is the likeliest of the four."""
    texts = [f"{s.things[0].phrase} {r} {s.things[1].phrase}" for s in scenes for r in RELATIONS]
    hits = []
    for first in range(0, len(scenes), _N_BATCH):
        part = scenes[first : first + _N_BATCH]
        ids = token_ids(captioner.tokenizer, texts[4 * first : 4 * (first + len(part))])  # pyright: ignore[reportArgumentType]
        read_of = places[first : first + len(part)].repeat_interleave(4, 0)
        logits = captioner.model(
            encoder_outputs=BaseModelOutput(last_hidden_state=read_of), decoder_input_ids=ids[:, :-1], use_cache=False
        ).logits
        told = logits.log_softmax(-1).gather(-1, ids[:, 1:, None])[..., 0]
        scores = (told * (ids[:, 1:] != 0)).sum(1).unflatten(0, (-1, 4))
        truth = [RELATIONS.index(scene.relation(0, 1)) for scene in part]
        hits += (scores.argmax(1) == torch.tensor(truth)).tolist()
    return float(np.mean(hits)), len(hits)


@torch.inference_mode()
def pointing(captioner: Captioner, scenes: Sequence[Scene]) -> tuple[np.ndarray, float, float, int]:
    """Hits of every head [head] and of their mean, what a patch at random hits, and the number of words.

    A hit: the patch that is looked at most, when the kind of a thing is written that is there, shows a part of one.
    NaN where no such kind is written.
    """
    model = captioner.model
    rows = round(model.config.image_size / model.config.stride)
    hits: list[np.ndarray] = []
    of_mean: list[bool] = []
    chances: list[float] = []
    for first in range(0, len(scenes), _N_BATCH):
        part = list(scenes[first : first + _N_BATCH])
        places = captioner.read(part)
        written = captioner.write(places, torch.full((len(part), 1), START))
        longest = max(map(len, written))
        ids = torch.tensor([row + [END] * (longest - len(row)) for row in written])
        pattern = _last_pattern(model, places, ids)  # [scene, head, target, place]
        for scene, row, weights in zip(part, written, pattern, strict=True):
            masks = thing_masks(scene, SIDE)
            for place, token in enumerate(row):
                word = captioner.text([token])
                if word not in KINDS or not any(thing.kind == word for thing in scene.things):
                    continue
                mask = np.any([m for m, t in zip(masks, scene.things, strict=True) if t.kind == word], 0)
                shown = mask.reshape(rows, SIDE // rows, rows, SIDE // rows).any((1, 3)).ravel()
                looked = weights[:, place - 1]
                hits.append(shown[looked.argmax(-1).numpy()])
                of_mean.append(bool(shown[int(looked.mean(0).argmax())]))
                chances.append(shown.mean())
    if not hits:  # it names nothing that is there
        return np.full(model.config.decoder_attention_heads, np.nan), float("nan"), float("nan"), 0
    return np.mean(hits, 0), float(np.mean(of_mean)), float(np.mean(chances)), len(hits)


def _last_pattern(model: VirTex, places: Tensor, ids: Tensor) -> Tensor:
    """Attention of the last layer of the forward decoder to the image, float32 [batch, head, target, place]."""
    layer = model.textual.transformer.layers[-1].multihead_attn
    assert isinstance(layer, CaptionAttention)
    heard: list[tuple[Tensor, Tensor]] = []
    hook = layer.register_forward_hook(lambda _, args, __: heard.append((args[0], args[3])))
    model(encoder_outputs=BaseModelOutput(last_hidden_state=places), decoder_input_ids=ids, use_cache=False)
    hook.remove()
    (query, key), (weight, bias) = heard[0], (layer.in_proj_weight, layer.in_proj_bias)
    d, n_heads = query.shape[-1], model.config.decoder_attention_heads
    q = (query @ weight[:d].T + bias[:d]).unflatten(-1, (n_heads, -1)).transpose(1, 2)
    k = (key @ weight[d : 2 * d].T + bias[d : 2 * d]).unflatten(-1, (n_heads, -1)).transpose(1, 2)
    return (q @ k.mT / (d / n_heads) ** 0.5).softmax(-1)


def _named(prefix: str, figures: dict[str, float]) -> dict[str, float]:
    return {f"{prefix}_{name}": value for name, value in figures.items()}


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--state", type=Path, help="of the training; writes `--out` anew")
    parser.add_argument("--out", type=Path, required=True, help="folder of the checkpoint")
    parser.add_argument("--n-test", type=int, default=1_000)
    parser.add_argument("--smoke", action="store_true", help="on a few scenes")
    args = parser.parse_args()
    started = time.monotonic()
    if args.state:
        # What is measured is what is shipped: half precision, read back.
        args.out.mkdir(parents=True, exist_ok=True)
        VirTex.from_pretrained(args.state / "model", dtype=torch.float16).save_pretrained(args.out)
        AutoTokenizer.from_pretrained(args.state / "model").save_pretrained(args.out)
        size = {"height": SIDE, "width": SIDE}
        ViTImageProcessorPil(size=size, image_mean=[MEAN] * 3, image_std=[STD] * 3).save_pretrained(args.out)
    model = VirTex.from_pretrained(args.out, dtype=torch.float32).eval()
    n = 20 if args.smoke else args.n_test
    figures = measure(Captioner(model, AutoTokenizer.from_pretrained(args.out)), TEST[:n], VALIDATION[: n // 2])
    rounded = {name: round(float(value), 4) for name, value in figures.items()}
    print(json.dumps(rounded | {"seconds": round(time.monotonic() - started)}))
    if args.state:
        run = json.loads((args.state / "run.json").read_text(encoding="utf-8"))
        (args.out / "README.md").write_text(_card(model, figures, run), encoding="utf-8")


def _card(model: VirTex, figures: dict[str, float], run: dict[str, int]) -> str:
    config = model.config
    facts = {
        "rows": config.image_size // config.stride,
        "side": SIDE,
        "layers": config.decoder_layers,
        "heads": config.decoder_attention_heads,
        "d_model": config.hidden_size,
        "vocabulary": config.vocab_size,
        "parameters": sum(p.numel() for p in model.parameters()) / 1e6,
        "n_held_out": len(HELD_OUT),
        "n_pairs": 128,
    }
    run = {"first_steps": 0} | run
    # Blind it may say nothing of the kind at all.
    shares = ("blind_relation", "blind_background", "other_relation", "other_background")
    told = {name: "-" if np.isnan(figures[name]) else f"{figures[name]:.3f}" for name in shares}
    return _CARD.format(**(facts | figures | told | run))


if __name__ == "__main__":
    main()
