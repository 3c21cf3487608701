"""The bundled image checkpoints do what their cards say, measured on a few held-out images."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.metrics import average_precision_score
from torch.nn import functional as F
from transformers import (
    BeitForMaskedImageModeling,
    BeitImageProcessor,
    ImageGPTForCausalImageModeling,
    ImageGPTImageProcessor,
    ViTForImageClassification,
    ViTImageProcessor,
)

from inference.inputs.block_masking import block_mask
from inference.inputs.scene_images import paint_scene, thing_masks
from inference.models.image_tokenizer import ImageTokenizer
from inference.models.masked_igpt import MaskedImageGPT
from resources import CHECKPOINTS
from resources.scene_shapes import KINDS
from resources.scenes import make_portrait, make_scene

SEEDS = range(2_000, 2_120)  # of the test split of the recipes
PORTRAITS = SEEDS[:40]  # of 256 pixels each
MOST_BYTES = 12_000_000


@pytest.mark.parametrize("name", ["vit-scenes", "beit-scenes", "igpt-small", "igpt-masked"])
def test_a_checkpoint_is_small_and_has_a_card(name):
    folder = CHECKPOINTS / name
    assert sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) < MOST_BYTES
    card = (folder / "README.md").read_text(encoding="utf-8")
    for said in ("license: apache-2.0", "## Data", "## Training", "## Measured", "## Limits", "seed 0", "python -m"):
        assert said in card


@torch.inference_mode()
def test_vit_scenes_names_the_kinds_and_looks_at_things():
    folder = CHECKPOINTS / "vit-scenes"
    model = ViTForImageClassification.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    scenes = [make_scene(seed) for seed in SEEDS]
    pixels = ViTImageProcessor.from_pretrained(folder)([paint_scene(s, 64) for s in scenes], return_tensors="pt")
    result = model(**pixels, output_attentions=True)
    truth = np.array([[any(t.kind == kind for t in scene.things) for kind in KINDS] for scene in scenes])
    assert model.config.id2label == dict(enumerate(KINDS))
    assert average_precision_score(truth, result.logits.sigmoid().numpy()) >= 0.95

    # Attention rollout from [CLS] (Abnar and Zuidema 2020) peaks where something stands.
    rollout = torch.eye(65).expand(len(scenes), -1, -1)
    for pattern in result.attentions:
        rollout = (rollout + pattern.mean(1) @ rollout) / 2
    peaks = rollout[:, 0, 1:].argmax(-1).tolist()
    masks = [thing_masks(scene, 64).any(0).reshape(8, 8, 8, 8).any((1, 3)).ravel() for scene in scenes]
    assert np.mean([mask[peak] for mask, peak in zip(masks, peaks, strict=True)]) >= 0.95


@torch.inference_mode()
def test_beit_scenes_names_hidden_tokens_and_its_tokenizer_rebuilds_scenes():
    folder = CHECKPOINTS / "beit-scenes"
    model = BeitForMaskedImageModeling.from_pretrained(folder, dtype=torch.float32).eval()
    tokenizer = ImageTokenizer.from_pretrained(folder / "tokenizer", dtype=torch.float32).eval()
    painted = [paint_scene(make_scene(seed), 64) for seed in SEEDS]
    pixels = BeitImageProcessor.from_pretrained(folder)(painted, return_tensors="pt")["pixel_values"]
    tokens = tokenizer.tokens(pixels)
    hidden = torch.from_numpy(np.stack([block_mask(16, 16, 0.4, seed).ravel() for seed in SEEDS]))
    truth = tokens.flatten(1)[hidden]
    guess = model(pixels, bool_masked_pos=hidden).logits.argmax(-1)[hidden]
    most_frequent = truth.bincount().max() / len(truth)
    assert (guess == truth).float().mean() >= 3 * most_frequent

    patches = pixels.reshape(-1, 3, 16, 4, 16, 4)
    by_mean = (patches - patches.mean((3, 5), keepdim=True)).pow(2).mean()
    assert (tokenizer.rebuild(tokens) - pixels).pow(2).mean() < by_mean


def portrait_tokens(name: str) -> torch.Tensor:
    """int64 [image, pixel], by the checkpoint's own preprocessing."""
    processor = ImageGPTImageProcessor.from_pretrained(CHECKPOINTS / name)
    return processor([paint_scene(make_portrait(seed), 16) for seed in PORTRAITS], return_tensors="pt")["input_ids"]


def unigram_nats(tokens: torch.Tensor) -> float:
    shares = tokens.flatten().bincount() / tokens.numel()
    return float(-(shares[shares > 0] * shares[shares > 0].log()).sum())


@torch.inference_mode()
def test_igpt_small_needs_far_fewer_bits_than_the_unigram():
    model = ImageGPTForCausalImageModeling.from_pretrained(CHECKPOINTS / "igpt-small", dtype=torch.float32).eval()
    tokens = portrait_tokens("igpt-small")
    start = torch.full_like(tokens[:, :1], model.config.vocab_size - 1)
    logits = model(torch.cat([start, tokens[:, :-1]], 1), use_cache=False).logits
    assert F.cross_entropy(logits.mT, tokens).item() <= 0.6 * unigram_nats(tokens)


@torch.inference_mode()
def test_igpt_masked_finds_the_colours_of_hidden_pixels():
    model = MaskedImageGPT.from_pretrained(CHECKPOINTS / "igpt-masked", dtype=torch.float32).eval()
    tokens = portrait_tokens("igpt-masked")
    hidden = torch.rand(tokens.shape, generator=torch.Generator().manual_seed(0)) < 0.15
    result = model(tokens, bool_masked_pos=hidden, labels=tokens)
    assert result.loss.item() <= 0.6 * unigram_nats(tokens)
