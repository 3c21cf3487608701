"""Train a small MERLOT on generated clips.

    python -m resources.recipes.merlot_clips.train --state DIR

It goes on from where it stopped, if there is something in `DIR`, which keeps the painted frames as well (400 MB).
"""

from __future__ import annotations

from typing import Final

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from inference.models.merlot.layers import MerlotConfig
from inference.models.merlot.masking import choose_masks
from inference.models.merlot.model import DIFFERENT, Merlot, MerlotOutput
from resources.recipes.merlot_clips.data import (
    FIRST_WORD,
    LONGEST,
    MASK,
    N_FRAMES,
    SIDE,
    StoryBatch,
    make_tokenizer,
    training_batch,
    training_stories,
)
from resources.recipes.training import Plan, keep_run, parsed, run_parser, train

N_GROUPS: Final = 16
N_CLIPS: Final = 5_000
_EASY: Final = 0.01  # weight of pairs whose order the places of both frames tell


def build(seed: int, n_words: int) -> Merlot:
    """The model with random weights."""
    torch.manual_seed(seed)
    return Merlot(
        MerlotConfig(
            vocab_size=n_words,
            hidden_size=128,
            contrastive_size=128,
            num_attention_heads=4,
            intermediate_size=384,
            num_hidden_layers=3,
            num_vision_transformer_hidden_layers=2,
            num_frames=N_FRAMES,
            chunk_text_len=LONGEST,
            image_size=(SIDE, SIDE),
            resnet_layers=(1, 1),
            resnet_width=24,
            group_norm_groups=6,
            max_position_embeddings=N_FRAMES * LONGEST,
            max_side_patches=6,
            max_frame_places=16 + N_FRAMES,
            hidden_dropout_prob=0.0,
            initializer_range=0.06,  # with 0.02 so narrow a stream learns much later
        )
    )


def losses_of(model: Merlot, batch: StoryBatch, rng: np.random.Generator) -> dict[str, Tensor]:
    """Of frames and captions that belong together, of masked words, and of what comes before what."""
    masked, labels = _masked(model, batch.input_ids, rng)
    output: MerlotOutput = model(
        batch.pixel_values, batch.input_ids, frame_places=batch.frame_places, masked_ids=masked
    )
    frames, captions = output.frame_vectors, output.caption_vectors
    words, by_text, by_frame = output.word_logits, output.text_frame_logits, output.frame_frame_logits
    assert frames is not None
    assert captions is not None
    assert words is not None
    assert by_text is not None
    assert by_frame is not None
    scores = captions.flatten(0, 1).float() @ frames.flatten(0, 1).float().T / model.config.contrast_temp
    own = torch.arange(len(scores))
    truth = order_labels(batch.owners)
    is_told = batch.frame_places < model.config.unknown_place
    weight = torch.where(is_told[:, :, None] & is_told[:, None], _EASY, 1.0)
    return {
        "match": (F.cross_entropy(scores, own) + F.cross_entropy(scores.T, own)) / 2,
        "words": F.cross_entropy(words.flatten(0, 1).float(), labels.flatten(), ignore_index=-100),
        "text_frame": _weighted(by_text, truth, weight),
        "frame_frame": _weighted(by_frame, truth, weight),
    }


def order_labels(owners: Tensor) -> Tensor:
    """int64 [group, i, j]: another clip 0, the same segment 1, earlier 2, later 3; of `owners` [group, frame]."""
    at = torch.arange(owners.shape[1])
    order = torch.where(at[:, None] == at, 1, torch.where(at[:, None] < at, 2, 3))
    is_one_clip = owners[:, :, None] == owners[:, None]
    return torch.where(is_one_clip, order.expand_as(is_one_clip), DIFFERENT)


def _weighted(logits: Tensor, truth: Tensor, weight: Tensor) -> Tensor:
    losses = F.cross_entropy(logits.flatten(0, 2).float(), truth.flatten(), reduction="none")
    return (losses * weight.flatten()).sum() / weight.sum()


def _masked(model: Merlot, input_ids: Tensor, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Ids with masks, and what was there: of ten chosen words eight become a mask, one any word, one stays."""
    places = torch.arange(input_ids.shape[1]).expand_as(input_ids)
    received = model.attention_received(input_ids, places).float().numpy()
    ids, labels = input_ids.clone(), torch.full_like(input_ids, -100)
    for row, own in enumerate(input_ids.numpy()):
        chosen = torch.from_numpy(choose_masks(received[row], own >= FIRST_WORD, rng).is_masked)
        labels[row, chosen] = input_ids[row, chosen]
        how = torch.from_numpy(rng.random(len(own)))
        ids[row, chosen & (how < 0.8)] = MASK
        any_word = torch.from_numpy(rng.integers(FIRST_WORD, model.config.vocab_size, len(own)))
        is_any = chosen & (how >= 0.8) & (how < 0.9)
        ids[row, is_any] = any_word[is_any]
    return ids, labels


def main() -> None:
    """The command line."""
    parser = run_parser(__doc__, steps=4_000, rate=2e-3)
    parser.add_argument("--clips", type=int, default=N_CLIPS)
    args = parsed(parser)
    tokenizer = make_tokenizer()
    model = build(args.seed, len(tokenizer))
    n_clips, n_groups = (6, 2) if args.smoke else (args.clips, N_GROUPS)
    stories = training_stories(args.state, n_clips)

    def step_loss(step: int) -> tuple[Tensor, dict[str, float]]:
        batch = training_batch(step, n_groups, stories, tokenizer, model.config.unknown_place)
        losses = losses_of(model, batch, np.random.default_rng([7, step]))
        return torch.stack(list(losses.values())).sum(), {name: loss.item() for name, loss in losses.items()}

    plan = Plan(args.steps, args.rate, warm_up=200)
    train(model, step_loss, plan, args.state / "state.pt", is_matrix=lambda name: ".layer0" in name)
    model.eval().half().save_pretrained(args.state / "model")
    tokenizer.save_pretrained(args.state / "model")
    run = {"steps": plan.n_steps, "groups": n_groups, "clips": n_clips, "seed": args.seed}
    keep_run(args.state, run)


if __name__ == "__main__":
    main()
