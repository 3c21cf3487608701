"""Pairs of sentences for a translator: read, cut into pieces of one shared vocabulary, laid into batches by length."""

from __future__ import annotations

import lzma
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from torch import Tensor
from transformers import PreTrainedTokenizerFast

from inference.inputs.tokens import filled_up

SPECIALS = ("<pad>", "<s>", "</s>", "<unk>")
PAD, START, END, UNKNOWN = range(len(SPECIALS))
IGNORED = -100  # no label
# What English writes behind a word ("'s", "'t"); an elided word with its apostrophe ("l'", "qu'"); a word, a digit or
# any other sign, each with the space before it.
_BEHIND = r"(?:s|t|m|d|re|ll|ve)(?!\p{L})"
_WORDS = rf"'{_BEHIND}|▁?\p{{L}}+'(?!{_BEHIND})(?=\p{{L}})|▁?\p{{L}}+|▁?\p{{N}}|▁?[^\p{{L}}\p{{N}}▁]|▁"
# As the text has them.
_PLAIN = {"[’ʼ]": "'", "[“”«»]": '"', "…": "...", "[–—]": "-", r"\s+": " "}


@dataclass(frozen=True)
class Pair:
    """A sentence and its translation."""

    source: str
    target: str


def load_pairs(file: Path, split: str, limit: int | None = None) -> list[Pair]:
    """The pairs of a split (`split<TAB>source<TAB>target`, xz), in the order of the file."""
    pairs: list[Pair] = []
    with lzma.open(file, "rt", encoding="utf-8") as lines:
        for line in lines:
            of, source, target = line.rstrip("\n").split("\t")
            if of == split:
                pairs.append(Pair(source, target))
            if len(pairs) == limit:
                break
    return pairs


def learn_tokenizer(pairs: list[Pair], n_pieces: int) -> Tokenizer:
    """Byte-pair encoding of both languages together, upper and lower case kept.

    Typographic signs are read as plain ones. Elided words ("l'", "j'"), what English appends ("'s") and signs are
    pieces of their own, so that attention can be read word by word.
    """
    tokenizer = Tokenizer(models.BPE(unk_token=SPECIALS[UNKNOWN]))
    tokenizer.normalizer = normalizers.Sequence(  # pyright: ignore[reportAttributeAccessIssue]
        [
            normalizers.NFC(),
            *(normalizers.Replace(Regex(sign), plain) for sign, plain in _PLAIN.items()),
            normalizers.Strip(),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(  # pyright: ignore[reportAttributeAccessIssue]
        [
            pre_tokenizers.Metaspace(prepend_scheme="always", split=False),
            pre_tokenizers.Split(Regex(_WORDS), behavior="isolated"),
        ]
    )
    tokenizer.decoder = decoders.Metaspace(prepend_scheme="always")  # pyright: ignore[reportAttributeAccessIssue]
    trainer = trainers.BpeTrainer(
        vocab_size=n_pieces,
        special_tokens=[AddedToken(name, special=True) for name in SPECIALS],
        show_progress=False,
    )
    tokenizer.train_from_iterator((text for pair in pairs for text in (pair.source, pair.target)), trainer)
    end = SPECIALS[END]
    tokenizer.post_processor = processors.TemplateProcessing(  # pyright: ignore[reportAttributeAccessIssue]
        single=f"$A {end}", pair=f"$A {end} $B {end}", special_tokens=[(end, END)]
    )
    return tokenizer


def for_transformers(tokenizer: Tokenizer, n_ctx: int) -> PreTrainedTokenizerFast:
    """The same with what transformers wants to know."""
    pad, start, end, unknown = SPECIALS
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=pad,
        bos_token=start,
        eos_token=end,
        unk_token=unknown,
        model_max_length=n_ctx,
        clean_up_tokenization_spaces=False,
    )


@dataclass(frozen=True, eq=False)
class EncodedPairs:
    """Pieces of all pairs, each sentence with its end token.

    Attributes
    ----------
    sources, targets
        int16 arrays, one a sentence.
    """

    sources: list[np.ndarray]
    targets: list[np.ndarray]

    def __len__(self) -> int:
        return len(self.sources)


def encode_pairs(tokenizer: Tokenizer, pairs: list[Pair], longest: int) -> EncodedPairs:
    """The pairs of which neither side has more than `longest` pieces."""
    sides = [
        [np.array(e.ids, dtype=np.int16) for e in tokenizer.encode_batch([getattr(pair, side) for pair in pairs])]
        for side in ("source", "target")
    ]
    kept = [(s, t) for s, t in zip(*sides, strict=True) if max(len(s), len(t)) <= longest]
    return EncodedPairs([s for s, _ in kept], [t for _, t in kept])


@dataclass(frozen=True)
class PairBatch:
    """Sentences of about one length.

    Attributes
    ----------
    source, written, labels
        int64 [pair, position]: what is translated; the target behind the start token and without its end; the target.
    source_mask
        int64 [pair, position], 0 where the source is filled up; None where it is nowhere.
    """

    source: Tensor
    written: Tensor
    labels: Tensor
    source_mask: Tensor | None

    @property
    def n_tokens(self) -> int:
        """Of source and target, without what fills them up."""
        filled = self.source.numel() if self.source_mask is None else int(self.source_mask.sum())
        return filled + int((self.labels != IGNORED).sum())

    def to(self, device: torch.device) -> PairBatch:
        """The same on a device."""
        mask = None if self.source_mask is None else self.source_mask.to(device)
        return PairBatch(self.source.to(device), self.written.to(device), self.labels.to(device), mask)


def to_batch(data: EncodedPairs, indices: np.ndarray) -> PairBatch:
    """These pairs, filled up to the longest of them."""
    source = _filled([data.sources[i] for i in indices], PAD)
    labels = _filled([data.targets[i] for i in indices], IGNORED)
    written = torch.cat([torch.full((len(labels), 1), START), labels[:, :-1]], 1)
    written = written.masked_fill(written == IGNORED, PAD)
    mask = (source != PAD).long()
    return PairBatch(source, written, labels, None if bool(mask.all()) else mask)


def _filled(rows: list[np.ndarray], value: int) -> Tensor:
    return torch.from_numpy(filled_up(rows, value))


def epoch_batches(data: EncodedPairs, n_tokens: int, seed: tuple[int, int]) -> list[np.ndarray]:
    """Every pair once, as indices: alike lengths together, at most `n_tokens` a batch, the batches in random order."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(data))
    n_source = np.array([len(data.sources[i]) for i in order])
    n_target = np.array([len(data.targets[i]) for i in order])
    place = np.lexsort((n_source, n_target))
    batches: list[np.ndarray] = []
    first, longest_source, longest_target = 0, 0, 0
    for at, i in enumerate(place):
        longest_source = max(longest_source, n_source[i])
        longest_target = max(longest_target, n_target[i])
        if (at + 1 - first) * (longest_source + longest_target) > n_tokens and at > first:
            batches.append(order[place[first:at]])
            first, longest_source, longest_target = at, n_source[i], n_target[i]
    batches.append(order[place[first:]])
    return [batches[i] for i in rng.permutation(len(batches))]


def endless_batches(data: EncodedPairs, n_tokens: int, seed: int, first: int) -> Iterator[PairBatch]:
    """Epoch after epoch, from the batch number `first` on: a run that goes on sees what it would have seen."""
    epoch, number = 0, 0
    while True:
        batches = epoch_batches(data, n_tokens, (seed, epoch))
        for indices in batches[max(0, first - number) :]:
            yield to_batch(data, indices)
        number += len(batches)
        epoch += 1
