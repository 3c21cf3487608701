"""A tiny VideoBERT with random weights."""

from __future__ import annotations

import torch

from inference.models.videobert.model import VideoBert, VideoBertConfig


def tiny() -> VideoBert:
    """Four chips of two frames of 32 pixels, nine visual words, and twelve words of texts."""
    torch.manual_seed(0)
    config = VideoBertConfig(
        vocab_size=12,
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=24,
        max_position_embeddings=20,
        hidden_dropout_prob=0.0,
        initializer_range=0.5,
        image_size=32,
        n_chips=4,
        frames_a_chip=2,
        chip_widths=(8, 8, 8, 8),
        n_action=3,
        n_look=2,
        n_branches=3,
        n_levels=2,
        actions=("rest", "grow"),
    )
    net = VideoBert(config).eval()
    net.chips.tree.normal_()
    net.chips.pictures.random_(0, 255)
    return net
