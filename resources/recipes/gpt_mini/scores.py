"""What `gpt-mini` is measured by, and the n-gram models beside it on the same tokens."""

from __future__ import annotations

import csv
import lzma
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from tokenizers import Tokenizer
from torch.nn import functional as F
from transformers import GPT2LMHeadModel

from inference.models.kneser_ney import KneserNey
from inference.models.ngram_counts import NgramCounts, count_ngrams
from resources.recipes.gpt_mini.data import END, MIX, TO_FR, EncodedTexts, plain, prompt
from resources.recipes.transformer_en_fr.data import Pair

N_ROWS = 4_000  # tokens at once
# Bits (at most 0) of every token of each text behind the end of the text before it; END itself is the first token.
Scorer = Callable[[list[np.ndarray]], list[np.ndarray]]


@torch.inference_mode()
def network_bits(model: GPT2LMHeadModel, texts: list[np.ndarray]) -> list[np.ndarray]:
    """log2 p of every token of every text, in the order of the texts.

    Where a text is longer than the model reads, windows move on by half of what it reads.
    """
    n_ctx = model.config.n_positions
    found = [np.empty(len(text)) for text in texts]
    pieces: dict[int, list[tuple[int, int, int]]] = defaultdict(list)  # by length: text, first position, new from
    for i, text in enumerate(texts):
        end = min(len(text), n_ctx)
        pieces[end].append((i, 0, 0))
        while end < len(text):
            further = min(len(text), end + n_ctx // 2)
            pieces[n_ctx].append((i, further - n_ctx, end))
            end = further
    for length, waiting in pieces.items():
        n = max(1, N_ROWS // length)
        for first in range(0, len(waiting), n):
            part = waiting[first : first + n]
            behind = [np.concatenate([[END], texts[i]])[start : start + length + 1] for i, start, _ in part]
            rows = torch.from_numpy(np.stack(behind).astype(np.int64)).to(model.device)
            logits = model(rows[:, :-1]).logits.float()
            nats = F.cross_entropy(logits.flatten(0, 1), rows[:, 1:].flatten(), reduction="none")
            bits = -nats.view(len(part), -1).cpu().numpy() / np.log(2)
            for (i, start, new), row in zip(part, bits, strict=True):
                found[i][new : start + length] = row[new - start :]
    return found


def ngram_bits(model: KneserNey, texts: list[np.ndarray]) -> list[np.ndarray]:
    """log2 p of every token of every text."""
    stream = np.concatenate([np.concatenate([[END], text]) for text in texts]).astype(np.int64)
    bits = model.log2_probabilities(stream)
    ends = np.cumsum([len(text) + 1 for text in texts]) - 1
    return [bits[end - len(text) : end] for end, text in zip(ends, texts, strict=True)]


def ngram_counts(train: dict[str, EncodedTexts], n_tokens: int, order: int) -> NgramCounts:
    """Of all texts that the model was trained on, each once."""
    texts = [train[name].text(i)[:-1] for name in MIX for i in range(len(train[name]))]
    return count_ngrams(texts, n_tokens, END, order)


def perplexities(scorer: Scorer, val: dict[str, EncodedTexts]) -> dict[str, float]:
    """Perplexity per word: 2 to the bits of all tokens, with the ends of the texts, over the number of words.

    `all` weighs the bits per word of the sources by their share in training.
    """
    per_word = {}
    for name, data in val.items():
        bits = scorer([data.text(i) for i in range(len(data))])
        per_word[name] = -float(sum(row.sum() for row in bits)) / data.n_words
    found = {name: 2.0**value for name, value in per_word.items()}
    return found | {"all": 2.0 ** sum(MIX[name] * value for name, value in per_word.items())}


def load_blimp(file: Path, limit: int | None = None) -> list[tuple[str, str, str]]:
    """Field, good and bad sentence of the first `limit` pairs of each paradigm."""
    pairs, seen = [], defaultdict(int)
    with lzma.open(file, "rt", encoding="utf-8", newline="") as lines:
        for paradigm, field, _, _, good, bad in csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
            seen[paradigm] += 1
            if limit is None or seen[paradigm] <= limit:
                pairs.append((field.replace("/", "_"), good, bad))
    return pairs


def blimp_accuracy(scorer: Scorer, tokenizer: Tokenizer, pairs: list[tuple[str, str, str]]) -> dict[str, float]:
    """Share of pairs whose good sentence is likelier, its end left out; by field and of `all`.

    Warstadt et al. 2020, "BLiMP: The Benchmark of Linguistic Minimal Pairs", section 4.
    """
    sides = []
    for side in (1, 2):
        encoded = tokenizer.encode_batch([plain(pair[side]) for pair in pairs])
        sides.append([float(bits.sum()) for bits in scorer([np.array(e.ids) for e in encoded])])
    right = np.array(sides[0]) > np.array(sides[1])
    fields = np.array([pair[0] for pair in pairs])
    return {str(field): float(right[fields == field].mean()) for field in sorted(set(fields))} | {
        "all": float(right.mean())
    }


@torch.inference_mode()
def continuations(model: GPT2LMHeadModel, tokenizer: Tokenizer, prompts: list[str], **how: Any) -> list[str]:
    """What the model writes behind each prompt until the end of the text; greedily, or as `how` tells `generate`."""
    encoded = [e.ids for e in tokenizer.encode_batch(prompts)]
    by_length: dict[int, list[int]] = defaultdict(list)
    for i, ids in enumerate(encoded):
        by_length[len(ids)].append(i)
    found = [""] * len(prompts)
    for length, indices in sorted(by_length.items()):
        n = max(1, N_ROWS // (3 * length))
        for first in range(0, len(indices), n):
            part = indices[first : first + n]
            rows = torch.tensor([encoded[i] for i in part], device=model.device)
            limit = min(10 + 2 * length, model.config.n_positions - length)
            # Its protocol and its models do not agree for type checkers.
            out = cast("Any", model).generate(
                rows, attention_mask=torch.ones_like(rows), **({"max_new_tokens": limit, "do_sample": False} | how)
            )
            for i, ids in zip(part, out[:, length:].tolist(), strict=True):
                until = next((at for at, token in enumerate(ids) if token in (END, TO_FR)), len(ids))
                found[i] = tokenizer.decode(ids[:until]).strip()
    return found


def translations(model: GPT2LMHeadModel, tokenizer: Tokenizer, pairs: list[Pair]) -> list[str]:
    """Greedy translations in prompt form, one a pair."""
    sources = list(dict.fromkeys(pair.source for pair in pairs))
    by_source = dict(zip(sources, continuations(model, tokenizer, [prompt(s) for s in sources]), strict=True))
    return [by_source[pair.source] for pair in pairs]
