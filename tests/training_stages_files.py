"""What a checkpoint keeps of its training, small and deterministic, as the recipe writes it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

SENTENCES = (("the cat sat", "le chat"), ("a dog", "un chien noir"))
STEPS = (0, 10, 1200)
N_LAYERS, N_HEADS = 2, 4


def pattern_of(stage: int, sentence: int) -> np.ndarray:
    """Rows that sum to 1: float16 [layer, head, query_pos, key_pos]."""
    source, target = (text.split() for text in SENTENCES[sentence])
    weights = np.random.default_rng((stage, sentence)).uniform(size=(N_LAYERS, N_HEADS, len(target), len(source)))
    return (weights / weights.sum(-1, keepdims=True)).astype(np.float16)


def told() -> dict:
    """What along.json says; the head nearest to the diagonal in the end is head 3 of layer 1."""
    sentences = [
        {
            "source": source,
            "target": target,
            "source_tokens": [f"▁{word}" for word in source.split()],
            "target_tokens": [f"▁{word}" for word in target.split()],
        }
        for source, target in SENTENCES
    ]
    stages = [
        {
            "step": step,
            "loss": 9.0 - number,
            "bleu": 10.0 * number,
            "on_diagonal": [[0.1, 0.2, 0.3, 0.2], [0.1, 0.2, 0.3, 0.3 + number / 5]],
            "translations": ["le " * number, "un " * number],
        }
        for number, step in enumerate(STEPS)
    ]
    return {"sentences": sentences, "stages": stages}


def save_training_stages(folder: Path, changes: dict | None = None) -> Path:
    """Beside the weights in a folder; `changes` replace what the JSON says."""
    along = folder / "along"
    along.mkdir(exist_ok=True)
    (along / "along.json").write_text(json.dumps(told() | (changes or {})), encoding="utf-8")
    tensors = {
        f"{step}/{sentence}": pattern_of(stage, sentence)
        for stage, step in enumerate(STEPS)
        for sentence in range(len(SENTENCES))
    }
    save_file(tensors, along / "patterns.safetensors")
    return folder
