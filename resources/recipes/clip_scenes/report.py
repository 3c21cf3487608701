"""Measure `clip-scenes` and write its folder: weights, tokenizer, preprocessing, model card.

    python -m resources.recipes.clip_scenes.report --state DIR --out resources/checkpoints/clip-scenes

A folder that was written is measured again with `--out` alone.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from transformers import AutoTokenizer, CLIPImageProcessorPil, CLIPModel, PreTrainedTokenizerFast

from resources.recipes.clip_scenes.data import PAIRS, PATCH, describe, pairs_at_patches, with_colours_swapped
from resources.recipes.clip_scenes.train import build_model, encode_images, encode_texts, make_tokenizer
from resources.recipes.scene_data import MEAN, SIDE, STD, TEST, VALIDATION, images
from resources.scene_shapes import COLOURS, KINDS
from resources.scenes import HELD_OUT, Scene, make_portrait, make_scene

TEMPLATE = "a photo of a {}"
GALLERY = 100
_CARD = """---
license: apache-2.0
---
# clip-scenes

A small CLIP (Radford et al. 2021) trained for Headlight: which sentence is said of which drawn scene. Images:
{image_layers} layers, {heads} heads, {d_model} wide, {side} × {side} pixels in patches of {patch} × {patch}; texts:
{text_layers} layers, {heads} heads, {d_model} wide, {vocabulary} words, one token each. {parameters:.2f} M parameters,
in half precision.

## Data
Portraits (one thing that fills the image) and scenes (2 to 6 things) of `resources/scenes.py`: {n_kinds} kinds of
thing, {n_colours} colours, six backgrounds, painted while training. Every image was seen once. {n_held_out} of the
{n_pairs} pairs of a colour and a kind never occur in training, neither in images nor in texts. Seeds 0 to 1,999 were
looked at while training, 2,000 to 3,999 are measured below, and training draws from 1,000,000 on. The program draws the
images and makes the sentences, so they are under its own licence.

## Training
{steps:,} steps of {portraits} portraits and {scenes} scenes, seed {seed}. The image tower starts from `vit-scenes`. An
image is compared with all seen pairs ("a photo of a red house"), with kinds and colours alone, with sentences about all
things of each scene and about where two of them are, and with the same sentences with colours exchanged; every patch is
compared with what it shows. Portraits come so that each has its kind in three other colours beside it, and its colour
on other kinds.

    python -m resources.recipes.clip_scenes.train --state STATE --steps {steps}
    python -m resources.recipes.clip_scenes.report --state STATE --out resources/checkpoints/clip-scenes

## Measured
Again with `python -m resources.recipes.clip_scenes.report --out resources/checkpoints/clip-scenes`: half a minute of
one core, and the same figures to the last digit.

Zero-shot: {n_test:,} portraits, each against all {n_pairs} pairs as "{template}". Chance is {chance:.3f}; who knows
every kind and no colour reaches {kinds_only:.3f}, who knows every colour and no kind {colours_only:.3f}.

| | pairs seen in training | pairs never seen |
|---|---|---|
| right | {right_seen:.3f} | {right_unseen:.3f} |
| right among the first five | {right5_seen:.3f} | {right5_unseen:.3f} |
| control: labels exchanged at random | {shuffled_seen:.3f} | {shuffled_unseen:.3f} |

Retrieval among {gallery} scenes with sentences that are all different, R@1, mean of {n_galleries} galleries. The
baseline compares the colours that are named with those that the pixels have.

| | image to text | text to image | baseline | control: sentences shuffled |
|---|---|---|---|---|
| "a small red house, a large white cup and … in a meadow" | {whole_i2t:.3f} | {whole_t2i:.3f} | {whole_base:.3f} | \
{whole_control:.3f} |
| "a small red house left of a large white cup" | {pair_i2t:.3f} | {pair_t2i:.3f} | {pair_base:.3f} | \
{pair_control:.3f} |

Of a sentence and the same one with two colours exchanged the true one is nearer in {binding:.3f} of {n_binding:,}
scenes (chance 0.5). Of the patches that show a thing, {patches_seen:.3f} are nearest to its pair among all {n_pairs}.

## Limits
It knows sixteen drawn silhouettes, eight colours and {vocabulary} words; all other words are one and the same to it. Of
a scene of several things it knows which colours and which kinds are there, and hardly which of them has which
({binding:.2f}).
"""


@dataclass(frozen=True)
class Encoder:
    """A model and its tokenizer, as functions of lists."""

    model: CLIPModel
    tokenizer: PreTrainedTokenizerFast

    @torch.inference_mode()
    def texts(self, texts: list[str]) -> Tensor:
        """[text, feature] of norm 1."""
        parts = [texts[i : i + 200] for i in range(0, len(texts), 200)]
        return torch.cat([encode_texts(self.model, self.tokenizer, part) for part in parts])

    @torch.inference_mode()
    def scenes(self, scenes: list[Scene]) -> tuple[Tensor, Tensor]:
        """[scene, feature] and [scene, patch, feature], of norm 1."""
        parts = [encode_images(self.model, images(scenes[i : i + 100])) for i in range(0, len(scenes), 100)]
        return torch.cat([whole for whole, _ in parts]), torch.cat([patches for _, patches in parts])


def measure(encoder: Encoder, seeds: range) -> dict[str, float]:
    """All figures of the card, on scenes of these seeds."""
    scenes = [make_scene(seed) for seed in seeds]
    whole, patches = encoder.scenes(scenes)
    sentences = [describe(scene) for scene in scenes]
    relations = [scene.captions()[len(scene.things)] for scene in scenes]
    rng = random.Random("exchanged")
    exchanged = [describe(with_colours_swapped(scene, rng)) for scene in scenes]
    texts, wrong = encoder.texts(sentences), encoder.texts(exchanged)
    can_be_told = torch.tensor([a != b for a, b in zip(sentences, exchanged, strict=True)])
    is_nearer = ((whole * texts).sum(-1) > (whole * wrong).sum(-1))[can_be_told]
    return {
        **zero_shot(encoder, seeds),
        **_named("whole", retrieval(scenes, sentences, whole, texts)),
        **_named("pair", retrieval(scenes, relations, whole, encoder.texts(relations))),
        "binding": is_nearer.float().mean().item(),
        "n_binding": len(is_nearer),
        "patches_seen": right_patches(encoder, scenes, patches),
        "n_test": len(scenes),
        "n_galleries": len(scenes) // GALLERY,
    }


def zero_shot(encoder: Encoder, seeds: range) -> dict[str, float]:
    """Shares of portraits whose pair is the nearest of all."""
    portraits = [make_portrait(seed) for seed in seeds]
    whole, _ = encoder.scenes(portraits)
    texts = encoder.texts([TEMPLATE.format(" ".join(pair)) for pair in PAIRS])
    truth = torch.tensor([PAIRS.index((scene.things[0].colour, scene.things[0].kind)) for scene in portraits])
    is_unseen = torch.tensor([PAIRS[i] in HELD_OUT for i in truth.tolist()])
    first = (whole @ texts.T).topk(5).indices
    exchanged = torch.randperm(len(PAIRS), generator=torch.Generator().manual_seed(0))
    hits = {"right": first[:, 0] == truth, "right5": (first == truth[:, None]).any(-1)}
    hits["shuffled"] = exchanged[first[:, 0]] == truth
    return {
        f"{name}_{kind}": hit[of].float().mean().item()
        for name, hit in hits.items()
        for kind, of in (("seen", ~is_unseen), ("unseen", is_unseen))
    }


def retrieval(scenes: list[Scene], sentences: list[str], whole: Tensor, texts: Tensor) -> dict[str, float]:
    """R@1 both ways, of the baseline (image to text), and with the sentences shuffled; means of galleries."""
    galleries = _galleries(sentences)
    said = torch.tensor([[float(colour in sentence.split()) for colour in COLOURS] for sentence in sentences])
    seen = _colour_shares(scenes)
    base = torch.nn.functional.normalize(seen, dim=-1) @ torch.nn.functional.normalize(said, dim=-1).T
    rows: dict[str, list[float]] = {"i2t": [], "t2i": [], "base": [], "control": []}
    for gallery in galleries:
        scores = whole[gallery] @ texts[gallery].T
        own = torch.arange(len(gallery))
        rows["i2t"].append(_share(scores.argmax(1) == own))
        rows["t2i"].append(_share(scores.argmax(0) == own))
        rows["base"].append(_share(base[gallery][:, gallery].argmax(1) == own))
        rows["control"].append(_share(scores[:, own.roll(1)].argmax(1) == own))
    return {name: float(np.mean(values)) for name, values in rows.items()}


def right_patches(encoder: Encoder, scenes: list[Scene], patches: Tensor) -> float:
    """Share of the patches that show a thing whose nearest pair is that of the thing."""
    texts = encoder.texts([" ".join(pair) for pair in PAIRS])
    shown = pairs_at_patches(scenes)
    found = (patches @ texts.T).argmax(-1)
    truth = shown[..., 0] * len(KINDS) + shown[..., 1]
    return _share((found == truth)[shown[..., 0] >= 0])


def _named(prefix: str, figures: dict[str, float]) -> dict[str, float]:
    return {f"{prefix}_{name}": value for name, value in figures.items()}


def _share(hits: Tensor) -> float:
    return hits.float().mean().item()


def _galleries(sentences: list[str]) -> list[Tensor]:
    """Consecutive scenes; one whose sentence is in its gallery already goes to the next."""
    waiting, galleries = list(range(len(sentences))), []
    while waiting:
        chosen: dict[str, int] = {}
        for i in waiting:
            if len(chosen) == min(GALLERY, len(sentences)):
                break
            chosen.setdefault(sentences[i], i)
        taken = set(chosen.values())
        waiting = [i for i in waiting if i not in taken]
        if len(taken) == min(GALLERY, len(sentences)):
            galleries.append(torch.tensor(sorted(taken)))
    return galleries


def _colour_shares(scenes: list[Scene]) -> Tensor:
    """[scene, colour]: how many of the pixels are nearly of that colour."""
    pixels = (images(scenes).permute(0, 2, 3, 1) * STD + MEAN) * 255
    palette = torch.tensor(list(COLOURS.values()), dtype=torch.float32)
    return torch.stack([((pixels - colour).abs().amax(-1) < 12).float().mean((1, 2)) for colour in palette], -1)


def _trained(state: Path) -> CLIPModel:
    """What a run has made so far."""
    if (state / "model").exists():
        return CLIPModel.from_pretrained(state / "model", dtype=torch.float32)
    model = build_model(0, make_tokenizer())
    model.load_state_dict(torch.load(state / "state.pt", weights_only=True)["model"])
    return model


def _write(state: Path, out: Path) -> None:
    """What is measured is what is shipped: half precision, read back."""
    out.mkdir(parents=True, exist_ok=True)
    _trained(state).half().save_pretrained(out)
    make_tokenizer().save_pretrained(out)
    CLIPImageProcessorPil(
        size={"height": SIDE, "width": SIDE},
        do_center_crop=False,
        image_mean=[MEAN] * 3,
        image_std=[STD] * 3,
    ).save_pretrained(out)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--state", type=Path, help="of the training; writes `--out` anew")
    parser.add_argument("--out", type=Path, help="folder of the checkpoint")
    parser.add_argument("--n-test", type=int, default=len(TEST))
    parser.add_argument("--validation", action="store_true", help="only look at a run, on the seeds that are for that")
    args = parser.parse_args()
    started = time.monotonic()
    if args.validation:
        model = _trained(args.state).eval()
        print(json.dumps(_rounded(measure(Encoder(model, make_tokenizer()), VALIDATION[: args.n_test]))))
        return
    if args.state:
        _write(args.state, args.out)
    model = CLIPModel.from_pretrained(args.out, dtype=torch.float32).eval()
    figures = measure(Encoder(model, AutoTokenizer.from_pretrained(args.out)), TEST[: args.n_test])
    print(json.dumps(_rounded(figures) | {"seconds": round(time.monotonic() - started)}))
    if args.state:
        run = json.loads((args.state / "run.json").read_text(encoding="utf-8"))
        (args.out / "README.md").write_text(_card(model, figures, run), encoding="utf-8")


def _card(model: CLIPModel, figures: dict[str, float], run: dict[str, int]) -> str:
    config: Any = model.config
    text, image = config.text_config, config.vision_config
    facts = {
        "image_layers": image.num_hidden_layers,
        "text_layers": text.num_hidden_layers,
        "heads": image.num_attention_heads,
        "d_model": image.hidden_size,
        "side": SIDE,
        "patch": PATCH,
        "vocabulary": text.vocab_size - 4,
        "parameters": sum(p.numel() for p in model.parameters()) / 1e6,
        "n_kinds": len(KINDS),
        "n_colours": len(COLOURS),
        "n_held_out": len(HELD_OUT),
        "n_pairs": len(PAIRS),
        "template": TEMPLATE.format("red house"),
        "chance": 1 / len(PAIRS),
        "kinds_only": 1 / len(COLOURS),
        "colours_only": 1 / len(KINDS),
        "gallery": GALLERY,
    }
    return _CARD.format(**facts, **figures, **run)


def _rounded(figures: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 4) for name, value in figures.items()}


if __name__ == "__main__":
    main()
