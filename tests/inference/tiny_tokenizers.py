"""Tokenizers that are written in Python, and a real SentencePiece model, trained on a few sentences."""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path
from typing import Any

import sentencepiece
import transformers
from transformers.models.bert.tokenization_bert_legacy import BertTokenizerLegacy

_SENTENCES = (
    "the cat sat on the mat and he ran",
    "a dog and a cat ran to the house",
    "he sat in the house and she ran on",
    "the dog sat on a mat in the house",
)


# What models have in front of their pieces.
_LAYOUTS: dict[str, dict[str, Any]] = {
    "": {},
    "t5": {"pad_id": 0, "eos_id": 1, "unk_id": 2, "bos_id": -1},
    "albert": {
        "pad_id": 0,
        "unk_id": 1,
        "bos_id": -1,
        "eos_id": -1,
        "user_defined_symbols": ["[CLS]", "[SEP]", "[MASK]"],
    },
}


@cache
def trained(kind: str = "unigram", layout: str = "") -> bytes:
    """The bytes of a model, `unigram` or `bpe`, with special pieces as T5 or ALBERT has them, else the usual three."""
    content = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(_SENTENCES * 10),
        model_writer=content,
        model_type=kind,
        vocab_size=46,
        hard_vocab_limit=False,
        minloglevel=2,
        **_LAYOUTS[layout],
    )
    return content.getvalue()


def tokenizer_of_digits(folder: Path, *, is_fast: bool) -> transformers.PreTrainedTokenizerBase:
    """Words are digits, each a token; in the library of Rust, or in Python, which knows no offsets."""
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *map(str, range(10))]
    if is_fast:
        return transformers.BertTokenizer(vocab={word: i for i, word in enumerate(words)})
    (folder / "vocab.txt").write_text("\n".join(words))
    return BertTokenizerLegacy(str(folder / "vocab.txt"))
