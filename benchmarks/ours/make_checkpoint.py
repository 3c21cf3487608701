"""A random checkpoint of BERT-base's size: `python -m benchmarks.ours.make_checkpoint FOLDER tiny|base [N_CTX]`."""

from __future__ import annotations

import json
import sys

import torch
from transformers import BertConfig, BertForMaskedLM, BertTokenizer

from benchmarks import samples

SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def main() -> None:
    folder, size, *n_ctx = sys.argv[1:]
    smaller = {"hidden_size": 48, "intermediate_size": 96} if size == "tiny" else {}
    config = BertConfig(**smaller, max_position_embeddings=int(n_ctx[0]) if n_ctx else 512)
    torch.manual_seed(0)
    BertForMaskedLM(config).save_pretrained(folder)
    words = [*SPECIALS, *samples.words(config.vocab_size - len(SPECIALS) + 2)[1:-1]]
    BertTokenizer(vocab={word: number for number, word in enumerate(words)}).save_pretrained(folder)
    print(json.dumps({"d_vocab": len(words)}))


main()
