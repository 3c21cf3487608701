"""Bring published weights of models of words and regions into a folder that Headlight opens.

    python -m resources.recipes.joint_scenes.published SYSTEM CHECKPOINT --tokenizer DIR --out DIR

SYSTEM and CHECKPOINT are one of

    vilbert   pretrained_model.bin or multi_task_model.bin (12-in-1) of facebookresearch/vilbert-multi-task
    oscar     pytorch_model.bin of microsoft/Oscar, with its labels; --no-tags for base-no-labels
    uniter    uniter-base.pt or uniter-large.pt of ChenRocks/UNITER
    vl-bert   vl-bert-base-prec.model or vl-bert-large-prec.model of jackroos/VL-BERT

Nothing in the file is run: only tensors, numbers and texts are read. The tokenizer is that of bert-base-uncased, for
UNITER that of bert-base-cased. Unicoder-VL and Pixel-BERT were not published.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import AutoTokenizer

from inference.models.streams import oscar, uniter, vilbert, vl_bert
from inference.models.streams.layers import JointModel

_READ: dict[str, Callable[[Mapping[str, Tensor]], JointModel]] = {
    "vilbert": vilbert.from_published,
    "oscar": oscar.from_published,
    "uniter": uniter.from_published,
    "vl-bert": vl_bert.from_published,
}


def convert(system: str, checkpoint: Path, tokenizer: Path, out: Path, *, reads_tags: bool = True) -> None:
    """Write configuration, weights and tokenizer.

    Raises
    ------
    ValueError
        The weights are not those of that system, or the tokenizer has other words; says which.
    """
    stored: Any = torch.load(checkpoint, map_location="cpu", weights_only=True)
    state = stored.get("state_dict", stored)
    model = _READ[system](state)
    if isinstance(model, oscar.Oscar):
        model.config.reads_tags = reads_tags
    words = AutoTokenizer.from_pretrained(tokenizer, local_files_only=True)
    if len(words) > model.config.vocab_size:
        raise ValueError(f"The tokenizer knows {len(words):,} tokens; these weights have {model.config.vocab_size:,}.")
    model.save_pretrained(out)
    words.save_pretrained(out)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("system", choices=tuple(_READ))
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--tokenizer", type=Path, required=True, help="folder of the tokenizer")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--no-tags", action="store_true", help="an OSCAR that was trained without tags")
    args = parser.parse_args()
    try:
        convert(args.system, args.checkpoint, args.tokenizer, args.out, reads_tags=not args.no_tags)
    except ValueError as error:
        raise SystemExit(str(error)) from None


if __name__ == "__main__":
    main()
