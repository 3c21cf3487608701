"""The checkpoints that are spoiled: all bundled whole ones, and ten small random ones of different kinds."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import torch

from resources import bundled_checkpoints, checkpoint_path
from tests.inference import tiny_images, tiny_models
from tests.inference.tiny_checkpoints import save_byte_level, save_wordpiece

TEXTS: dict[str, Callable[[Path], None]] = {
    "bert": save_wordpiece,
    "roberta": save_byte_level,
    "distilbert": save_wordpiece,
    "albert": save_wordpiece,
    "gpt2": save_byte_level,
    "llama": save_byte_level,
    "t5": save_wordpiece,
}
IMAGES = ("vit", "swin", "clip")


def make_bases(folder: Path) -> list[Path]:
    """Write them, a folder each; the bundled ones are copies."""
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for name in bundled_checkpoints():
        if not (checkpoint_path(name) / "config.json").exists():
            continue  # an adapter: its weights are those of a base that is spoiled already
        made.append(Path(shutil.copytree(checkpoint_path(name), folder / name)))
    for name in (*TEXTS, *IMAGES):
        place = folder / f"tiny-{name}"
        torch.manual_seed(0)
        if name in TEXTS:
            tiny_models.build(name).save_pretrained(place)
            TEXTS[name](place)
        else:
            tiny_images.save(place, name, with_preprocessor=True)
        made.append(place)
    return made
