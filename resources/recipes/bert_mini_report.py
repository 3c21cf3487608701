"""Measure a trained `bert-mini` on the validation split, and write it out as the bundled checkpoint with its card.

    python -m resources.recipes.bert_mini_report --data DIR --state DIR [--out resources/checkpoints/bert-mini]

A folder that was written is measured again with `--data` and `--out` alone; nothing is written then. `--own` leaves out
the trigrams beside it.
"""

from __future__ import annotations

import argparse
import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import BertWordPieceTokenizer, Tokenizer
from transformers import BertForPreTraining, BertTokenizer

from resources.recipes.baselines.trigram import Trigram
from resources.recipes.bert_mini import (
    CLS,
    MASK,
    MAX_PAIR,
    MAX_SINGLE,
    MIX,
    SEP,
    EncodedCorpus,
    build_model,
    encode_corpus,
    passage,
    prepare,
)
from resources.recipes.corpus import SENTENCE_FILES, load_corpus

logger = logging.getLogger(__name__)

N_SENTENCES, N_PAIRS, N_TRIGRAM = 2000, 2000, 400  # a source


def masked_accuracy(
    model: BertForPreTraining, data: EncodedCorpus, trigram: Trigram | None, seed: int
) -> dict[str, float]:
    """Top-1 and top-5 over masked pieces: 15 % of each sentence (at least one), all shown as [MASK]."""
    rng = np.random.default_rng(seed)
    names = ("top1", "top5", *(() if trigram is None else ("unigram", "trigram", "trigram_left")))
    hits: dict[str, list[bool]] = {name: [] for name in names}
    chosen = [i for i in rng.permutation(len(data)) if 2 < len(data.sentence(i)) <= MAX_SINGLE][:N_SENTENCES]
    for count, index in enumerate(chosen):
        sentence = data.sentence(index).astype(np.int64)
        n_masks = max(1, round(0.15 * len(sentence)))
        masks = rng.choice(len(sentence), n_masks, replace=False)
        shown = sentence.copy()
        shown[masks] = MASK
        ids = torch.from_numpy(np.concatenate([[CLS], shown, [SEP]]))[None]
        logits = model(ids).prediction_logits[0, 1 + masks]
        best = logits.topk(5).indices.numpy()
        for mask, row in zip(masks, best, strict=True):
            truth = sentence[mask]
            hits["top1"].append(truth == row[0])
            hits["top5"].append(truth in row)
            if trigram is None:
                continue
            hits["unigram"].append(truth == trigram.unigram.argmax())
            if count < N_TRIGRAM:
                # A mask beside another one: the baseline is given the true neighbour, which only helps it.
                hits["trigram"].append(trigram.ranks(sentence, mask, both_sides=True)[0] == truth)
                hits["trigram_left"].append(trigram.ranks(sentence, mask, both_sides=False)[0] == truth)
    return {name: float(np.mean(values)) for name, values in hits.items()}


def next_sentence_accuracy(
    model: BertForPreTraining, data: EncodedCorpus, sources: list[EncodedCorpus], seed: int, *, passages: bool
) -> float:
    """Share of right answers on as many true as random pairs; a random B is of another document of `sources`."""
    rng = np.random.default_rng(seed)
    right = []
    for index in rng.permutation(len(data) - 1):
        if data.doc[index] != data.doc[index + 1]:
            continue
        is_random = len(right) % 2
        other = sources[rng.integers(len(sources))] if is_random else data
        follower = int(rng.integers(len(other))) if is_random else int(index) + 1
        if is_random and other is data and data.doc[follower] == data.doc[index]:
            continue
        room = (MAX_PAIR - 3) // 2
        if passages:
            first = passage(data, index, room, backwards=True)
            second = passage(other, follower, room, backwards=False)
        else:
            first, second = data.sentence(index)[-room:], other.sentence(follower)[:room]
        ids = torch.from_numpy(np.concatenate([[CLS], first, [SEP], second, [SEP]]).astype(np.int64))[None]
        types = torch.zeros_like(ids)
        types[0, len(first) + 2 :] = 1
        answer = int(model(ids, token_type_ids=types).seq_relationship_logits.argmax())
        right.append(answer == is_random)
        if len(right) == N_PAIRS:
            break
    return float(np.mean(right))


def cloze(model: BertForPreTraining, tokenizer: BertWordPieceTokenizer | Tokenizer, file: Path) -> dict[str, float]:
    """Share of prompts with an accepted answer among the first five (and the first) words."""
    hits1, hits5 = [], []
    for line in file.read_text(encoding="utf-8").splitlines()[1:]:
        prompt, accepted, _ = line.split("\t")
        encoding = tokenizer.encode(prompt)
        best = model(torch.tensor([encoding.ids])).prediction_logits[0, encoding.ids.index(MASK)].topk(5).indices
        words = [tokenizer.id_to_token(int(i)) for i in best]
        answers = set(accepted.split("|"))
        hits1.append(words[0] in answers)
        hits5.append(bool(answers & set(words)))
    return {"cloze_top1": float(np.mean(hits1)), "cloze_top5": float(np.mean(hits5))}


@torch.inference_mode()
def measure(
    model: BertForPreTraining,
    tokenizer: BertWordPieceTokenizer | Tokenizer,
    data: Path,
    train: dict[str, EncodedCorpus] | None,
) -> dict[str, Any]:
    """All figures of the card; without `train` only the model's own."""
    val = encode_corpus(tokenizer, load_corpus(data, "val"))
    report: dict[str, Any] = {"masked": {}, "next": {}}
    trigram = None
    if train is not None:
        sentences = [e.sentence(i) for e in train.values() for i in np.random.default_rng(0).permutation(len(e))]
        sentences = [sentences[i] for i in np.random.default_rng(1).permutation(len(sentences))]
        trigram = Trigram(sentences, tokenizer.get_vocab_size(), boundary=SEP)
        report["interpolation"] = trigram.weights.round(4).tolist()
    for name, encoded in val.items():
        report["masked"][name] = masked_accuracy(model, encoded, trigram, seed=1)
        logger.info("%s %s", name, report["masked"][name])
        if name not in SENTENCE_FILES:
            anywhere = [val[n] for n in val if n not in SENTENCE_FILES]
            report["next"][name] = {
                "sentences": next_sentence_accuracy(model, encoded, [encoded], 2, passages=False),
                "passages": next_sentence_accuracy(model, encoded, [encoded], 2, passages=True),
                "sentences_anywhere": next_sentence_accuracy(model, encoded, anywhere, 2, passages=False),
                "passages_anywhere": next_sentence_accuracy(model, encoded, anywhere, 2, passages=True),
            }
            logger.info("%s %s", name, report["next"][name])
    share = {name: MIX[name] / sum(MIX[n] for n in SENTENCE_FILES) for name in SENTENCE_FILES}
    for title, weights in (("simple", share), ("all", MIX)):
        keys = report["masked"]["tatoeba"]
        report[title] = {key: sum(w * report["masked"][n][key] for n, w in weights.items()) for key in keys}
    for kind in ("sentences", "passages", "sentences_anywhere", "passages_anywhere"):
        report[f"next_{kind}"] = float(np.mean([values[kind] for values in report["next"].values()]))
    return report | cloze(model, tokenizer, data / "eval" / "cloze_common_sense.tsv")


CARD = """---
license: apache-2.0
language: en
---
# bert-mini

A small BERT (Devlin et al. 2019) trained from scratch for Headlight: masked words and next sentence.
4 layers, 8 heads, {d_model} wide, {n_parameters:.1f} M parameters, {n_pieces} lower-case word pieces, 128 positions; in
half precision.

## Data
English text, train split: Tatoeba sentences (manythings.org/anki, CC BY 2.0 FR), Common Voice sentences (CC0), COCO
captions (CC BY 4.0), stories of African Storybook, Pratham Books and Book Dash (CC BY 4.0), Andersen (public domain),
books 1811-1911 (public domain), English Wikinews (CC BY 2.5). Shares of the trained tokens: {mix}.

## Training
{tokens:.1f} M tokens, seed {seed}:

    python -m resources.recipes.bert_mini --data DIR --state STATE --tokens {tokens_arg}
    python -m resources.recipes.bert_mini_report --data DIR --state STATE --out resources/checkpoints/bert-mini

The run was steered while it went: up to 7.0 M tokens pairs had at most 64 pieces; up to 9.1 M tokens half of the tokens
were single sentences, random pairs came from the same source only, and next-sentence prediction counted once, not
twice; the learning rate first fell to 2 % at 24.0 M tokens, then rose and fell once more.

## Measured on the validation split
Masked words: 15 % of the pieces of a sentence (at least one), all shown as [MASK]; {n_sentences} sentences a source,
seed 1. The trigram is interpolated over word pieces and sees two pieces on both sides of the mask (in brackets: only
those before it); it is measured on the first {n_trigram} of the same sentences.

| source | top-1 | top-5 | unigram | trigram |
|---|---|---|---|---|
{masked_rows}

"simple sentences" weighs Tatoeba, Common Voice and captions, "all sources" all six, by their share in training.

Next sentence: {n_pairs} pairs a source, half of them consecutive, seed 2; always answering the same scores 0.50. B of
the other half comes from another document: of any source, as in BERT's own training, or (in brackets) of the same
source, where only the topic can tell.

| source | single sentences | passages of up to 62 pieces a side |
|---|---|---|
{next_rows}

Common-sense cloze prompts (62): an accepted answer is first in {cloze_top1:.2f}, among the first five in
{cloze_top5:.2f}.

All of this is measured again by one command, which needs the data and this folder only, and some ten minutes of one
processor core:

    python -m resources.recipes.bert_mini_report --data DIR --out resources/checkpoints/bert-mini

## Limits
It has read little, and old books: it knows no facts worth trusting, and repeats what its texts took for granted.
"""


def card(report: dict[str, Any], model: BertForPreTraining, done: int, seed: int) -> str:
    """The model card: data, split, metric, baseline."""

    def masked_row(title: str, row: dict[str, float]) -> str:
        return (
            f"| {title} | {row['top1']:.3f} | {row['top5']:.3f} | {row['unigram']:.3f} "
            f"| {row['trigram']:.3f} ({row['trigram_left']:.3f}) |"
        )

    rows = [masked_row("**simple sentences**", report["simple"]), masked_row("**all sources**", report["all"])]
    rows += [masked_row(name.replace("_", " "), row) for name, row in report["masked"].items()]

    def next_row(title: str, row: dict[str, float]) -> str:
        cells = (f"{row[kind + '_anywhere']:.3f} ({row[kind]:.3f})" for kind in ("sentences", "passages"))
        return f"| {title} | {' | '.join(cells)} |"

    means = {key.removeprefix("next_"): value for key, value in report.items() if key.startswith("next_")}
    next_rows = [next_row("**mean**", means), *(next_row(name, row) for name, row in report["next"].items())]
    return CARD.format(
        d_model=model.config.hidden_size,
        n_parameters=model.num_parameters() / 1e6,
        n_pieces=model.config.vocab_size,
        mix=", ".join(f"{name.replace('_', ' ')} {share:.0%}" for name, share in MIX.items()),
        tokens=done / 1e6,
        tokens_arg=f"{done / 1e6:.1f}e6",
        seed=seed,
        n_sentences=N_SENTENCES,
        n_trigram=N_TRIGRAM,
        n_pairs=N_PAIRS,
        masked_rows="\n".join(rows),
        next_rows="\n".join(next_rows),
        cloze_top1=report["cloze_top1"],
        cloze_top5=report["cloze_top5"],
    )


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--state", type=Path, help="folder of the training run")
    parser.add_argument("--out", type=Path, help="write checkpoint and card there; without `--state`: measure this one")
    parser.add_argument("--own", action="store_true", help="without trigrams; only for a folder that was written")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, help="of torch; all processors if not given")
    args = parser.parse_args()
    if not (args.state or args.out):
        parser.error("name the folder of a training run by --state, or of a checkpoint by --out")
    if args.own and args.state:
        parser.error("--own leaves out what the card tells; it is for a folder that was written")
    if args.threads:
        torch.set_num_threads(args.threads)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    if not args.state:
        shipped = Tokenizer.from_file(str(args.out / "tokenizer.json"))
        train = None if args.own else encode_corpus(shipped, load_corpus(args.data, "train"))
        model = BertForPreTraining.from_pretrained(args.out, dtype=torch.float32).eval()
        print(json.dumps(measure(model, shipped, args.data, train), indent=1))
        return
    tokenizer, train = prepare(args.data, args.state, 0, None)
    state = torch.load(args.state / "state.pt", weights_only=True)
    model = build_model(tokenizer.get_vocab_size(), args.seed)
    model.load_state_dict(state["model"])
    # What is measured is what is shipped: weights rounded to half precision.
    model = model.half().float().eval()
    report = measure(model, tokenizer, args.data, train)
    logger.info(json.dumps(report, indent=1))
    if args.out:
        args.out.mkdir(parents=True, exist_ok=True)
        model.half().save_pretrained(args.out)
        vocabulary = str(args.state / "vocab.txt")
        BertTokenizer(vocab=vocabulary, do_lower_case=True, model_max_length=128).save_pretrained(args.out)
        (args.out / "README.md").write_text(card(report, model, state["done"], args.seed), encoding="utf-8")


if __name__ == "__main__":
    main()
