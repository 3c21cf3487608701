"""Train the tokenizer of `beit-scenes`: a scene as 8 x 8 tokens, and a scene of tokens.

    python -m resources.recipes.beit_scenes_tokenizer --state DIR

References
----------
See `inference.models.picture_tokenizer`.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch
from torch import Tensor

from inference.models.picture_tokenizer import PictureTokenizer, PictureTokenizerConfig
from resources.recipes.scene_data import SIDE, TRAIN, pictures, training_scenes
from resources.recipes.training import Plan, train

N_BATCH = 32
N_CODES = 256
_LEAST_USE = 1.0  # a batch: a code that stands for fewer of its 2,048 patches begins anew
_FIRST = (TRAIN.stop - TRAIN.start) // 2 // N_BATCH  # scenes that the other recipes do not draw


def build_tokenizer(seed: int) -> PictureTokenizer:
    """The tokenizer before training."""
    torch.manual_seed(seed)
    return PictureTokenizer(PictureTokenizerConfig(vocab_size=N_CODES, image_size=SIDE))


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--state", type=Path, required=True, help="where the run keeps its state")
    parser.add_argument("--steps", type=int, default=1_000)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--smoke", action="store_true", help="a few steps")
    args = parser.parse_args()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    tokenizer = build_tokenizer(args.seed)
    tokenizer.to(device)  # pyright: ignore[reportArgumentType] (transformers' wrapper hides the type of `to`)
    plan = Plan(3 if args.smoke else args.steps, args.rate)

    def step_loss(step: int) -> tuple[Tensor, dict[str, float]]:
        result = tokenizer(pictures(training_scenes(_FIRST + step, N_BATCH)).to(device))
        generator = torch.Generator().manual_seed(step)
        # Towards the end the book stands still, so that the decoder learns what it will be given.
        least_use = _LEAST_USE if step < (1 - plan.decay / 2) * plan.n_steps else 0.01
        n_new = tokenizer.update_codes(result.features, result.tokens, generator, least_use)
        n_used = len(result.tokens.unique())
        return result.loss, {"error": result.error.item(), "new": n_new, "used": n_used}

    train(tokenizer, step_loss, plan, args.state / "state.pt", is_matrix=lambda _: False)
    tokenizer.save_pretrained(args.state / "model")
    run = {"steps": plan.n_steps, "batch": N_BATCH, "seed": args.seed}
    (args.state / "run.json").write_text(json.dumps(run), encoding="utf-8")


if __name__ == "__main__":
    main()
