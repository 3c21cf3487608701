"""A sound checkpoint, and a copy of it to spoil."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.inference.tiny_checkpoints import (
    save_bert,
)


@pytest.fixture(scope="module")
def sound(tmp_path_factory) -> Path:
    """A sound checkpoint, copied before it is spoiled."""
    return save_bert(tmp_path_factory.mktemp("sound") / "tiny-bert")


@pytest.fixture
def folder(sound, tmp_path) -> Path:
    return Path(shutil.copytree(sound, tmp_path / "tiny-bert"))
