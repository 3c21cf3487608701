"""Train `vit-scenes`: a small ViT that says which of sixteen kinds of thing are in a drawn scene.

    python -m resources.recipes.vit_scenes --state DIR

References
----------
Dosovitskiy et al. 2021, "An Image Is Worth 16x16 Words".
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F
from transformers import ViTConfig, ViTForImageClassification

from resources.recipes.scene_data import SIDE, images, kinds_at_patches, kinds_present, training_scenes
from resources.recipes.training import Plan, keep_run, parsed, run_parser, train
from resources.scene_shapes import KINDS

N_BATCH = 48
PATCH_WEIGHT = 4.0
PATCH = 8


def build_model(seed: int) -> ViTForImageClassification:
    """6 layers of 96 with 4 heads over 8 x 8 patches of 8 x 8 pixels."""
    torch.manual_seed(seed)
    config = ViTConfig(
        image_size=SIDE,
        patch_size=PATCH,
        hidden_size=96,
        num_hidden_layers=6,
        num_attention_heads=4,
        intermediate_size=288,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        id2label=dict(enumerate(KINDS)),
        label2id={kind: i for i, kind in enumerate(KINDS)},
        problem_type="multi_label_classification",
    )
    return ViTForImageClassification._from_config(config, attn_implementation="sdpa")


def main() -> None:
    """The command line."""
    parser = run_parser(__doc__, steps=1_400, rate=2e-3)
    args = parsed(parser)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model = build_model(args.seed)
    model.to(device)  # pyright: ignore[reportArgumentType] (transformers' wrapper hides the type of `to`)

    def step_loss(step: int) -> tuple[Tensor, dict[str, float]]:
        scenes = training_scenes(step, N_BATCH)
        wanted = kinds_present(scenes).to(device)
        wanted_at_patches = kinds_at_patches(scenes, SIDE // PATCH).to(device)
        hidden = model.vit(images(scenes).to(device)).last_hidden_state
        logits = model.classifier(hidden).float()
        whole, patches = logits[:, 0], logits[:, 1:]
        right = ((whole > 0) == (wanted > 0)).all(-1).float().mean().item()
        loss = F.binary_cross_entropy_with_logits(whole, wanted)
        # Where things are is known: telling it to every patch shortens the way. Few patches show one, hence the weight.
        return loss + PATCH_WEIGHT * F.binary_cross_entropy_with_logits(patches, wanted_at_patches), {
            "whole": loss.item(),
            "all_right": right,
        }

    plan = Plan(args.steps, args.rate)
    train(model, step_loss, plan, args.state / "state.pt", is_matrix=lambda name: ".layers." in name)
    model.save_pretrained(args.state / "model")
    run = {"steps": plan.n_steps, "batch": N_BATCH, "seed": args.seed}
    keep_run(args.state, run)


if __name__ == "__main__":
    main()
