"""Train `beit-scenes`: a small BEiT that says which tokens the hidden patches of a scene have.

    python -m resources.recipes.beit_scenes --state DIR --tokenizer DIR

References
----------
Bao, Dong, Piao and Wei 2022, "BEiT: BERT Pre-Training of Image Transformers".
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F
from transformers import BeitConfig, BeitForMaskedImageModeling

from inference.inputs.block_masking import block_mask
from inference.models.image_tokenizer import ImageTokenizer
from resources.recipes.beit_scenes_tokenizer import PATCH_SIZE
from resources.recipes.scene_data import SIDE, images, training_scenes
from resources.recipes.training import Plan, keep_run, parsed, run_parser, train

N_BATCH = 16
N_ROWS = SIDE // PATCH_SIZE
SHARE = 0.4


def build_model(seed: int, n_tokens: int) -> BeitForMaskedImageModeling:
    """6 layers of 96 with 4 heads over 16 x 16 patches of 4 x 4 pixels, one of each a token."""
    torch.manual_seed(seed)
    config = BeitConfig(
        vocab_size=n_tokens,
        image_size=SIDE,
        patch_size=PATCH_SIZE,
        hidden_size=96,
        num_hidden_layers=6,
        num_attention_heads=4,
        intermediate_size=288,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        drop_path_rate=0.0,
        use_mask_token=True,
        use_shared_relative_position_bias=True,
        # BEiT's 0.1 is for its 12 layers and more; this few learn faster without.
        layer_scale_init_value=1.0,
        # Beside the relative bias, because a run this short does not find out from it alone where a patch is.
        use_absolute_position_embeddings=True,
    )
    return BeitForMaskedImageModeling._from_config(config, attn_implementation="sdpa")


def masks(seeds: range) -> Tensor:
    """bool [seed, patch]: what is hidden."""
    return torch.from_numpy(np.stack([block_mask(N_ROWS, N_ROWS, SHARE, seed).ravel() for seed in seeds]))


def training_masks(step: int) -> Tensor:
    """bool [image, patch]: half of them in blocks as in the paper, half scattered, 5 to 50 % of the patches.

    What continues a thing is learned from scattered masks; in the middle of a block there is little to learn it from.
    """
    n_half = N_BATCH // 2
    blocks = masks(range(step * N_BATCH, step * N_BATCH + n_half))
    rng = np.random.default_rng(step)
    scattered = rng.random((n_half, N_ROWS * N_ROWS)) < rng.uniform(0.05, 0.5, (n_half, 1))
    return torch.cat([blocks, torch.from_numpy(scattered)])


def main() -> None:
    """The command line."""
    parser = run_parser(__doc__, steps=4_000, rate=5e-3)
    parser.add_argument("--tokenizer", type=Path, required=True, help="state of beit_scenes_tokenizer")
    args = parsed(parser)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    tokenizer = ImageTokenizer.from_pretrained(args.tokenizer / "model").eval()
    model = build_model(args.seed, tokenizer.config.vocab_size)
    for part in (tokenizer, model):
        part.to(device)  # pyright: ignore[reportArgumentType] (transformers' wrapper hides the type of `to`)

    def step_loss(step: int) -> tuple[Tensor, dict[str, float]]:
        shown = images(training_scenes(step, N_BATCH)).to(device)
        hidden = training_masks(step).to(device)
        tokens = tokenizer.tokens(shown).flatten(1)
        logits = model(shown, bool_masked_pos=hidden).logits.float()
        loss = F.cross_entropy(logits[hidden], tokens[hidden])
        # To name what is shown is soon learned, and helps to name its continuation.
        loss_shown = F.cross_entropy(logits[~hidden], tokens[~hidden])
        hits = (logits.argmax(-1) == tokens)[hidden].float().mean().item()
        return loss + loss_shown, {"top1": hits, "hidden": loss.item(), "shown": loss_shown.item()}

    plan = Plan(args.steps, args.rate)
    train(model, step_loss, plan, args.state / "state.pt", is_matrix=lambda name: ".layer" in name)
    model.save_pretrained(args.state / "model")
    run = {"steps": plan.n_steps, "batch": N_BATCH, "seed": args.seed}
    keep_run(args.state, run)


if __name__ == "__main__":
    main()
