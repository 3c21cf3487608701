"""A small random MERLOT on disk, and an answer about frames made by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from transformers import ViTImageProcessorPil

from inference.analyses.order import scored_orders
from inference.models.merlot.layers import MerlotConfig
from inference.models.merlot.model import Merlot
from inference.results.checkpoint import AttentionGroup, CheckpointInfo
from inference.results.order import AFTER, BEFORE, SAME, OrderResult
from inference.results.request import Capability
from inference.results.tokens import Tokens
from resources.recipes.merlot_clips.data import make_tokenizer
from tests.film_factories import make_film_info

SENTENCES = ("a red cup enters", "the red cup grows", "the red cup becomes blue", "the blue cup leaves")


def save(folder: Path, **kwargs) -> Path:
    """Random weights; no pattern of it is flat."""
    tokenizer = make_tokenizer()
    torch.manual_seed(0)
    sizes = {"vocab_size": len(tokenizer), "hidden_size": 32, "contrastive_size": 16, "num_attention_heads": 4}
    sizes |= {"intermediate_size": 48, "num_hidden_layers": 2, "num_vision_transformer_hidden_layers": 1}
    sizes |= {"chunk_text_len": 16, "image_size": (32, 32), "resnet_layers": (1, 1), "resnet_width": 8}
    sizes |= {"group_norm_groups": 2, "max_position_embeddings": 64, "max_side_patches": 4, "max_frame_places": 20}
    net = Merlot(MerlotConfig(**(sizes | {"initializer_range": 0.3} | kwargs))).eval()
    net.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    size = {"height": 32, "width": 32}
    ViTImageProcessorPil(size=size, image_mean=[0.5] * 3, image_std=[1.0] * 3).save_pretrained(folder)
    return folder


def make_order_info() -> CheckpointInfo:
    """Of a checkpoint that puts frames in order."""
    group = AttentionGroup("words_and_frames", "Words and frames", (4, 4), query_axis="both", key_axis="both")
    capabilities = (Capability.ATTENTION, Capability.CLIP, Capability.ORDER)
    info = make_film_info("order-test")
    return replace(info, groups=(group,), reads=("text", "clip"), capabilities=capabilities)


def make_order_result(order: tuple[int, ...] = (1, 3, 0, 2)) -> OrderResult:
    """Of a model that knows what comes when, and is quite sure of it."""
    n = len(order)
    generator = np.random.default_rng(0)

    def sure(rows, columns):
        probs = np.full((n, n, 4), 0.05, np.float32)
        for i, first in enumerate(rows):
            for j, second in enumerate(columns):
                probs[i, j, SAME if first == second else BEFORE if first < second else AFTER] = 0.85
        return probs

    text_frame = sure(range(n), order)
    places, scores = scored_orders(text_frame)
    pieces = [("[CLS]", *sentence.split()) for sentence in SENTENCES]
    words = tuple(word for line in pieces for word in line)
    is_special = np.array([word == "[CLS]" for word in words])
    received = np.where(is_special, 3.0, [len(word) for word in words]).astype(np.float32)
    cosines = np.full((n, n), -0.2, np.float32)
    for place, frame in enumerate(order):
        cosines[frame, place] = 0.4
    zeros, ones = np.zeros(len(words), np.int8), np.ones(len(words), bool)
    return OrderResult(
        order=order,
        seen=generator.integers(0, 255, (n, 24, 24, 3), np.uint8),
        frames=tuple(5 + 8 * i for i in order),
        sentences=SENTENCES,
        cosines=cosines,
        temperature=0.05,
        text_frame=text_frame,
        frame_frame=sure(order, order),
        places=places,
        scores=scores,
        words=Tokens(np.arange(len(words)), words, ones, is_special, zeros),
        received=received,
        is_top=np.array([word in ("becomes", "leaves") for word in words]),
        is_masked=np.array([word in ("leaves", "red") for word in words]),
    )
