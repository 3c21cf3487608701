"""What is said of a checkpoint suits what it reads."""

from __future__ import annotations

from dataclasses import replace

from app.commands.inspect_text import inspect_text
from tests.factories import make_checkpoint_info


def test_texts():
    said = inspect_text(make_checkpoint_info())
    assert "Vocabulary" in said
    assert "Longest input" in said
    assert "Images" not in said


def test_pictures():
    labels = tuple(f"kind {i}" for i in range(9))
    info = replace(make_checkpoint_info(), reads=("image",), classes=labels, images="64 × 64 pixels in 8 × 8 patches")
    said = inspect_text(info)
    assert "Images             64 × 64 pixels in 8 × 8 patches" in said
    assert "Classes            9: kind 0, kind 1, kind 2, kind 3, kind 4, kind 5 ..." in said
    for word in ("Vocabulary", "Longest input", "Mask token", "token ids"):
        assert word not in said


def test_visual_tokens():
    info = replace(make_checkpoint_info(), reads=("image",), capabilities=("attention", "masked_image"), d_vocab=256)
    assert "Visual tokens      256" in inspect_text(info)
