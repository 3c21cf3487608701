"""Bundled checkpoints with their cards, counts of n-grams, word vectors, sample sentences, pictures and icons."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).parent
CONFIG, ADAPTER_CONFIG = "config.json", "adapter_config.json"  # either of them makes a folder a checkpoint
CHECKPOINTS = ROOT / "checkpoints"
NGRAMS = ROOT / "ngrams" / "english.npz"
EMBEDDINGS = ROOT / "embeddings" / "english.npz"
HOME_PICTURES = ROOT / "home"  # <light or dark>/<card>.png, made by docs/home_pictures.py
CBOW_EMBEDDINGS = ROOT / "embeddings" / "english-cbow.npz"
PUBLISHED = ROOT / "published"  # <table>.json
DETECTORS = ROOT / "detectors"  # of regions; models name the one that they read the regions of
HUB_LECTURE = ROOT / "hub" / "lecture.json"  # checkpoints of the hub for the systems of the lecture: `app.hub.lecture`
HELP = ROOT / "help"  # <view>.md: what a view shows and how it is read


def bundled_checkpoints() -> tuple[str, ...]:
    """Names of the checkpoints that come with Headlight, the one shown at first start first."""
    # An adapter has no configuration of its own; its base is bundled, too.
    configs = CONFIG, ADAPTER_CONFIG
    with os.scandir(CHECKPOINTS) as folders:  # each start asks several times, and globbing takes four times as long
        names = {one.name for one in folders if any(os.path.exists(f"{one.path}/{config}") for config in configs)}
    return tuple(sorted(names, key=lambda name: (name != FIRST_CHECKPOINT, name)))


def checkpoint_path(checkpoint: str) -> Path:
    """Folder of a checkpoint: a bundled name, or a path."""
    bundled = CHECKPOINTS / checkpoint
    if checkpoint in bundled_checkpoints():
        return bundled
    try:
        return Path(checkpoint).expanduser()
    except RuntimeError:  # a user that does not exist: then it is a name like others
        return Path(checkpoint)


FIRST_CHECKPOINT = "bert-mini"

SAMPLE_PAIR = "The king and the queen lived in a castle.\nThey had three beautiful daughters."
# Sentences to begin with; a pair is split at the line break.
SAMPLES: tuple[str, ...] = (
    "The cat sat on the mat because it was tired.",
    "The children played in the garden until it was dark.",
    "I brush my teeth every morning.",
    "A man riding a bicycle down the street.",
    "Once upon a time there was",
    SAMPLE_PAIR,
    "She put the flowers in a vase.\nThe doctor told him to stay in bed.",
)
