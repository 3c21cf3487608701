"""Measure a small MERLOT and write its folder: weights, tokenizer, preprocessing, model card.

    python -m resources.recipes.merlot_clips.report --state DIR --out resources/checkpoints/merlot-clips

A folder that was written is measured again with `--out` alone.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor
from transformers import AutoTokenizer, PreTrainedTokenizerFast, ViTImageProcessorPil

from inference.analyses.order import scored_orders
from inference.inputs.clips.segments import clip_segments
from inference.inputs.scene_images import paint_scene
from inference.models.merlot.masking import choose_masks
from inference.models.merlot.model import Merlot
from resources.clips import Clip, make_clip
from resources.recipes.merlot_clips.data import (
    FIRST_WORD,
    MASK,
    N_FRAMES,
    SIDE,
    TEST_CLIPS,
    pixels,
    token_ids,
)
from resources.scene_shapes import COLOURS, KINDS
from resources.scenes import HELD_OUT, SIZES

N_TEST: Final = 640
_AMONG: Final = 64  # pairs of a frame and a sentence, of clips with four each
_N_BATCH: Final = 32
_FILLERS: Final = ("now", "watch", "so", "and", "um", "okay", "here", "look", "you", "see", "then", "uh")
_TELLING: Final = (
    *(*SIZES, *COLOURS, *KINDS),
    *("enters", "comes", "meets", "moves", "grows", "shrinks", "turns", "becomes", "leaves", "left", "right"),
    *("up", "down"),
)
_CARD = """---
license: apache-2.0
---
# merlot-clips

A small MERLOT (Zellers et al. 2021) trained for Headlight on generated clips. A residual network and a Transformer of
two layers read each of {n_frames} frames; three layers read the sentences alone, and then words and frames together.
{parameters:.2f} M parameters, {d_model} wide, in half precision; frames of {side} x {side} pixels, {vocabulary} words,
one token each.

## Data
Clips of `resources/clips.py`, in which things enter, move, grow, turn, meet, change colour and leave, with a narration
that has filler words: "now watch the small red ring grows". Of each event there is a frame, about two thirds into it,
and what is said of it; clips of three events have their last frame as a fourth. {clips:,} clips of seeds from 1,000,000
on were painted once; a group of training is four events of one that follow each other, each frame at one of three
moments. {n_held_out} of the 128 pairs of a colour and a kind never occur in training. Measured are {n_test} clips of
seeds from 2,000 on that have four events or more, in their first four. The program draws the frames and writes the
sentences, so they are under its own licence.

## Training
{steps:,} steps of {groups} groups, seed {seed}, as published: frames and sentences that belong together (InfoNCE both
ways, temperature 0.05), masked words, half of which are among the fifth that is attended to most, and what comes before
what, where in two groups of five the model is not told when some of the frames are. Other than published: all losses
weigh the same, and that of the order is divided by the weights of its pairs.

    python -m resources.recipes.merlot_clips.train --state STATE --steps {steps}
    python -m resources.recipes.merlot_clips.report --state STATE --out resources/checkpoints/merlot-clips

## Measured
Again with `python -m resources.recipes.merlot_clips.report --out resources/checkpoints/merlot-clips`. Controls: frames
of noise, or the frames of another clip.

| | with the frames | noise | another clip | chance |
|---|---|---|---|---|
| the right frame of 64 for a sentence (of 16 clips) | {to_frame:.3f} | {noise_to_frame:.3f} | - | 0.016 |
| the right sentence of 64 for a frame | {to_text:.3f} | {noise_to_text:.3f} | - | 0.016 |
| the right frame of the four of the clip | {within:.3f} | {noise_within:.3f} | - | 0.25 |
| pairs of frames put in the right order | {pairs:.3f} | {noise_pairs:.3f} | {other_pairs:.3f} | 0.5 |
| all four frames put in the right order | {exact:.3f} | {noise_exact:.3f} | {other_exact:.3f} | 0.042 |
| pairs in order, with pairs of a colour and a kind that never occur in training | {unseen_pairs:.3f} | - | - | 0.5 |
| masked words that are right | {words:.3f} | {noise_words:.3f} | {other_words:.3f} | - |
| sizes, colours and kinds among them | {attributes:.3f} | {noise_attributes:.3f} | {other_attributes:.3f} | - |

Attention where the text is read alone: of the fifth of all words that is attended to most, {top_telling:.3f} tell what
happens, to what, or where; of all words {all_telling:.3f} do. Filler words are {top_fillers:.3f} of that fifth, and
{all_fillers:.3f} of all.

## Limits
It knows sixteen drawn silhouettes, eight colours and {vocabulary} words. A frame alone does not tell which way a thing
moves, so that sentences of one thing in one clip are told apart by what else has changed.
"""


@dataclass(frozen=True)
class Told:
    """Clips of four segments: float32 [clip, frame, 3, row, column], and int64 [clip, frame * LONGEST]."""

    pixel_values: Tensor
    input_ids: Tensor


def told_clips(seeds: Sequence[int], n: int, tokenizer: PreTrainedTokenizerFast, *, are_unseen: bool = False) -> Told:
    """The first `n` clips of four events or more; `are_unseen`: each has a pair that never occurs in training."""
    frames, ids = [], []
    for seed in seeds:
        clip = make_clip(seed, with_held_out=are_unseen)
        if len(clip.events) < N_FRAMES or (are_unseen and not _has_unseen(clip)):
            continue
        segments = clip_segments(clip, N_FRAMES)[:N_FRAMES]
        frames.append([np.asarray(paint_scene(clip.scene_at(segment.frame), SIDE)) for segment in segments])
        ids.append(token_ids([segment.text for segment in segments], tokenizer))
        if len(ids) == n:
            break
    return Told(pixels(np.array(frames)), torch.stack(ids))


def _has_unseen(clip: Clip) -> bool:
    return any((pose.colour, e.actor) in HELD_OUT for e in clip.events[:N_FRAMES] for pose in (e.before, e.after))


@torch.inference_mode()
def measure(
    model: Merlot, told: Told, tokenizer: PreTrainedTokenizerFast, *, is_short: bool = False
) -> dict[str, float]:
    """What is told of clips; `is_short`: of the order alone."""
    rng = np.random.default_rng(0)
    figures: dict[str, list[float]] = {}
    scores: list[tuple[Tensor, Tensor]] = []
    for start in range(0, len(told.input_ids), _N_BATCH):
        images, ids = told.pixel_values[start : start + _N_BATCH], told.input_ids[start : start + _N_BATCH]
        for name, value in _orders(model, images, ids, rng).items():
            figures.setdefault(name, []).extend(value)
        if is_short:
            continue
        for name, value in _words(model, images, ids, rng, tokenizer).items():
            figures.setdefault(name, []).extend(value)
        places = torch.arange(ids.shape[1]).expand_as(ids)
        compared = model.contrastive(model.vision_backbone(images)[0], "viz").flatten(0, 1)
        captions = model.caption_vectors(ids, places).flatten(0, 1)
        scores += list(zip(captions.split(_AMONG), compared.split(_AMONG), strict=True))
    for captions, frames in scores:
        if len(captions) < _AMONG:
            continue
        own, cosines = torch.arange(_AMONG), captions @ frames.T
        figures.setdefault("to_frame", []).extend((cosines.argmax(1) == own).float().tolist())
        figures.setdefault("to_text", []).extend((cosines.argmax(0) == own).float().tolist())
        clips = cosines.reshape(-1, N_FRAMES, _AMONG // N_FRAMES, N_FRAMES).diagonal(0, 0, 2).movedim(-1, 0)
        right = clips.argmax(-1) == torch.arange(N_FRAMES)
        figures.setdefault("within", []).extend(right.flatten().float().tolist())
    return {name: float(np.mean(values)) for name, values in figures.items()}


def _orders(model: Merlot, images: Tensor, ids: Tensor, rng: np.random.Generator) -> dict[str, list[float]]:
    """Frames are given in any order; each place that stands for "not told" is tried at each of them."""
    n = N_FRAMES
    order = np.stack([rng.permutation(n) for _ in images])
    shown = images[torch.arange(len(images))[:, None], torch.from_numpy(order)]
    features = model.vision_backbone(shown)[1]
    places = torch.arange(ids.shape[1]).expand_as(ids)
    probs = []
    for shift in range(n):
        unknown = (torch.arange(n).roll(shift) + model.config.unknown_place).expand(len(ids), -1)
        read, frames = model.join(features, unknown, ids, places)
        probs.append(model.lang_viz_temporal(model.starts(read, places), frames).softmax(-1))
    found: dict[str, list[float]] = {"pairs": [], "exact": []}
    for truth, text_frame in zip(order, torch.stack(probs).mean(0).numpy(), strict=True):
        best = scored_orders(text_frame)[0][0]
        right = [(best[i] < best[j]) == (truth[i] < truth[j]) for i in range(n) for j in range(i)]
        found["pairs"].append(float(np.mean(right)))
        found["exact"].append(float(all(right)))
    return found


def _words(
    model: Merlot, images: Tensor, ids: Tensor, rng: np.random.Generator, tokenizer: PreTrainedTokenizerFast
) -> dict[str, list[float]]:
    """All words that are chosen are masked. Frames tell when they are."""
    places = torch.arange(ids.shape[1]).expand_as(ids)
    received = model.attention_received(ids, places).numpy()
    chosen = [choose_masks(row, own >= FIRST_WORD, rng) for row, own in zip(received, ids.numpy(), strict=True)]
    is_masked = torch.from_numpy(np.stack([each.is_masked for each in chosen]))
    is_top = torch.from_numpy(np.stack([each.is_top for each in chosen]))
    masked = ids.masked_fill(is_masked, MASK)
    right = model(images, ids, masked_ids=masked).word_logits.argmax(-1) == ids

    def one_of(words: Sequence[str]) -> Tensor:
        return torch.isin(ids, torch.tensor(tokenizer.convert_tokens_to_ids(list(words))))

    is_attribute, is_word = one_of((*SIZES, *COLOURS, *KINDS)), ids >= FIRST_WORD
    counted = {
        "words": right[is_masked],
        "attributes": right[is_masked & is_attribute],
        "top_telling": one_of(_TELLING)[is_top],
        "all_telling": one_of(_TELLING)[is_word],
        "top_fillers": one_of(_FILLERS)[is_top],
        "all_fillers": one_of(_FILLERS)[is_word],
    }
    return {name: values.float().tolist() for name, values in counted.items()}


def measure_all(model: Merlot, tokenizer: PreTrainedTokenizerFast, n_test: int) -> dict[str, float]:
    """With the frames, with noise, with those of another clip, and with pairs that never occur in training."""
    told = told_clips(TEST_CLIPS, n_test, tokenizer)
    generator = torch.Generator().manual_seed(0)
    noise = Told(torch.rand(told.pixel_values.shape, generator=generator) - 0.5, told.input_ids)
    other = Told(told.pixel_values.roll(1, 0), told.input_ids)
    unseen = told_clips(TEST_CLIPS, max(_AMONG // N_FRAMES, n_test // 4), tokenizer, are_unseen=True)
    figures = measure(model, told, tokenizer)
    for name, clips in (("noise", noise), ("other", other)):
        figures |= {f"{name}_{key}": value for key, value in measure(model, clips, tokenizer).items()}
    found = measure(model, unseen, tokenizer, is_short=True)
    return figures | {f"unseen_{key}": value for key, value in found.items()}


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--state", type=Path, help="of the training; writes `--out` anew")
    parser.add_argument("--out", type=Path, required=True, help="folder of the checkpoint")
    parser.add_argument("--n-test", type=int, default=N_TEST)
    parser.add_argument("--threads", type=int, help="of torch; all processors if not given")
    args = parser.parse_args()
    if args.threads:
        torch.set_num_threads(args.threads)
    started = time.monotonic()
    if args.state:
        _write(args.state / "model", args.out)
    tokenizer = AutoTokenizer.from_pretrained(args.out)
    model = Merlot.from_pretrained(args.out, dtype=torch.float16).float().eval()
    figures = measure_all(model, tokenizer, args.n_test)
    rounded = {name: round(value, 4) for name, value in figures.items()}
    print(json.dumps(rounded | {"seconds": round(time.monotonic() - started)}))
    if args.state:
        run = json.loads((args.state / "run.json").read_text(encoding="utf-8"))
        (args.out / "README.md").write_text(_card(model, figures, run, args.n_test), encoding="utf-8")


def _write(state: Path, out: Path) -> None:
    """What is measured is what is shipped: half precision, read back."""
    out.mkdir(parents=True, exist_ok=True)
    Merlot.from_pretrained(state, dtype=torch.float16).save_pretrained(out)
    AutoTokenizer.from_pretrained(state).save_pretrained(out)
    size = {"height": SIDE, "width": SIDE}
    ViTImageProcessorPil(size=size, image_mean=[0.5] * 3, image_std=[1.0] * 3).save_pretrained(out)


def _card(model: Merlot, figures: dict[str, float], run: dict[str, Any], n_test: int) -> str:
    facts = {
        "parameters": sum(p.numel() for p in model.parameters()) / 1e6,
        "d_model": model.config.hidden_size,
        "vocabulary": model.config.vocab_size,
        "n_frames": N_FRAMES,
        "side": SIDE,
        "n_held_out": len(HELD_OUT),
        "n_test": n_test,
    }
    return _CARD.format(**(figures | run | facts))


if __name__ == "__main__":
    main()
