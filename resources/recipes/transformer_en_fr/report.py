"""Measure a trained `transformer-en-fr` on the validation split, and write it out as a checkpoint with its card.

    python -m resources.recipes.transformer_en_fr.report --data DIR --state DIR [--out DIR] [--checkpoints DIR]

A folder that was written is measured again with `--data` and `--out` alone; nothing is written then.
"""

from __future__ import annotations

import argparse
import json
import logging
import re
from copy import deepcopy
from pathlib import Path
from typing import Any, cast

import torch
from tokenizers import Tokenizer
from transformers import GenerationConfig, PreTrainedModel, PreTrainedTokenizerFast

from inference.checkpoints.training_stages import FOLDER
from inference.models.transformer import TransformerForTranslation
from resources.recipes.baselines.ibm_model import IbmModel1
from resources.recipes.transformer_en_fr.along import look, stages, write_along
from resources.recipes.transformer_en_fr.data import Pair, encode_pairs, for_transformers, load_pairs
from resources.recipes.transformer_en_fr.train import LONGEST, PAIRS, build_model, translate, validation_loss

logger = logging.getLogger(__name__)

BEAM = {"num_beams": 4, "length_penalty": 0.6}  # the paper's, section 6.1
N_ALONG = 200  # sentences, for the figures of a stage


def averaged(state: Path, n_pieces: int, seed: int) -> TransformerForTranslation:
    """The mean of the last checkpoints, as in section 6.1 of the paper, rounded to half precision as it is shipped."""
    model = build_model(n_pieces, seed)
    files = sorted((state / "last").glob("*.pt"))
    if files:
        saved = [torch.load(file, weights_only=True) for file in files]
        weights = {name: sum(each[name] for each in saved) / len(saved) for name in saved[0]}
    else:  # a run of a few steps
        weights = torch.load(state / "state.pt", weights_only=True)["model"]
    model.load_state_dict(weights)
    return cast("TransformerForTranslation", model.half().float().eval())


def scores(found: list[str], pairs: list[Pair]) -> dict[str, float]:
    """BLEU and chrF with one reference a pair, and BLEU with all references that a source has."""
    from sacrebleu import corpus_bleu, corpus_chrf

    targets = [pair.target for pair in pairs]
    references: dict[str, list[str]] = {}
    for pair in pairs:
        references.setdefault(pair.source, []).append(pair.target)
    by_source = dict(zip((pair.source for pair in pairs), found, strict=True))
    most = max(map(len, references.values()))
    columns = [[each[i] if i < len(each) else None for each in references.values()] for i in range(most)]
    return {
        "bleu": corpus_bleu(found, [targets]).score,
        "chrf": corpus_chrf(found, [targets]).score,
        "bleu_all": corpus_bleu([by_source[source] for source in references], cast("Any", columns)).score,
    }


def word_for_word(tokenizer: Tokenizer, train: list[Pair], val: list[Pair]) -> list[str]:
    """The baseline: every word by its likeliest translation under IBM model 1, learned from the same pairs."""

    def words(text: str) -> list[str]:
        normalised = cast("Any", tokenizer.normalizer).normalize_str(text)
        cut = cast("Any", tokenizer.pre_tokenizer).pre_tokenize_str(normalised)
        return [word.removeprefix("▁") for word, _ in cut]

    model = IbmModel1([(words(pair.source), words(pair.target)) for pair in train])
    found = (" ".join(model.translate(words(pair.source))) for pair in val)
    return [re.sub(r"(?<=') | (?=[.,'])|(?<=-) | (?=-)", "", text) for text in found]


def measure(
    model: TransformerForTranslation, tokenizer: Tokenizer, train: list[Pair], val: list[Pair]
) -> dict[str, Any]:
    """All figures of the card."""
    sources = list(dict.fromkeys(pair.source for pair in val))
    report: dict[str, Any] = {"n_pairs": len(val), "n_sources": len(sources)}
    for name, how in (("greedy", {}), ("beam", BEAM)):
        by_source = dict(zip(sources, translate(model, tokenizer, sources, **how), strict=True))
        report[name] = scores([by_source[pair.source] for pair in val], val)
        logger.info("%s %s", name, report[name])
    report["words"] = scores(word_for_word(tokenizer, train, val), val)
    logger.info("word for word %s", report["words"])
    report["loss"] = validation_loss(model, encode_pairs(tokenizer, val, LONGEST))
    return report


CARD = """---
license: apache-2.0
language: [en, fr]
---
# transformer-en-fr

The Transformer of 2017 (Vaswani et al., "Attention Is All You Need") as in the paper, only smaller, trained from
scratch for Headlight to translate short English sentences into French. {n_layers} + {n_layers} layers, {d_model} wide,
{n_heads} heads, ReLU networks of {d_mlp}, norms behind every sublayer, sines and cosines for positions, one matrix for
source, target and output; {n_parameters:.1f} M parameters, {n_pieces} byte-pair pieces for both languages, upper and
lower case kept; in half precision.

## Data
Sentence pairs of Tatoeba (tatoeba.org, by way of manythings.org/anki, CC BY 2.0 FR), train split: {n_train:,} pairs.
No English sentence of the validation split is in it.

## Training
{steps:,} steps of about 3,000 tokens ({tokens:.1f} M tokens, {epochs:.1f} times over the data), seed {seed},
Adam (0.9, 0.98, 1e-9), 2,000 steps of warm-up and inverse square root decay by the paper's formula, label smoothing
0.1, dropout 0.1; the mean of the last five checkpoints, 250 steps apart:

    python -m resources.recipes.transformer_en_fr.train --data DIR --state STATE --until {steps}
    python -m resources.recipes.transformer_en_fr.report --data DIR --state STATE --out DIR

## Measured on the validation split
{n_pairs:,} pairs of {n_sources:,} English sentences; sacreBLEU {sacrebleu} with its defaults. "All" takes every
translation that a sentence has as a reference at once. Loss without smoothing: {loss:.3f} nats a piece.

| | BLEU | chrF | BLEU, all |
|---|---|---|---|
| greedy | {greedy} |
| 4 beams, length penalty 0.6 | {beam} |
| word for word (IBM model 1 of the same pairs) | {words} |

Measured again by one command, which needs the data and this folder only:

    python -m resources.recipes.transformer_en_fr.report --data DIR --out resources/checkpoints/transformer-en-fr

## Along the training
`along/` holds what the decoder's attention to the source looked like on sentences of our own, at six stages. Diagonal:
the best head's share of attention within one place of the same relative position. Measuring that again takes the
training run (`--state`).

| step | loss | BLEU, {n_along} sentences | diagonal | {example} |
|---|---|---|---|---|
{along}

## Limits
It has seen short, plain sentences of everyday life only (on average six words). Longer ones, names and figures come out
wrong, whether "you" is *tu* or *vous* is a guess, and Tatoeba is full of Tom.
"""


def card(report: dict[str, Any], model: TransformerForTranslation) -> str:
    """The model card: data, split, metric, baseline."""
    from sacrebleu import __version__

    config = model.config

    def cells(row: dict[str, float]) -> str:
        return " | ".join(f"{row[key]:.1f}" for key in ("bleu", "chrf", "bleu_all"))

    along = [
        f"| {stage.step:,} | {stage.loss:.2f} | {stage.bleu:.1f} | {stage.on_diagonal.max():.2f} "
        f"| {stage.translations[0][:60]} |"
        for stage in report["along"]
    ]
    return CARD.format(
        **{key: report[key] for key in ("n_pairs", "n_sources", "n_train", "steps", "seed", "loss")},
        **{key: cells(report[key]) for key in ("greedy", "beam", "words")},
        tokens=report["tokens"] / 1e6,
        epochs=report["epochs"],
        n_layers=config.encoder_layers,
        d_model=config.d_model,
        n_heads=config.encoder_attention_heads,
        d_mlp=config.encoder_ffn_dim,
        n_parameters=model.num_parameters() / 1e6,
        n_pieces=config.vocab_size,
        sacrebleu=__version__,
        n_along=N_ALONG,
        example=report["example"],
        along="\n".join(along),
    )


def measure_again(folder: Path, data: Path, limit: int | None) -> dict[str, Any]:
    """The figures of a folder that was written, but for those along the training."""
    model = cast("Any", TransformerForTranslation).from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager"
    )
    model.generation_config.max_length = None  # `translate` sets it by the source
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    train, val = (load_pairs(data / PAIRS, split, limit) for split in ("train", "val"))
    return measure(model.eval(), tokenizer, train, val)


def save(model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, folder: Path) -> None:
    """A checkpoint that writes texts, in the layout of the hub and in half precision; `model` stays as it is."""
    half = deepcopy(model).half()
    half.generation_config = GenerationConfig.from_model_config(model.config)
    half.generation_config.max_length = tokenizer.model_max_length
    half.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--state", type=Path, help="folder of the training run")
    parser.add_argument("--out", type=Path, help="write checkpoint and card there; without `--state`: measure this one")
    parser.add_argument("--checkpoints", type=Path, help="write the six stages there, each as a whole checkpoint")
    parser.add_argument("--seed", type=int, default=0, help="of the run")
    parser.add_argument("--limit", type=int, help="read so many pairs of each split only")
    parser.add_argument("--threads", type=int, help="of torch; all processors if not given")
    args = parser.parse_args()
    if not (args.state or args.out):
        parser.error("name the folder of a training run by --state, or of a checkpoint by --out")
    if args.threads:
        torch.set_num_threads(args.threads)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    if not args.state:
        print(json.dumps(measure_again(args.out, args.data, args.limit), indent=1))
        return
    tokenizer = Tokenizer.from_file(str(args.state / "tokenizer.json"))
    n_pieces = tokenizer.get_vocab_size()
    train, val = (load_pairs(args.data / PAIRS, split, args.limit) for split in ("train", "val"))
    model = averaged(args.state, n_pieces, args.seed)
    report = measure(model, tokenizer, train, val)
    state = torch.load(args.state / "state.pt", weights_only=True, mmap=True)
    encoded = encode_pairs(tokenizer, train, LONGEST)
    n_epoch = sum(map(len, encoded.sources)) + sum(map(len, encoded.targets))
    report |= {"n_train": len(train), "steps": state["step"], "tokens": state["n_tokens"], "seed": args.seed}
    report["epochs"] = state["n_tokens"] / n_epoch
    some = val[:: max(1, len(val) // N_ALONG)][:N_ALONG]
    shipped = for_transformers(tokenizer, model.config.max_position_embeddings)
    looked = []
    for step, weights in stages(args.state, n_pieces, args.seed, model).items():
        stage_model = build_model(n_pieces, args.seed).eval()
        stage_model.load_state_dict(weights)
        looked.append(look(stage_model, tokenizer, step, some, encode_pairs(tokenizer, some, LONGEST)))
        logger.info("%s", looked[-1][0])
        if args.checkpoints:
            save(stage_model, shipped, args.checkpoints / f"step-{step:06}")
    report["along"] = [stage for stage, _ in looked]
    report["example"] = '"The cat sleeps on the old chair."'
    logger.info(json.dumps({key: value for key, value in report.items() if key != "along"}, indent=1))
    if args.out:
        save(model, shipped, args.out)
        write_along(args.out / FOLDER, tokenizer, looked)
        (args.out / "README.md").write_text(card(report, model), encoding="utf-8")


if __name__ == "__main__":
    main()
