"""Measure a trained `gpt-mini` on the validation split, and write it out as a checkpoint with its card.

    python -m resources.recipes.gpt_mini.report --data DIR --state DIR [--weights FILE] [--out DIR]

It takes any saved state; `cooled.pt` if there is one, else `state.pt`. A folder that was written is measured again with
`--data` and `--out` alone; nothing is written then. `--own` leaves out the n-gram models beside it.
"""

from __future__ import annotations

import argparse
import json
import logging
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from transformers import GPT2LMHeadModel

from inference.analyses.few_shot import few_shot
from inference.context import Context
from inference.forward.opening import load
from inference.models.kneser_ney import KneserNey
from inference.results.few_shot import MOST_SHOTS, TASKS, FewShotRequest
from resources.recipes.gpt_mini.data import (
    MIX,
    PAIRS_FILE,
    EncodedTexts,
    encode,
    encode_all,
    for_transformers,
    load_texts,
    plain,
    prepare,
    prompt,
)
from resources.recipes.gpt_mini.scores import (
    Scorer,
    blimp_accuracy,
    continuations,
    load_blimp,
    network_bits,
    ngram_bits,
    ngram_counts,
    perplexities,
    translations,
)
from resources.recipes.gpt_mini.tasks import TASK_SHARES
from resources.recipes.gpt_mini.train import build_model
from resources.recipes.transformer_en_fr.data import Pair, load_pairs
from resources.recipes.transformer_en_fr.report import save, scores

logger = logging.getLogger(__name__)

BLIMP = Path("classification") / "blimp.tsv.xz"
ORDERS = (3, 5)
SHOTS = (0, 1, 2, 4, 8)
N_TRIALS = 200
MOST_WORDS = 25_000  # of each source; the first texts of the validation split
EXAMPLES = (prompt("I am a student"), prompt("The cat sleeps on the old chair."), "Once upon a time there was")
FIELDS = {
    "morphology": "morphology",
    "semantics": "semantics",
    "syntax": "syntax",
    "syntax_semantics": "syntax and semantics",
}


def restore(file: Path, n_tokens: int) -> GPT2LMHeadModel:
    """The model of a saved state, rounded to half precision as it is shipped."""
    model = build_model(n_tokens, 0)
    model.load_state_dict(torch.load(file, weights_only=True, map_location="cpu")["model"])
    return model.half().float().eval()


def some_texts(texts: list[str], most_words: int) -> list[str]:
    """The first texts, of together about so many words; at least one, cut off where it is longer."""
    kept, n = [], 0
    for text in texts:
        if n >= most_words:
            break
        words = text.split(" ")
        kept.append(" ".join(words[: most_words - n]))
        n += len(words)
    return kept


def measure(
    model: GPT2LMHeadModel,
    tokenizer: Tokenizer,
    train: dict[str, EncodedTexts] | None,
    data: Path,
    *,
    most_words: int,
    blimp: int | None,
    n_pairs: int | None,
) -> dict[str, Any]:
    """All figures of the card but those of tasks; without `train` only the model's own."""
    texts = {name: some_texts(rows, most_words) for name, rows in load_texts(data, "val").items()}
    val = {name: encode(tokenizer, rows) for name, rows in texts.items()}
    minimal = load_blimp(data / BLIMP, blimp)
    scorers: dict[str, Scorer] = {"gpt-mini": lambda rows: network_bits(model, rows)}
    report: dict[str, Any] = {"perplexity": {}, "blimp": {}, "n_minimal": len(minimal)}
    if train is not None:
        report["n_train"] = {name: len(train[name].ids) for name in MIX}
        counts = ngram_counts(train, tokenizer.get_vocab_size(), max(ORDERS))
        for order in ORDERS:
            ngrams = KneserNey.estimate(counts, order)
            scorers[f"KN-{order}"] = lambda rows, ngrams=ngrams: ngram_bits(ngrams, rows)
    report["n_words"] = {name: encoded.n_words for name, encoded in val.items()}
    for name, scorer in scorers.items():
        report["perplexity"][name] = perplexities(scorer, val)
        logger.info("perplexity %s %s", name, report["perplexity"][name])
        if name != "KN-3":
            report["blimp"][name] = blimp_accuracy(scorer, tokenizer, minimal)
            logger.info("BLiMP %s %s", name, report["blimp"][name])
    pairs = [
        Pair(plain(pair.source), plain(pair.target))
        for pair in load_pairs(data / "translation" / PAIRS_FILE, "val", n_pairs)
    ]
    report["n_pairs"] = len(pairs)
    report["translation"] = scores(translations(model, tokenizer, pairs), pairs)
    report["copied"] = scores([pair.source for pair in pairs], pairs)
    report["examples"] = dict(zip(EXAMPLES, continuations(model, tokenizer, list(EXAMPLES)), strict=True))
    logger.info("translation %s, examples %s", report["translation"], report["examples"])
    return report


def few_shot_accuracy(checkpoint: Path, n_trials: int) -> dict[str, list[float]]:
    """By task the accuracy behind `SHOTS` examples, and behind 8 with each other's answers, as the program tells it."""
    model = load(str(checkpoint), Context())
    found = {}
    for task in TASKS:
        accuracy = few_shot(FewShotRequest(str(checkpoint), task, n_trials=n_trials), model, Context()).accuracy
        found[task] = [float(accuracy[0, n]) for n in SHOTS] + [float(accuracy[1, MOST_SHOTS])]
    return found


CARD = """---
license: apache-2.0
language: [en, fr]
---
# gpt-mini

A small GPT-2 (Radford et al. 2019) trained from scratch for Headlight: it goes on with English text, and translates a
short sentence into French when the text asks for it, as in `I am a student <to-fr> je suis étudiant <eos>`.
{n_layers} layers, {n_heads} heads, {d_model} wide, {n_parameters:.1f} M parameters, {n_tokens} byte-level pieces
learned from both languages, {n_ctx} positions; in half precision.

## Data
Train split: Tatoeba sentences and their French translations (manythings.org/anki, CC BY 2.0 FR), Common Voice
sentences (CC0), COCO captions (CC BY 4.0), stories of African Storybook, Pratham Books and Book Dash (CC BY 4.0),
Andersen (public domain), books 1811-1911 (public domain), English Wikinews (CC BY 2.5): {n_train:.1f} M tokens. No
English sentence of a validation split of Tatoeba is in it. Shares of the trained tokens: {mix}.

Beside them, {task_shares}:
texts of two to nine lines, each a word, `=>` and the same word (half of these: up to five words), its plural or its
past tense, made by rule, or a sentence, `<to-fr>` and its translation. No word that the tasks below ask for is in them.

## Training
{tokens:.1f} M tokens in {steps:,} steps, seed {seed}, {cooled}:

    python -m resources.recipes.gpt_mini.train --data DIR --state STATE --tokens {tokens_arg}
    python -m resources.recipes.gpt_mini.train --data DIR --state STATE --cool-down {cooled_arg}
    python -m resources.recipes.gpt_mini.report --data DIR --state STATE --out resources/checkpoints/gpt-mini

## Measured on the validation split
Perplexity per word: 2 to the bits of all tokens over the number of words, on the first {most_words:,} words of each
source. Baseline on the same tokens: interpolated Kneser-Ney models of 3 and 5 tokens with three discounts an order,
counted on the same training text. "All sources" weighs the bits per word by the shares in training.

| source | gpt-mini | KN-3 | KN-5 |
|---|---|---|---|
{perplexity}

BLiMP (Warstadt et al. 2020, CC BY 4.0): share of {n_minimal:,} pairs whose good sentence is likelier than the bad one.
Control: the 5-gram model, which sees four tokens back; guessing scores 0.50.

| field | gpt-mini | KN-5 |
|---|---|---|
{blimp}

Translation by greedy continuation of `... <to-fr>`, {n_pairs:,} pairs, sacreBLEU {sacrebleu} with its
defaults; "all" takes every translation that a sentence has as a reference at once. Control: the English as it is.

| | BLEU | chrF | BLEU, all |
|---|---|---|---|
| gpt-mini | {translation} |
| the English | {copied} |

Tasks as text: share of right answers behind so many examples in the prompt, {n_trials} trials each, as the view
Few-shot measures it. The words are not those of training; opposites were never trained. Control: behind 8 examples with
each other's answers.

| task | 0 | 1 | 2 | 4 | 8 | others' answers |
|---|---|---|---|---|---|---|
{few_shot}

All of this is measured again by one command, which needs the data and this folder only, and some ten minutes of one
processor core:

    python -m resources.recipes.gpt_mini.report --data DIR --out resources/checkpoints/gpt-mini

It goes on, greedily:

{examples}

## Limits
It has read little, and old books: it knows no facts worth trusting, and repeats what its texts took for granted. It
translates short, plain sentences of everyday life only.
"""


def card(report: dict[str, Any], model: GPT2LMHeadModel, state: dict[str, Any], most_words: int, seed: int) -> str:
    """The model card: data, split, licences, metrics, baselines and controls."""
    from sacrebleu import __version__

    config = model.config
    names = [f"KN-{order}" for order in ORDERS]
    rows = []
    for source in ("all", *MIX):
        title = "**all sources**" if source == "all" else source.replace("_", " ")
        values = (f"{report['perplexity'][name][source]:.1f}" for name in ("gpt-mini", *names))
        rows.append(f"| {title} | {' | '.join(values)} |")
    fields = {"all": "**all**"} | FIELDS
    blimp = [
        f"| {title} | {report['blimp']['gpt-mini'][field]:.3f} | {report['blimp']['KN-5'][field]:.3f} |"
        for field, title in fields.items()
        if field in report["blimp"]["KN-5"]
    ]

    def cells(row: dict[str, float]) -> str:
        return " | ".join(f"{row[key]:.1f}" for key in ("bleu", "chrf", "bleu_all"))

    cooled = state["cooled"]
    constant = state["n_tokens"] - cooled
    return CARD.format(
        n_layers=config.n_layer,
        n_heads=config.n_head,
        d_model=config.n_embd,
        n_ctx=config.n_positions,
        n_tokens=config.vocab_size,
        n_parameters=model.num_parameters() / 1e6,
        n_train=sum(report["n_train"].values()) / 1e6,
        mix=", ".join(f"{name.replace('_', ' ')} {share:.0%}" for name, share in MIX.items()),
        tokens=state["n_tokens"] / 1e6,
        steps=state["step"],
        seed=seed,
        cooled=f"the rate falling over the last {cooled / 1e6:.1f} M" if cooled else "at a constant rate to the end",
        tokens_arg=f"{constant / 1e6:.1f}e6",
        cooled_arg=f"{cooled / 1e6:.1f}e6",
        most_words=most_words,
        perplexity="\n".join(rows),
        n_minimal=report["n_minimal"],
        blimp="\n".join(blimp),
        n_pairs=report["n_pairs"],
        sacrebleu=__version__,
        translation=cells(report["translation"]),
        copied=cells(report["copied"]),
        task_shares=" and ".join(
            f"{share:.2g} tokens to each token after the first {start / 1e6:.1f} M" for start, share in TASK_SHARES
        ),
        n_trials=N_TRIALS,
        few_shot="\n".join(
            f"| {TASKS[task].title} | {' | '.join(f'{value:.2f}' for value in values)} |"
            for task, values in report["few_shot"].items()
        ),
        examples="\n".join(f"    {start} ... {text}".replace("\n", " ") for start, text in report["examples"].items()),
    )


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--state", type=Path, help="folder of the training run")
    parser.add_argument("--weights", type=Path, help="a saved state of the run, other than the last one")
    parser.add_argument("--out", type=Path, help="write checkpoint and card there; without `--state`: measure this one")
    parser.add_argument("--words", type=int, default=MOST_WORDS, help="of each source")
    parser.add_argument("--blimp", type=int, help="so many pairs of each paradigm only")
    parser.add_argument("--pairs", type=int, help="translate the first pairs only")
    parser.add_argument("--own", action="store_true", help="without n-gram models; only for a folder that was written")
    parser.add_argument("--seed", type=int, default=0, help="of the run")
    parser.add_argument("--threads", type=int, help="of torch; all processors if not given")
    parser.add_argument("--smoke", action="store_true", help="on a few texts")
    args = parser.parse_args()
    if not (args.state or args.out):
        parser.error("name the folder of a training run by --state, or of a checkpoint by --out")
    if args.own and args.state:
        parser.error("--own leaves out what the card tells; it is for a folder that was written")
    if args.threads:
        torch.set_num_threads(args.threads)
    if args.smoke:
        args.words, args.blimp, args.pairs = 200, 2, 5
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    n_trials = 3 if args.smoke else N_TRIALS
    sizes = {"most_words": args.words, "blimp": args.blimp, "n_pairs": args.pairs}
    if not args.state:
        tokenizer = Tokenizer.from_file(str(args.out / "tokenizer.json"))
        model = GPT2LMHeadModel.from_pretrained(args.out, dtype=torch.float32).eval()
        train = None if args.own else encode_all(tokenizer, load_texts(args.data, "train"))
        report = measure(model, tokenizer, train, args.data, **sizes)
        print(json.dumps(report | {"few_shot": few_shot_accuracy(args.out, n_trials)}, indent=1, ensure_ascii=False))
        return
    cooled = args.state / "cooled.pt"
    file = args.weights or (cooled if cooled.exists() else args.state / "state.pt")
    tokenizer, train = prepare(args.data, args.state, 0)
    model = restore(file, tokenizer.get_vocab_size())
    report = measure(model, tokenizer, train, args.data, **sizes)
    logger.info(json.dumps(report, indent=1, ensure_ascii=False))
    if args.out:
        state = torch.load(file, weights_only=True, mmap=True)
        save(model, for_transformers(tokenizer, model.config.n_positions), args.out)
        report["few_shot"] = few_shot_accuracy(args.out, n_trials)
        logger.info("few-shot %s", report["few_shot"])
        (args.out / "README.md").write_text(card(report, model, state, args.words, args.seed), encoding="utf-8")


if __name__ == "__main__":
    main()
