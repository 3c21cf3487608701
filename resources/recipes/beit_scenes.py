"""Train `beit-scenes`: a small BEiT that says which tokens the hidden patches of a scene have.

    python -m resources.recipes.beit_scenes --state DIR --tokenizer DIR

References
----------
Bao, Dong, Piao and Wei 2022, "BEiT: BERT Pre-Training of Image Transformers".
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F
from transformers import BeitConfig, BeitForMaskedImageModeling

from inference.block_masking import block_mask
from inference.models.picture_tokenizer import STRIDE, PictureTokenizer
from resources.recipes.scene_data import SIDE, pictures, training_scenes
from resources.recipes.training import Plan, train

N_BATCH = 48
N_ROWS = SIDE // STRIDE
SHARE = 0.4


def build_model(seed: int, n_tokens: int) -> BeitForMaskedImageModeling:
    """6 layers of 96 with 4 heads over 8 x 8 patches of 8 x 8 pixels, one of each a token."""
    torch.manual_seed(seed)
    config = BeitConfig(
        vocab_size=n_tokens,
        image_size=SIDE,
        patch_size=STRIDE,
        hidden_size=96,
        num_hidden_layers=6,
        num_attention_heads=4,
        intermediate_size=288,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        drop_path_rate=0.0,
        use_mask_token=True,
        use_shared_relative_position_bias=True,
        # Beside the relative bias, because a run this short does not find out from it alone where a patch is.
        use_absolute_position_embeddings=True,
    )
    return BeitForMaskedImageModeling._from_config(config, attn_implementation="sdpa")


def masks(seeds: range) -> Tensor:
    """bool [seed, patch]: what is hidden."""
    return torch.from_numpy(np.stack([block_mask(N_ROWS, N_ROWS, SHARE, seed).ravel() for seed in seeds]))


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--state", type=Path, required=True, help="where the run keeps its state")
    parser.add_argument("--tokenizer", type=Path, required=True, help="state of beit_scenes_tokenizer")
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--smoke", action="store_true", help="a few steps")
    args = parser.parse_args()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    tokenizer = PictureTokenizer.from_pretrained(args.tokenizer / "model").eval()
    model = build_model(args.seed, tokenizer.config.vocab_size)
    for part in (tokenizer, model):
        part.to(device)  # pyright: ignore[reportArgumentType] (transformers' wrapper hides the type of `to`)

    def step_loss(step: int) -> tuple[Tensor, dict[str, float]]:
        shown = pictures(training_scenes(step, N_BATCH)).to(device)
        hidden = masks(range(step * N_BATCH, (step + 1) * N_BATCH)).to(device)
        wanted = tokenizer.tokens(shown).flatten(1)[hidden]
        logits = model(shown, bool_masked_pos=hidden).logits[hidden].float()
        hits = (logits.argmax(-1) == wanted).float().mean().item()
        return F.cross_entropy(logits, wanted), {"top1": hits}

    plan = Plan(3 if args.smoke else args.steps, args.rate)
    train(model, step_loss, plan, args.state / "state.pt", is_matrix=lambda name: ".layer" in name)
    model.save_pretrained(args.state / "model")
    run = {"steps": plan.n_steps, "batch": N_BATCH, "seed": args.seed}
    (args.state / "run.json").write_text(json.dumps(run), encoding="utf-8")


if __name__ == "__main__":
    main()
