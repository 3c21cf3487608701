"""The bundled picture checkpoints do what their cards say, measured on a few held-out pictures."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.metrics import average_precision_score
from transformers import ViTForImageClassification, ViTImageProcessor

from inference.scene_pictures import paint_scene, thing_masks
from resources import CHECKPOINTS
from resources.scene_shapes import KINDS
from resources.scenes import make_scene

SEEDS = range(2_000, 2_120)  # of the test split of the recipes
MOST_BYTES = 12_000_000


@pytest.mark.parametrize("name", ["vit-scenes"])
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
    assert [model.config.id2label[i] for i in range(len(KINDS))] == list(KINDS)
    assert average_precision_score(truth, result.logits.sigmoid().numpy()) >= 0.95

    # Attention rollout from [CLS] (Abnar and Zuidema 2020) peaks where something stands.
    rollout = torch.eye(65).expand(len(scenes), -1, -1)
    for pattern in result.attentions:
        rollout = (rollout + pattern.mean(1) @ rollout) / 2
    peaks = rollout[:, 0, 1:].argmax(-1).tolist()
    masks = [thing_masks(scene, 64).any(0).reshape(8, 8, 8, 8).any((1, 3)).ravel() for scene in scenes]
    assert np.mean([mask[peak] for mask, peak in zip(masks, peaks, strict=True)]) >= 0.95
