"""Measure a VideoBERT of drawn clips and write its folder: weights, tokenizer, preprocessing, model card.

    python -m resources.recipes.videobert_clips.report --state DIR --out resources/checkpoints/videobert-clips

A folder that was written is measured again with `--out` alone.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import torch
from transformers import AutoTokenizer, ViTImageProcessorPil

from inference.models.videobert.model import VideoBert
from resources.recipes.scene_data import MEAN, SIDE, STD
from resources.recipes.videobert_clips import measures
from resources.recipes.videobert_clips.data import N_CHIPS, script_hash, test_clips, training_clip

_N_KNOWN = 400  # training clips by which words are told what they stand for
_CARD = """---
license: apache-2.0
---
# videobert-clips

A small VideoBERT (Sun et al. 2019) with the head of CBT (Sun et al. 2019) on the same trunk, trained for Headlight on
drawn clips. One BERT of {n_layers} layers, {d_model} wide, reads `[CLS] words [>] chips [SEP]`; a film is {n_chips}
chips of {frames_a_chip} frames each, spread evenly. A frozen convolutional network makes a vector of each chip, and a
tree of means ({branches}) makes one of {n_visual} visual words of it. {parameters:.2f} M parameters with that network
({network:.2f} M), in half precision; {vocabulary} words, one token each.

## Data
Clips of `resources/clips.py`, in which one to three things enter, move, grow, shrink, turn, meet, change colour and
leave, with a narration as speech recognition gives it: in small letters, early or late by some frames, with filler
words and asides. {clips:,} clips of seeds from 1,000,000 on were trained on, {network_clips:,} of them by the network
of chips. Measured are {n_test} clips of seeds from 2,000 on whose scripts occur nowhere in training, and once among
them. The program draws the clips and makes the sentences, so they are under its own licence.

## Training
The network of chips learned to tell what happens in the middle of a chip, in which direction and to what kind of
thing, in {network_steps:,} steps of 64 chips; it was then frozen and its vectors were sorted by hierarchical k-means.
The trunk was trained for {steps:,} steps, seed {seed}: masked words and masked visual words of a stretch of film with
what is said meanwhile, of whole films with all that is said, of films alone and of texts alone; whether words and
chips belong together; and the vector of a masked chip among those of all chips that are masked in the batch (CBT). Two
in five films were read as vectors, the others as words.

    python -m resources.recipes.videobert_clips.train --state STATE
    python -m resources.recipes.videobert_clips.report --state STATE --out resources/checkpoints/videobert-clips

## Measured
Again with `python -m resources.recipes.videobert_clips.report --out resources/checkpoints/videobert-clips`.

| | measured | control | |
|---|---|---|---|
| masked visual word in the likeliest five, with the text | {cloze_top5:.3f} | {often_top5:.3f} | most frequent five |
| the likeliest | {cloze_top1:.3f} | {often_top1:.3f} | the most frequent |
| in the likeliest five, without the text | {cloze_silent_top5:.3f} | {often_top5:.3f} | most frequent five |
| masked verb of the template, with the chips of its event | {verb:.3f} | {verb_blind:.3f} | no film |
| | | {verb_other:.3f} | another film |
| | | {verb_noise:.3f} | frames of noise |
| | | {verb_often:.3f} | the most frequent verb |
| a visual word stands for what happens | {purity:.3f} | {purity_blind:.3f} | the most frequent action |
| a sentence and its chips belong together, or do not | {aligned:.3f} | {aligned_noise:.3f} | frames of noise |
| of the two the right one has the higher score | {aligned_pair:.3f} | 0.5 | chance |
| the same of all that is said of two films | {aligned_whole:.3f} | 0.5 | chance |
| the likeliest visual word of a sentence fits it | {text_to_chip:.3f} | {purity_blind:.3f} | most frequent action |
| next chip among three futures | {future_1:.3f} | {stays_1:.3f} | the last chip goes on |
| the one after | {future_2:.3f} | {stays_2:.3f} | |
| the third | {future_3:.3f} | {stays_3:.3f} | |
| CBT: the hidden chip among 64, the others of other films | {nce:.3f} | 0.016 | chance |
| CBT: among the twelve of its own film | {nce_own:.3f} | 0.083 | chance |

The template is "{template}". Chips of another film are
those at the same time, and films begin alike: something enters. A wrong sentence is that of the next clip at the same
place.

## Limits
It knows sixteen drawn silhouettes, eight colours, nine things that can happen and {vocabulary} words. Its visual words
tell what happens better than to what: a masked kind or colour is a guess. Things hardly ever meet in its clips, so it
does not know that well. Which of two ways a story goes on is often not to be foreseen.
"""


def measure(model: VideoBert, n_test: int, n_training: int) -> dict[str, float]:
    """Everything that the card says, of clips that were not trained on."""
    known = {script_hash(training_clip(i)) for i in range(n_training)}
    films = measures.seen(model, test_clips(n_test, known))
    training = [training_clip(i) for i in range(min(_N_KNOWN, n_training))]
    taught = measures.seen(model, training)
    pairs = taught.words.flatten(), taught.actions.flatten()
    often = model.chips.counts.argsort(descending=True)
    noise, others = measures.of_noise(model, films), measures.of_others(films)
    return {
        **measures.purity(films, model.config.n_visual_words, pairs),
        **measures.chip_cloze(model, films, often),
        "verb": measures.verb_cloze(model, films),
        "verb_blind": measures.verb_cloze(model, films, has_film=False),
        "verb_other": measures.verb_cloze(model, others),
        "verb_noise": measures.verb_cloze(model, noise),
        "verb_often": measures.most_frequent_verb(films, training),
        **measures.alignment(model, films),
        "aligned_noise": measures.alignment(model, noise)["aligned"],
        **measures.nce(model, films),
        **measures.futures(model, films),
        "text_to_chip": measures.text_to_chip(model, films, measures.stands_for(model.config.n_visual_words, pairs)),
        "n_test": len(films.clips),
    }


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--state", type=Path, help="of the training; writes `--out` anew")
    parser.add_argument("--out", type=Path, required=True, help="folder of the checkpoint")
    parser.add_argument("--n-test", type=int, default=300, help="clips that are measured")
    parser.add_argument("--n-training", type=int, default=10_000, help="clips whose scripts are not measured")
    parser.add_argument("--threads", type=int, help="of torch; all processors if not given")
    args = parser.parse_args()
    if args.threads:
        torch.set_num_threads(args.threads)
    started = time.monotonic()
    if args.state:
        _write(args.state / "model", args.out)
    model = VideoBert.from_pretrained(args.out, dtype=torch.float32).eval()
    figures = measure(model, args.n_test, args.n_training)
    rounded = {name: round(value, 4) for name, value in figures.items()}
    print(json.dumps(rounded | {"seconds": round(time.monotonic() - started)}))
    if args.state:
        run = json.loads((args.state / "run.json").read_text(encoding="utf-8"))
        (args.out / "README.md").write_text(_card(model, figures, run), encoding="utf-8")


def _write(state: Path, out: Path) -> None:
    """What is measured is what is shipped: half precision, read back."""
    out.mkdir(parents=True, exist_ok=True)
    VideoBert.from_pretrained(state, dtype=torch.float16).save_pretrained(out)
    AutoTokenizer.from_pretrained(state).save_pretrained(out)
    size = {"height": SIDE, "width": SIDE}
    ViTImageProcessorPil(size=size, image_mean=[MEAN] * 3, image_std=[STD] * 3).save_pretrained(out)


def _card(model: VideoBert, figures: dict[str, float], run: dict[str, Any]) -> str:
    config = model.config
    facts = {
        "n_layers": config.num_hidden_layers,
        "d_model": config.hidden_size,
        "n_chips": N_CHIPS,
        "frames_a_chip": config.frames_a_chip,
        "branches": " × ".join([str(config.n_branches)] * config.n_levels),
        "n_visual": config.n_visual_words,
        "parameters": sum(p.numel() for p in model.parameters()) / 1e6,
        "network": sum(p.numel() for p in model.chips.parameters()) / 1e6,
        "vocabulary": config.vocab_size,
        "template": " ".join(measures.TEMPLATE),
    }
    return _CARD.format(**(figures | run | facts))


if __name__ == "__main__":
    main()
