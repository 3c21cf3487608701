"""Bring published weights of LSeg into a folder that Headlight opens.

    python -m resources.recipes.lseg_scenes.published CHECKPOINT --tokenizer DIR --out DIR

CHECKPOINT is a Lightning file such as `demo_e200.ckpt`. Nothing in it is run: only tensors, numbers and texts are read.
The folder of the tokenizer is that of any CLIP of OpenAI's, such as `openai/clip-vit-base-patch32`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from transformers import AutoTokenizer, ViTImageProcessorPil

from inference.models.lseg.model import from_published

_SIDE = 480  # of the published models' training, section 5 of the paper; others will do
_HALF = [0.5] * 3


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--tokenizer", type=Path, required=True, help="folder of a tokenizer of OpenAI's CLIP")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--head-block", choices=("bottleneck", "depthwise"), default="", help="if it was trained so")
    parser.add_argument("--block-depth", type=int, default=0)
    parser.add_argument("--activation", choices=("relu", "lrelu", "tanh"), default="lrelu")
    args = parser.parse_args()
    stored = torch.load(args.checkpoint, map_location="cpu", weights_only=True)
    how = {"head_block": args.head_block, "block_depth": args.block_depth, "block_activation": args.activation}
    model = from_published(stored.get("state_dict", stored), **how)
    tokenizer = AutoTokenizer.from_pretrained(args.tokenizer)
    ends, wanted = tokenizer.eos_token_id, model.config.eos_token_id
    if ends != wanted:
        raise SystemExit(f"The tokenizer ends a text with the id {ends}; these weights expect {wanted}.")
    model.save_pretrained(args.out)
    tokenizer.save_pretrained(args.out)
    side = {"height": _SIDE, "width": _SIDE}
    ViTImageProcessorPil(size=side, image_mean=_HALF, image_std=_HALF).save_pretrained(args.out)


if __name__ == "__main__":
    main()
