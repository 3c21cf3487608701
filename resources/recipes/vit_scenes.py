"""Train `vit-scenes`: a small ViT that says which of sixteen kinds of thing are in a drawn scene.

    python -m resources.recipes.vit_scenes --state DIR --out resources/checkpoints/vit-scenes

References
----------
Dosovitskiy et al. 2021, "An Image Is Worth 16x16 Words".
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F
from transformers import ViTConfig, ViTForImageClassification

from resources.recipes.scene_data import SIDE, kinds_present, pictures, training_scenes
from resources.recipes.training import Plan, train
from resources.scene_shapes import KINDS

N_BATCH = 64


def build_model(seed: int) -> ViTForImageClassification:
    """6 layers of 128 with 4 heads over 8 x 8 patches of 8 x 8 pixels."""
    torch.manual_seed(seed)
    config = ViTConfig(
        image_size=SIDE,
        patch_size=8,
        hidden_size=128,
        num_hidden_layers=6,
        num_attention_heads=4,
        intermediate_size=384,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        id2label=dict(enumerate(KINDS)),
        label2id={kind: i for i, kind in enumerate(KINDS)},
        problem_type="multi_label_classification",
    )
    # At 65 tokens plain matrix products beat the fused attention kernel on CPUs.
    return ViTForImageClassification._from_config(config, attn_implementation="eager")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--state", type=Path, required=True, help="where the run keeps its state")
    parser.add_argument("--steps", type=int, default=9_000)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--smoke", action="store_true", help="a few steps")
    args = parser.parse_args()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model = build_model(args.seed)
    model.to(device)  # pyright: ignore[reportArgumentType] (transformers' wrapper hides the type of `to`)

    def step_loss(step: int) -> tuple[Tensor, dict[str, float]]:
        scenes = training_scenes(step, N_BATCH)
        wanted = kinds_present(scenes).to(device)
        logits = model(pictures(scenes).to(device)).logits.float()
        right = ((logits > 0) == (wanted > 0)).all(-1).float().mean().item()
        return F.binary_cross_entropy_with_logits(logits, wanted), {"all_right": right}

    plan = Plan(3 if args.smoke else args.steps, args.rate)
    train(model, step_loss, plan, args.state / "state.pt", is_matrix=lambda name: ".layers." in name)
    model.save_pretrained(args.state / "model")
    run = {"steps": plan.n_steps, "batch": N_BATCH, "seed": args.seed}
    (args.state / "run.json").write_text(json.dumps(run), encoding="utf-8")


if __name__ == "__main__":
    main()
