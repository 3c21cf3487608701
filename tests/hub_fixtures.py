"""The real client of the hub, pointed at a hub on loopback and at a cache of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

import inference
from resources import CHECKPOINTS
from tests.fake_hub import FakeHub, Repo

MINI = "headlight/bert-mini"


def files_of(name: str) -> dict[str, bytes]:
    """Of a bundled checkpoint, as its repository on the hub would have them."""
    return {path.name: path.read_bytes() for path in (CHECKPOINTS / name).iterdir() if path.is_file()}


@pytest.fixture
def fake_hub(tmp_path, monkeypatch):
    """A hub that has one checkpoint, and nothing in the cache; the client asks nobody else."""
    from huggingface_hub import constants
    from huggingface_hub.utils import close_session

    hub = FakeHub()
    hub.repos[MINI] = Repo(
        files_of("bert-mini") | {"pytorch_model.bin": b"\x80\x02" * 20_000, "onnx/model.onnx": b"o" * 20_000},
        card={"license": "apache-2.0", "language": "en"},
        config={"model_type": "bert"},
    )
    monkeypatch.setattr(constants, "ENDPOINT", hub.url)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", hub.url + "/{repo_id}/resolve/{revision}/{filename}")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)  # as it is until the hub is asked
    monkeypatch.setattr(inference, "IS_OFFLINE_WISHED", False)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "token"))
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HEADLIGHT_HUB_TOKEN_FOR"):
        monkeypatch.delenv(name, raising=False)
    yield hub
    close_session()
    hub.close()


def partials(cache: Path) -> list[Path]:
    return list(cache.glob("models--*/blobs/*.incomplete"))
