"""Train the tokenizer of `beit-scenes`: a scene as 16 x 16 tokens, and a scene of tokens.

    python -m resources.recipes.beit_scenes_tokenizer --state DIR
    python -m resources.recipes.beit_scenes_tokenizer --state DIR --decoder-steps N

The second goes on with the decoder alone: images are rebuilt better, and a BEiT trained in between keeps its tokens.

References
----------
See `inference.models.image_tokenizer`.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch
from torch import Tensor

from inference.models.image_tokenizer import ImageTokenizer, ImageTokenizerConfig
from resources.recipes.scene_data import SIDE, TRAIN, images, training_scenes
from resources.recipes.training import Plan, train

N_BATCH = 32
N_CODES = 512
PATCH_SIZE = 4  # pixels
_LEAST_USE = 1.0  # a batch: a code that stands for fewer of its 8,192 patches begins anew
_FIRST = (TRAIN.stop - TRAIN.start) // 2 // N_BATCH  # scenes that the other recipes do not draw


def build_tokenizer(seed: int) -> ImageTokenizer:
    """The tokenizer before training."""
    torch.manual_seed(seed)
    return ImageTokenizer(ImageTokenizerConfig(vocab_size=N_CODES, image_size=SIDE, patch_size=PATCH_SIZE))


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--state", type=Path, required=True, help="where the run keeps its state")
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--decoder-steps", type=int, default=0, help="train the decoder of a trained one further")
    parser.add_argument("--rate", type=float, default=3e-3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--smoke", action="store_true", help="a few steps")
    args = parser.parse_args()
    if args.decoder_steps:
        _train_decoder(args.state, args.decoder_steps, args.rate)
    else:
        _train_all(args.state, Plan(3 if args.smoke else args.steps, args.rate), args.seed)


def _train_all(state: Path, plan: Plan, seed: int) -> None:
    tokenizer = build_tokenizer(seed)
    device = _to_device(tokenizer)

    def step_loss(step: int) -> tuple[Tensor, dict[str, float]]:
        result = tokenizer(images(training_scenes(_FIRST + step, N_BATCH)).to(device))
        generator = torch.Generator().manual_seed(step)
        # Towards the end the book stands still, so that the decoder learns what it will be given.
        least_use = _LEAST_USE if step < (1 - plan.decay / 2) * plan.n_steps else 0.01
        n_new = tokenizer.update_codes(result.features, result.tokens, generator, least_use)
        n_used = len(result.tokens.unique())
        return result.loss, {"error": result.error.item(), "new": n_new, "used": n_used}

    train(tokenizer, step_loss, plan, state / "state.pt", is_matrix=lambda _: False)
    _save(tokenizer, state, {"steps": plan.n_steps, "batch": N_BATCH, "seed": seed, "decoder_steps": 0})


def _train_decoder(state: Path, n_steps: int, rate: float) -> None:
    tokenizer = ImageTokenizer.from_pretrained(state / "model")
    run = json.loads((state / "run.json").read_text(encoding="utf-8"))
    device = _to_device(tokenizer)
    tokenizer.encoder.requires_grad_(False)

    def step_loss(step: int) -> tuple[Tensor, dict[str, float]]:
        error = tokenizer(images(training_scenes(_FIRST + run["steps"] + step, N_BATCH)).to(device)).error
        return error, {}

    train(tokenizer, step_loss, Plan(n_steps, rate), state / "decoder.pt", is_matrix=lambda _: False)
    _save(tokenizer, state, run | {"decoder_steps": n_steps})


def _to_device(tokenizer: ImageTokenizer) -> torch.device:
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    tokenizer.to(device)  # pyright: ignore[reportArgumentType] (transformers' wrapper hides the type of `to`)
    return device


def _save(tokenizer: ImageTokenizer, state: Path, run: dict[str, int]) -> None:
    tokenizer.save_pretrained(state / "model")
    (state / "run.json").write_text(json.dumps(run), encoding="utf-8")


if __name__ == "__main__":
    main()
