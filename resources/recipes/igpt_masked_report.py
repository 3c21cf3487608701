"""Measure `igpt-masked` and write its folder: weights, palette, model card.

python -m resources.recipes.igpt_masked_report --state DIR --out resources/checkpoints/igpt-masked
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F
from transformers import ImageGPTImageProcessor

from inference.models.masked_igpt import MaskedImageGPT
from resources.recipes.igpt_masked import SHARE, hidden_pixels
from resources.recipes.igpt_small import N_COLOURS, SIDE, load_palette, portraits, to_tokens
from resources.recipes.igpt_small_report import check_processor
from resources.recipes.scene_data import TEST, TRAIN
from resources.scene_shapes import KINDS

_MASK_SEED = 1_000_000_000  # above all that training draws
_N_COUNTED = 2_000  # training portraits, for the baselines

_CARD = """---
license: apache-2.0
---
# igpt-masked

A small Image GPT with the objective of BERT (Chen et al. 2020, section 2.2) trained from scratch for Headlight: it
finds the colours of hidden pixels, and every pixel sees every other (`inference/models/masked_igpt.py`).
{n_layers} layers, {n_heads} heads, {d_model} wide, {parameters:.2f} M parameters, images of {side} × {side} pixels in
the palette of `igpt-small` with {n_colours} colours, which `preprocessor_config.json` holds; in half precision.

## Data
Portraits of `resources/scenes.py`, drawn while training: one thing of {n_kinds} kinds and 8 colours fills most of the
image, in one of six places. Every training image was seen once. The program draws the images, so they are under
its own licence.

## Training
{steps:,} steps of {batch} images, each pixel hidden with a probability of {share:.0%}, seed {seed}:

    python -m resources.recipes.igpt_masked --state STATE --palette STATE_OF_IGPT_SMALL --steps {steps}
    python -m resources.recipes.igpt_masked_report --state STATE --out resources/checkpoints/igpt-masked

## Measured
On {n_test:,} portraits of seeds that training never draws, each pixel hidden with a probability of {share:.0%}
({n_hidden:,} pixels). The baselines are counted on {n_counted:,} training portraits.

| | bits per hidden pixel | top-1 |
|---|---|---|
| igpt-masked | {bits:.3f} | {top1:.3f} |
| unigram | {bits_unigram:.3f} | {top1_unigram:.3f} |
| the colour of the pixel to the left | – | {top1_left:.3f} |

With half of the pixels hidden, which it was not trained for: {bits_half:.3f} bits, top-1 {top1_half:.3f}.

## Limits
It knows sixteen drawn silhouettes and nothing of the world, and says each hidden pixel for itself: colours sampled at
random from what it says need not fit one another.
"""


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--n-test", type=int, default=1_000)
    args = parser.parse_args()
    palette = load_palette(args.state)
    # What is measured is what is shipped: half precision, read back.
    MaskedImageGPT.from_pretrained(args.state / "model").half().save_pretrained(args.out)
    model = MaskedImageGPT.from_pretrained(args.out, dtype=torch.float32).eval()
    processor = ImageGPTImageProcessor(clusters=palette.tolist(), size={"height": SIDE, "width": SIDE})
    processor.save_pretrained(args.out)
    check_processor(args.out, palette)
    tokens = to_tokens(portraits(TEST[: args.n_test]), palette)
    hidden = hidden_pixels(_MASK_SEED, len(tokens))
    half = torch.rand(tokens.shape, generator=torch.Generator().manual_seed(_MASK_SEED + 1)) < 0.5
    bits, top1 = surprisal(model, tokens, hidden)
    bits_half, top1_half = surprisal(model, tokens, half)
    counts = np.bincount(to_tokens(portraits(TRAIN[:_N_COUNTED]), palette).numpy().ravel(), minlength=N_COLOURS) + 1
    truth = tokens[hidden].numpy()
    facts = {
        "n_layers": model.config.n_layer,
        "n_heads": model.config.n_head,
        "d_model": model.config.n_embd,
        "parameters": sum(p.numel() for p in model.parameters()) / 1e6,
        "side": SIDE,
        "n_colours": N_COLOURS,
        "n_kinds": len(KINDS),
        "share": SHARE,
        "n_test": len(tokens),
        "n_hidden": int(hidden.sum()),
        "n_counted": _N_COUNTED,
        "bits": bits,
        "top1": top1,
        "bits_half": bits_half,
        "top1_half": top1_half,
        "bits_unigram": float(-np.log2(counts[truth] / counts.sum()).mean()),
        "top1_unigram": float((truth == counts.argmax()).mean()),
        "top1_left": float((tokens.roll(1, 1)[hidden].numpy() == truth).mean()),
        **json.loads((args.state / "run.json").read_text(encoding="utf-8")),
    }
    (args.out / "README.md").write_text(_CARD.format(**facts), encoding="utf-8")
    print(json.dumps(facts, indent=1))


@torch.inference_mode()
def surprisal(model: MaskedImageGPT, tokens: Tensor, hidden: Tensor) -> tuple[float, float]:
    """Bits per hidden pixel, and how often the likeliest colour is the true one."""
    sums = hits = 0.0
    for batch, mask in zip(tokens.split(50), hidden.split(50), strict=True):
        logits, truth = model(batch, bool_masked_pos=mask).logits[mask], batch[mask]
        sums += F.cross_entropy(logits, truth, reduction="sum").item()
        hits += (logits.argmax(-1) == truth).sum().item()
    n = int(hidden.sum())
    return sums / n / float(np.log(2)), hits / n


if __name__ == "__main__":
    main()
