"""Text for `gpt_mini`: what it reads, the vocabulary learned from it, and rows of tokens for training.

A translation is written as one text, `I am a student <to-fr> je suis étudiant <eos>`: the model learns it as it learns
any other text.
"""

from __future__ import annotations

import json
import lzma
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
from torch import Tensor
from transformers import PreTrainedTokenizerFast

from resources.recipes.corpus import DOCUMENT_FILES, SENTENCE_FILES

PAIRS_FILE = "en_fr_tatoeba.tsv.xz"
END_TEXT, TO_FRENCH = "<eos>", "<to-fr>"
END, TO_FR = 0, 1
PAIRS = "translation"
# Share of the trained tokens that each source gives.
MIX = {
    "tatoeba": 0.12,
    "common_voice": 0.06,
    "captions": 0.04,
    "stories": 0.13,
    "books": 0.23,
    "news": 0.20,
    PAIRS: 0.22,
}
LONGEST_SENTENCE = 96  # tokens of a row that holds one sentence or pair; the few longer ones are left out
# As the other texts have them.
_PLAIN = {"[\u00a0\u202f\u2009]": " ", "« ?| ?»|[“”]": '"', "[’ʼ‘]": "'", "…": "..."}


def plain(text: str) -> str:
    """Typographic signs as a keyboard has them, accents in one sign with their letters."""
    text = unicodedata.normalize("NFC", text)
    for sign, instead in _PLAIN.items():
        text = re.sub(sign, instead, text)
    return text


def prompt(english: str) -> str:
    """The beginning of a text that goes on with the French."""
    return f"{english} {TO_FRENCH}"


def load_texts(data: Path, split: str, limit: int | None = None) -> dict[str, list[str]]:
    """Texts of a split (`train` or `val`) by source, at most `limit` of each file.

    The two files of Tatoeba were split apart from each other; no English sentence of either validation split stays in
    training.
    """
    sentences = {name: _rows(data / "text" / file) for name, file in SENTENCE_FILES.items()}
    pairs = _rows(data / "translation" / PAIRS_FILE)
    if split == "train":
        held_out = {row[1] for rows in (sentences["tatoeba"], pairs) for row in rows if row[0] == "val"}
        sentences["tatoeba"] = [row for row in sentences["tatoeba"] if row[1] not in held_out]
        pairs = [row for row in pairs if row[1] not in held_out]
    texts = {name: [plain(row[1]) for row in rows if row[0] == split][:limit] for name, rows in sentences.items()}
    for name, file in DOCUMENT_FILES.items():
        texts[name] = _documents(data / "text" / file, split)[:limit]
    texts[PAIRS] = [f"{prompt(plain(row[1]))} {plain(row[2])}" for row in pairs if row[0] == split][:limit]
    return texts


def _rows(file: Path) -> list[list[str]]:
    with lzma.open(file, "rt", encoding="utf-8") as lines:
        return [line.rstrip("\n").split("\t") for line in lines]


def _documents(file: Path, split: str) -> list[str]:
    """One paragraph a line; in the file it is one sentence a line with blank lines between paragraphs."""
    texts = []
    with lzma.open(file, "rt", encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            if record["split"] == split:
                paragraphs = (" ".join(part.split()) for part in plain(record["text"]).split("\n\n"))
                texts.append("\n".join(part for part in paragraphs if part))
    return texts


def as_in_a_prompt(texts: list[str]) -> list[str]:
    """Pairs as one types them: no full stop, and the French begins in lower case unless it begins with a name."""
    sides = [text.split(f" {TO_FRENCH} ") for text in texts]
    small = {word for _, french in sides for word in re.findall(r"\w+", french)[1:] if word[0].islower()}
    typed = []
    for english, french in sides:
        first = re.match(r"\w+", french)
        if first and first[0].lower() in small:
            french = french[0].lower() + french[1:]
        typed.append(f"{prompt(english.removesuffix('.'))} {french.removesuffix('.')}")
    return typed


def learn_tokenizer(texts: dict[str, list[str]], n_tokens: int) -> Tokenizer:
    """Byte-pair encoding of the bytes of all texts, as GPT-2's; single sentences count more, to keep their words whole.

    `<to-fr>` takes the space before it, so that the French begins like any word with the space before it.
    """
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(  # pyright: ignore[reportAttributeAccessIssue]
        add_prefix_space=False
    )
    tokenizer.decoder = decoders.ByteLevel()  # pyright: ignore[reportAttributeAccessIssue]
    trainer = trainers.BpeTrainer(
        vocab_size=n_tokens,
        special_tokens=[AddedToken(sign, special=True, lstrip=True) for sign in (END_TEXT, TO_FRENCH)],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    # Old books are many, and their words are not what one types.
    repeats = {"books": 1, "news": 1, "stories": 2}
    tokenizer.train_from_iterator(
        (text for name, rows in texts.items() for _ in range(repeats.get(name, 3)) for text in rows), trainer
    )
    return tokenizer


def for_transformers(tokenizer: Tokenizer, n_ctx: int) -> PreTrainedTokenizerFast:
    """The same with what transformers wants to know."""
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=END_TEXT,
        eos_token=END_TEXT,
        pad_token=END_TEXT,
        model_max_length=n_ctx,
        clean_up_tokenization_spaces=False,
    )


@dataclass(frozen=True, eq=False)
class EncodedTexts:
    """Texts as tokens, each with its end: `ids[offsets[i]:offsets[i + 1]]`, uint16, is text i.

    Attributes
    ----------
    n_words
        Of all texts together, by the white space between them; the end of a text is none.
    """

    ids: np.ndarray
    offsets: np.ndarray
    n_words: int

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def text(self, index: int) -> np.ndarray:
        return self.ids[self.offsets[index] : self.offsets[index + 1]]


def encode(tokenizer: Tokenizer, texts: list[str]) -> EncodedTexts:
    """Texts as tokens."""
    rows = []
    for start in range(0, len(texts), 5_000):
        batch = tokenizer.encode_batch(texts[start : start + 5_000])
        rows += [np.array([*e.ids, END], dtype=np.uint16) for e in batch]
    n_words = sum(len(text.split()) for text in texts)
    return EncodedTexts(np.concatenate(rows), np.cumsum([0, *map(len, rows)]), n_words)


def encode_all(tokenizer: Tokenizer, texts: dict[str, list[str]]) -> dict[str, EncodedTexts]:
    """Texts of every source as tokens, and translations as one types them."""
    encoded = {name: encode(tokenizer, rows) for name, rows in texts.items()}
    return encoded | {f"{PAIRS}_typed": encode(tokenizer, as_in_a_prompt(texts[PAIRS]))}


def prepare(
    data: Path, state: Path, n_tokens: int, limit: int | None = None
) -> tuple[Tokenizer, dict[str, EncodedTexts]]:
    """Tokenizer and encoded training text, kept in the state folder."""
    state.mkdir(parents=True, exist_ok=True)
    file, cache = state / "tokenizer.json", state / "train.npz"
    if not cache.exists():
        texts = load_texts(data, "train", limit)
        tokenizer = learn_tokenizer(texts, n_tokens)
        tokenizer.save(str(file))
        encoded = encode_all(tokenizer, texts)
        np.savez(cache, **{f"{n}.{k}": v for n, e in encoded.items() for k, v in vars(e).items()})
    with np.load(cache) as stored:
        names = [*MIX, f"{PAIRS}_typed"]
        encoded = {
            n: EncodedTexts(stored[f"{n}.ids"], stored[f"{n}.offsets"], int(stored[f"{n}.n_words"])) for n in names
        }
    return Tokenizer.from_file(str(file)), encoded


class Rows:
    """Endless rows of tokens: windows of long texts, and short texts by their exact length.

    So nothing is spent on filling up, and little on attention. Half of the short rows begin with the end of the text
    before them, half with their first word, as a typed prompt does.

    Parameters
    ----------
    n_tokens
        About so many a batch; half of them in windows of `n_ctx`, the rest by the shares of `MIX`.
    tasks
        Rows that a batch may have beside them.
    """

    def __init__(
        self,
        train: dict[str, EncodedTexts],
        n_tokens: int,
        n_ctx: int,
        seed: tuple[int, int],
        tasks: Iterator[np.ndarray] | None = None,
    ) -> None:
        self._rng = np.random.default_rng(seed)
        self._n_ctx = n_ctx
        self._train = train
        long = {name: MIX[name] for name in DOCUMENT_FILES}
        short = {name: share for name, share in MIX.items() if name not in long}
        self._n_long = round(n_tokens * sum(long.values()) / n_ctx)
        self._n_short = n_tokens - self._n_long * n_ctx
        self._makers = {name: self._windows(train[name]) for name in long}
        self._makers |= {name: self._sentences(name) for name in short}
        self._seen = dict.fromkeys(MIX, 0.0)
        self._long, self._short = list(long), list(short)
        self._tasks = tasks
        # Rows that wait until there are enough of their length.
        self._buckets: dict[int, list[np.ndarray]] = {}
        self._task_buckets: dict[int, list[np.ndarray]] = {}

    def _windows(self, data: EncodedTexts) -> Iterator[np.ndarray]:
        """`n_ctx + 1` tokens of the texts one behind the other, each epoch cut at other places."""
        width = self._n_ctx
        while True:
            order = self._rng.permutation(len(data))
            stream = np.concatenate([data.text(i) for i in order])
            first = int(self._rng.integers(width))
            starts = np.arange(first, max(first + 1, len(stream) - width - 1), width)
            for start in self._rng.permutation(starts):
                row = stream[start : start + width + 1]
                if len(row) == width + 1:
                    yield row
            if len(stream) < 2 * width + 2:  # a few texts only: a window of what there is, again and again
                yield np.resize(stream, width + 1)

    def _sentences(self, name: str) -> Iterator[np.ndarray]:
        while True:
            for index in self._rng.permutation(len(self._train[name])):
                is_typed = name == PAIRS and self._rng.random() < 0.15
                ids = self._train[f"{PAIRS}_typed" if is_typed else name].text(index)
                if 2 < len(ids) <= LONGEST_SENTENCE:
                    yield ids if self._rng.random() < 0.5 else np.concatenate([[END], ids])

    def _next(self, names: list[str]) -> np.ndarray:
        name = min(names, key=lambda n: self._seen[n] / MIX[n])
        row = next(self._makers[name])
        self._seen[name] += len(row)
        return row

    def batch(self, n_task_tokens: int = 0) -> list[Tensor]:
        """int64 [row, position + 1] each: windows of long texts, short texts of one length, and tasks of one length."""
        parts = [_together([self._next(self._long) for _ in range(self._n_long)])]
        parts.append(_of_one_length(lambda: self._next(self._short), self._buckets, self._n_short))
        if n_task_tokens and self._tasks is not None:
            tasks = self._tasks
            parts.append(_of_one_length(lambda: next(tasks), self._task_buckets, n_task_tokens))
        return parts


def _together(rows: list[np.ndarray]) -> Tensor:
    return torch.from_numpy(np.stack(rows).astype(np.int64))


def _of_one_length(take: Callable[[], np.ndarray], buckets: dict[int, list[np.ndarray]], n_tokens: int) -> Tensor:
    """Rows of the first length of which there are so many tokens."""
    while True:
        row = take()
        bucket = buckets.setdefault(len(row), [])
        bucket.append(row)
        if len(bucket) * len(row) >= n_tokens:
            return _together(buckets.pop(len(row)))
