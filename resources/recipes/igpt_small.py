"""Train `igpt-small`: an Image GPT that draws one thing, pixel by pixel, in a palette of 48 colours.

    python -m resources.recipes.igpt_small --state DIR

References
----------
Chen et al. 2020, "Generative Pretraining from Pixels".
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from sklearn.cluster import KMeans
from torch import Tensor
from torch.nn import functional as F
from transformers import ImageGPTConfig, ImageGPTForCausalImageModeling

from inference.inputs.scene_images import paint_scene
from resources.recipes.scene_data import TRAIN
from resources.recipes.training import Plan, keep_run, parsed, run_parser, train
from resources.scenes import make_portrait

SIDE = 16
N_COLOURS = 48
N_BATCH = 8
SIZES: Final[dict[str, Any]] = {
    "n_positions": SIDE * SIDE,
    "n_embd": 64,
    "n_layer": 8,
    "n_head": 4,
    "n_inner": 256,
    "resid_pdrop": 0.0,
    "embd_pdrop": 0.0,
    "attn_pdrop": 0.0,
}


def build_model(seed: int) -> ImageGPTForCausalImageModeling:
    """`SIZES` over 256 pixels; the last token of the vocabulary starts an image."""
    torch.manual_seed(seed)
    return ImageGPTForCausalImageModeling(ImageGPTConfig(vocab_size=N_COLOURS + 1, **SIZES))


def fuse_attention(model: ImageGPTForCausalImageModeling) -> None:
    """Let it attend by the fused kernel, which transformers' Image GPT does not: training takes half as long."""

    def attend(query: Tensor, key: Tensor, value: Tensor, attention_mask: Tensor | None = None) -> tuple[Tensor, None]:
        assert attention_mask is None
        return F.scaled_dot_product_attention(query, key, value, is_causal=True), None

    for block in model.transformer.h:
        block.attn._attn = attend  # pyright: ignore[reportAttributeAccessIssue, reportArgumentType] (seen as a Tensor)


def portraits(seeds: range) -> np.ndarray:
    """float32 [image, pixel, 3], -1 to 1 as Image GPT's processor has it."""
    images = [np.asarray(paint_scene(make_portrait(seed), SIDE)).reshape(-1, 3) for seed in seeds]
    return np.stack(images).astype(np.float32) / 127.5 - 1


def learn_palette(n: int) -> np.ndarray:
    """float32 [colour, 3]: k-means over the pixels of so many portraits."""
    pixels = portraits(TRAIN[:n]).reshape(-1, 3)[::3]
    means = KMeans(N_COLOURS, n_init=2, random_state=0)  # pyright: ignore[reportArgumentType] (annotated as str)
    return means.fit(pixels).cluster_centers_.astype(np.float32)


def load_palette(state: Path, n: int = 1_000) -> np.ndarray:
    """The palette of a run, learned from so many portraits where there is none yet."""
    file = state / "palette.npy"
    if not file.exists():
        state.mkdir(parents=True, exist_ok=True)
        np.save(file, learn_palette(n))
    return np.load(file)


def to_tokens(pixels: np.ndarray, palette: np.ndarray) -> Tensor:
    """int64 [image, pixel]: the nearest colour of the palette."""
    distance = ((pixels[:, :, None] - palette) ** 2).sum(-1)
    return torch.from_numpy(distance.argmin(-1))


def with_start(tokens: Tensor) -> Tensor:
    """The model's input: the start token, then all pixels but the last."""
    start = torch.full_like(tokens[:, :1], N_COLOURS)
    return torch.cat([start, tokens[:, :-1]], 1)


def main() -> None:
    """The command line."""
    parser = run_parser(__doc__, steps=2_200, rate=2e-3)
    args = parsed(parser)
    palette = load_palette(args.state, 40 if args.smoke else 1_000)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model = build_model(args.seed)
    fuse_attention(model)
    model.to(device)  # pyright: ignore[reportArgumentType] (transformers' wrapper hides the type of `to`)

    def step_loss(step: int) -> tuple[Tensor, dict[str, float]]:
        seeds = TRAIN[step * N_BATCH : (step + 1) * N_BATCH]
        tokens = to_tokens(portraits(seeds), palette).to(device)
        logits = model(with_start(tokens), use_cache=False).logits.float()
        hits = (logits.argmax(-1) == tokens).float().mean().item()
        return F.cross_entropy(logits.flatten(0, 1), tokens.flatten()), {"top1": hits}

    plan = Plan(args.steps, args.rate)
    train(model, step_loss, plan, args.state / "state.pt", is_matrix=lambda name: ".h." in name)
    model.save_pretrained(args.state / "model")
    run = {"steps": plan.n_steps, "batch": N_BATCH, "seed": args.seed}
    keep_run(args.state, run)


if __name__ == "__main__":
    main()
