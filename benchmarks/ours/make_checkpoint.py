"""A random checkpoint of the size of BERT-base, or of GPT-2: `... make_checkpoint FOLDER tiny|base [N_CTX] [gpt2]`."""

from __future__ import annotations

import json
import sys

import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import (
    BertConfig,
    BertForMaskedLM,
    BertTokenizer,
    GPT2Config,
    GPT2LMHeadModel,
    PreTrainedTokenizerFast,
)

from benchmarks import samples

SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def make_bert(folder: str, *, is_tiny: bool, n_ctx: int) -> int:
    """Its words are as many as BERT has tokens; gives their number."""
    smaller = {"hidden_size": 48, "intermediate_size": 96} if is_tiny else {}
    config = BertConfig(**smaller, max_position_embeddings=n_ctx)
    BertForMaskedLM(config).save_pretrained(folder)
    words = [*SPECIALS, *samples.words(config.vocab_size - len(SPECIALS) + 2)[1:-1]]
    BertTokenizer(vocab={word: number for number, word in enumerate(words)}).save_pretrained(folder)
    return len(words)


def make_gpt2(folder: str, *, is_tiny: bool, n_ctx: int) -> int:
    """One that ends no text by itself; gives the number of its words."""
    smaller = {"n_embd": 48, "n_head": 4, "vocab_size": 2_000} if is_tiny else {}
    config = GPT2Config(**smaller, n_positions=n_ctx, bos_token_id=None, eos_token_id=None)
    GPT2LMHeadModel(config).save_pretrained(folder)
    vocab = {word: number for number, word in enumerate(samples.words(config.vocab_size + 2)[1:-1])}
    tokenizer = Tokenizer(models.WordLevel(vocab, unk_token=next(iter(vocab))))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()  # pyright: ignore[reportAttributeAccessIssue]
    PreTrainedTokenizerFast(tokenizer_object=tokenizer).save_pretrained(folder)
    return len(vocab)


def main() -> None:
    folder, size, *more = sys.argv[1:]
    torch.manual_seed(0)
    make = make_gpt2 if "gpt2" in more else make_bert
    n_ctx = next((int(word) for word in more if word.isdigit()), 512)
    print(json.dumps({"d_vocab": make(folder, is_tiny=size == "tiny", n_ctx=n_ctx)}))


main()
