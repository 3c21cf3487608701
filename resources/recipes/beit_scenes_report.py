"""Measure `beit-scenes` and write its folder: weights, tokenizer, preprocessing, model card.

python -m resources.recipes.beit_scenes_report --tokenizer DIR --state DIR --out resources/checkpoints/beit-scenes
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from transformers import BeitForMaskedImageModeling, BeitImageProcessor

from inference.models.image_tokenizer import ImageTokenizer
from resources.recipes.beit_scenes import N_ROWS, SHARE, masks
from resources.recipes.beit_scenes_tokenizer import PATCH_SIZE
from resources.recipes.scene_data import MEAN, SIDE, STD, TEST, images, kinds_at_patches, training_scenes
from resources.scenes import make_scene

_MASK_SEED = 1_000_000_000  # above all that training draws
_N_COUNTED = 2_000  # training scenes, for the baselines
_SHARE_SCATTERED = 0.2
_GUESSES = {
    "top1": "top-1",
    "top5": "top-5",
    "commonest": "the most frequent token",
    "place": "the most frequent at that place",
    "nearest": "the token of the nearest shown patch",
}

_CARD = """---
license: apache-2.0
---
# beit-scenes

A small BEiT (Bao et al. 2022) trained from scratch for Headlight: it says which visual tokens the hidden patches of a
drawn scene have. {n_layers} layers, {n_heads} heads, {d_model} wide, {parameters:.2f} M parameters, images of
{side} × {side} pixels in {n_rows} × {n_rows} patches; shared relative position bias, and absolute positions beside it.
The tokens are those of its own tokenizer in `tokenizer/`, a vector-quantised autoencoder (van den Oord et al. 2017,
`inference/models/image_tokenizer.py`) of {tokenizer_parameters:.2f} M parameters and {n_codes} codes, trained on
scenes as well. All in half precision.

## Data
Scenes of `resources/scenes.py`, drawn while training: 2 to 6 things of 16 kinds, 8 colours and 3 sizes on one of six
backgrounds. Every training image was seen once. The program draws the images, so they are under its own licence.

## Training
Tokenizer: {tokenizer_steps:,} steps of {tokenizer_batch} images, then {decoder_steps:,} of its decoder alone; BEiT:
{steps:,} steps of {batch}, of half of the images {share:.0%} of the patches hidden in blocks (algorithm 1 of the
paper, `inference/block_masking.py`), of the others 5 to 50% here and there; it learned the tokens of the shown patches
too, and has no layer scale below 1, both unlike the paper; seed {seed}:

    python -m resources.recipes.beit_scenes_tokenizer --state TOKENIZER --steps {tokenizer_steps}
    python -m resources.recipes.beit_scenes --state STATE --tokenizer TOKENIZER --steps {steps}
    python -m resources.recipes.beit_scenes_tokenizer --state TOKENIZER --decoder-steps {decoder_steps}
    python -m resources.recipes.beit_scenes_report --state STATE --tokenizer TOKENIZER \\
        --out resources/checkpoints/beit-scenes

## Measured
On {n_test:,} scenes of seeds that training never draws. The baselines are counted on {n_counted:,} training scenes.
"With a thing": patches in which something is drawn, {share_things:.0%} of all.

{share:.0%} of the patches hidden in blocks, as in the paper:

{in_blocks}

{share_scattered:.0%} of the patches hidden here and there, as one hides them by hand:

{scattered}

In blocks, top-1 is {ratio:.1f} times the share of the most frequent token.

Tokenizer: {n_used} of {n_codes} codes occur on these scenes (perplexity {perplexity:.0f}). Images rebuilt from their
tokens have a PSNR of {psnr:.1f} dB; patches painted in their mean colour, {psnr_mean:.1f} dB.

## Limits
What stands in a block that is hidden altogether cannot be known; the model then guesses background. Of the things it
knows less than of skies, ground and horizons, as the tables say, and small ones are rebuilt coarsely.
"""


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--n-test", type=int, default=1_000)
    args = parser.parse_args()
    # What is measured is what is shipped: half precision, read back.
    ImageTokenizer.from_pretrained(args.tokenizer / "model").half().save_pretrained(args.out / "tokenizer")
    BeitForMaskedImageModeling.from_pretrained(args.state / "model").half().save_pretrained(args.out)
    tokenizer = ImageTokenizer.from_pretrained(args.out / "tokenizer", dtype=torch.float32).eval()
    model = BeitForMaskedImageModeling.from_pretrained(args.out, dtype=torch.float32).eval()
    BeitImageProcessor(
        size={"height": SIDE, "width": SIDE}, do_center_crop=False, image_mean=[MEAN] * 3, image_std=[STD] * 3
    ).save_pretrained(args.out)
    run = json.loads((args.state / "run.json").read_text(encoding="utf-8"))
    tokenizer_run = json.loads((args.tokenizer / "run.json").read_text(encoding="utf-8"))

    test = _tokenize(tokenizer, args.n_test)
    scattered = np.random.default_rng(_MASK_SEED).random(test.tokens.shape) < _SHARE_SCATTERED
    test_scattered = replace(test, hidden=torch.from_numpy(scattered))
    hits, hits_scattered = (_hits(model, tokenizer, some) for some in (test, test_scattered))
    used = np.bincount(test.tokens.numpy().ravel(), minlength=tokenizer.config.vocab_size) / test.tokens.numel()
    save_sheet(test, args.state / "rebuilt.png")
    facts = {
        "n_layers": model.config.num_hidden_layers,
        "n_heads": model.config.num_attention_heads,
        "d_model": model.config.hidden_size,
        "parameters": sum(p.numel() for p in model.parameters()) / 1e6,
        "tokenizer_parameters": sum(p.numel() for p in tokenizer.parameters()) / 1e6,
        "n_codes": tokenizer.config.vocab_size,
        "side": SIDE,
        "n_rows": N_ROWS,
        "share": SHARE,
        "n_test": args.n_test,
        "n_counted": _N_COUNTED,
        "share_scattered": _SHARE_SCATTERED,
        "share_things": float(test.has_thing.mean()),
        "in_blocks": _table(hits, test),
        "scattered": _table(hits_scattered, test_scattered),
        "ratio": float(hits["top1"].mean() / hits["commonest"].mean()),
        "n_used": int((used > 0).sum()),
        "perplexity": float(np.exp(-(used[used > 0] * np.log(used[used > 0])).sum())),
        "psnr": _psnr(test.images, test.rebuilt),
        "psnr_mean": _psnr(test.images, _means(test.images)),
        "tokenizer_steps": tokenizer_run["steps"],
        "tokenizer_batch": tokenizer_run["batch"],
        "decoder_steps": tokenizer_run["decoder_steps"],
        **run,
    }
    (args.out / "README.md").write_text(_CARD.format(**facts), encoding="utf-8")
    print(json.dumps(facts, indent=1))


@dataclass(frozen=True)
class _Test:
    """Scenes, their tokens int64 [scene, patch], what is rebuilt of them; bool [scene, patch] what is hidden."""

    images: Tensor
    tokens: Tensor
    rebuilt: Tensor
    hidden: Tensor
    has_thing: np.ndarray


def _tokenize(tokenizer: ImageTokenizer, n: int) -> _Test:
    scenes = [make_scene(seed) for seed in TEST[:n]]
    shown = images(scenes)
    tokens = torch.cat([tokenizer.tokens(part) for part in shown.split(100)])
    rebuilt = torch.cat([tokenizer.rebuild(part) for part in tokens.split(100)])
    hidden = masks(range(_MASK_SEED, _MASK_SEED + n))
    return _Test(shown, tokens.flatten(1), rebuilt, hidden, kinds_at_patches(scenes, N_ROWS).any(-1).numpy())


@torch.inference_mode()
def _hits(model: BeitForMaskedImageModeling, tokenizer: ImageTokenizer, test: _Test) -> dict[str, np.ndarray]:
    """bool [hidden patch] by who guesses."""
    hidden = test.hidden
    best = torch.cat(
        [
            model(shown, bool_masked_pos=mask).logits[mask].topk(5).indices
            for shown, mask in zip(test.images.split(100), hidden.split(100), strict=True)
        ]
    )
    truth = test.tokens[hidden]
    seen = torch.cat([tokenizer.tokens(images(training_scenes(i, 100))) for i in range(_N_COUNTED // 100)]).flatten(1)
    commonest = seen.flatten().mode().values
    at_place = seen.mode(0).values.expand_as(test.tokens)[hidden]
    guesses = {"commonest": commonest.expand_as(truth), "place": at_place, "nearest": _nearest(test)}
    return {
        "top1": (best[:, 0] == truth).numpy(),
        "top5": (best == truth[:, None]).any(1).numpy(),
        **{name: (guess == truth).numpy() for name, guess in guesses.items()},
    }


def _table(hits: dict[str, np.ndarray], test: _Test) -> str:
    """Shares of the hidden patches that are named rightly, as Markdown."""
    things = test.has_thing[test.hidden.numpy()]
    rows = [
        f"| {label} | " + " | ".join(f"{hits[name][where].mean():.3f}" for where in (..., things, ~things)) + " |"
        for name, label in _GUESSES.items()
    ]
    return "\n".join(["| hidden patches | all | with a thing | background |", "|---|---|---|---|", *rows])


def _nearest(test: _Test) -> Tensor:
    """The token of the shown patch nearest to each hidden one."""
    places = torch.cartesian_prod(torch.arange(N_ROWS), torch.arange(N_ROWS)).float()
    distance = torch.cdist(places, places)
    chosen = (distance + 1e3 * test.hidden[:, None, :]).argmin(-1)
    return test.tokens.gather(1, chosen)[test.hidden]


def _means(shown: Tensor) -> Tensor:
    patches = shown.reshape(-1, 3, N_ROWS, PATCH_SIZE, N_ROWS, PATCH_SIZE)
    return patches.mean((3, 5), keepdim=True).expand_as(patches).reshape(shown.shape)


def _psnr(shown: Tensor, rebuilt: Tensor) -> float:
    """Peak signal to noise in dB, mean over the images."""
    error = ((shown - rebuilt) / 2).pow(2).mean((1, 2, 3))
    return float(-10 * error.log10().mean())


def save_sheet(test: _Test, file: Path) -> None:
    """Originals above what is rebuilt of them, twice as large."""
    rows = [
        torch.cat(list(part), -1)
        for i in range(0, min(len(test.images), 48), 12)
        for part in (test.images[i : i + 12], test.rebuilt[i : i + 12])
        if len(part) == 12
    ]
    if rows:
        sheet = Image.fromarray(((torch.cat(rows, 1).permute(1, 2, 0) + 1) * 127.5).round().byte().numpy())
        sheet.resize((sheet.width * 2, sheet.height * 2), Image.Resampling.NEAREST).save(file)


if __name__ == "__main__":
    main()
