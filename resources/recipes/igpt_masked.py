"""Train `igpt-masked`: an Image GPT with the objective of BERT, which finds the colours of hidden pixels.

    python -m resources.recipes.igpt_masked --state DIR --palette DIR

References
----------
Chen et al. 2020, "Generative Pretraining from Pixels", section 2.2.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from inference.models.masked_igpt import MaskedImageGPT, MaskedImageGPTConfig
from resources.recipes.igpt_small import N_BATCH, N_COLOURS, SIDE, SIZES, load_palette, portraits, to_tokens
from resources.recipes.scene_data import TRAIN
from resources.recipes.training import Plan, keep_run, parsed, run_parser, train

SHARE = 0.15


def build_model(seed: int) -> MaskedImageGPT:
    """The sizes of `igpt-small`."""
    torch.manual_seed(seed)
    return MaskedImageGPT(MaskedImageGPTConfig(vocab_size=N_COLOURS, **SIZES))


def fuse_attention(model: MaskedImageGPT) -> None:
    """Let it attend by the fused kernel, which gives no pattern: training takes half as long."""

    def attend(query: Tensor, key: Tensor, value: Tensor, attention_mask: Tensor | None = None) -> tuple[Tensor, None]:
        assert attention_mask is None
        return F.scaled_dot_product_attention(query, key, value), None

    for block in model.transformer.h:
        block.attn._attn = attend  # pyright: ignore[reportAttributeAccessIssue, reportArgumentType] (seen as a Tensor)


def hidden_pixels(seed: int, n: int) -> Tensor:
    """bool [image, pixel]: each is hidden with a probability of `SHARE`."""
    return torch.rand(n, SIDE * SIDE, generator=torch.Generator().manual_seed(seed)) < SHARE


def main() -> None:
    """The command line."""
    parser = run_parser(__doc__, steps=600, rate=2e-3)
    parser.add_argument("--palette", type=Path, help="state of igpt_small, whose palette is taken; else one is learned")
    args = parsed(parser)
    args.state.mkdir(parents=True, exist_ok=True)
    if args.palette:
        shutil.copy(args.palette / "palette.npy", args.state)
    palette = load_palette(args.state, 40 if args.smoke else 1_000)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model = build_model(args.seed)
    fuse_attention(model)
    model.to(device)  # pyright: ignore[reportArgumentType] (transformers' wrapper hides the type of `to`)

    def step_loss(step: int) -> tuple[Tensor, dict[str, float]]:
        tokens = to_tokens(portraits(TRAIN[step * N_BATCH : (step + 1) * N_BATCH]), palette).to(device)
        hidden = hidden_pixels(step, N_BATCH).to(device)
        result = model(tokens, bool_masked_pos=hidden, labels=tokens)
        hits = (result.logits.argmax(-1) == tokens)[hidden].float().mean().item()
        return result.loss, {"top1": hits}

    plan = Plan(args.steps, args.rate)
    train(model, step_loss, plan, args.state / "state.pt", is_matrix=lambda name: ".h." in name)
    model.save_pretrained(args.state / "model")
    run = {"steps": plan.n_steps, "batch": N_BATCH, "seed": args.seed}
    keep_run(args.state, run)


if __name__ == "__main__":
    main()
