"""Tokenizers that are written in Python, and a real SentencePiece model, trained on a few sentences."""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path

import sentencepiece
import transformers
from transformers.models.bert.tokenization_bert_legacy import BertTokenizerLegacy

_SENTENCES = (
    "the cat sat on the mat and he ran",
    "a dog and a cat ran to the house",
    "he sat in the house and she ran on",
    "the dog sat on a mat in the house",
)


@cache
def trained(kind: str = "unigram", *, begins_with_padding: bool = False) -> bytes:
    """The bytes of a model, of 46 pieces; `unigram` or `bpe`.

    Parameters
    ----------
    begins_with_padding
        Whether special pieces stand as T5 has them, else as CamemBERT and XLM-R do.
    """
    content = io.BytesIO()
    ids = {"pad_id": 0, "eos_id": 1, "unk_id": 2, "bos_id": -1} if begins_with_padding else {}
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(_SENTENCES * 10),
        model_writer=content,
        model_type=kind,
        vocab_size=46,
        hard_vocab_limit=False,
        minloglevel=2,
        **ids,
    )
    return content.getvalue()


def tokenizer_of_digits(folder: Path, *, is_fast: bool) -> transformers.PreTrainedTokenizerBase:
    """Words are digits, each a token; in the library of Rust, or in Python, which knows no offsets."""
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *map(str, range(10))]
    if is_fast:
        return transformers.BertTokenizer(vocab={word: i for i, word in enumerate(words)})
    (folder / "vocab.txt").write_text("\n".join(words))
    return BertTokenizerLegacy(str(folder / "vocab.txt"))
