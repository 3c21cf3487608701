"""A small random PolyGen."""

from __future__ import annotations

import torch

from inference.models.polygen import PolyGenConfig, PolyGenForMeshGeneration


def build(*, is_conditional=True, attention="eager", **sizes):
    """A tiny PolyGen in float64 whose every weight is random, the scales and heads that begin at zero too."""
    config = PolyGenConfig(
        **{
            "hidden_size": 12,
            "num_attention_heads": 3,
            "intermediate_size": 20,
            "num_vertex_layers": 3,
            "num_encoder_layers": 2,
            "num_face_layers": 2,
            "max_vertices": 10,
            "max_face_tokens": 40,
            **sizes,
        },
        is_conditional=is_conditional,
        id2label={0: "cube", 1: "cone"},
    )
    torch.manual_seed(5)
    net = PolyGenForMeshGeneration._from_config(config, attn_implementation=attention, dtype=torch.float64).eval()
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.copy_(torch.randn_like(parameter) * 0.5)
    return net
