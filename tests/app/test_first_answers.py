"""What comes with Headlight for its first window is what the engine computes, and all that this window asks."""

from __future__ import annotations

import io
import json
import shutil
import struct

import numpy as np
import pytest
from PySide6.QtCore import QObject, Signal

from app.link import first_answers
from app.link.first_answers import FirstAnswers
from app.window.main_window import MainWindow
from inference.results.checkpoint import OpenRequest
from inference.results.devices import DevicesRequest
from inference.results.memory import MemoryRequest
from inference.service import wire
from resources import FIRST_CHECKPOINT, checkpoint_path
from resources.first_answers import FILE, content_hash
from resources.recipes import first_answers as recipe

AGAIN = "make it again: python -m resources.recipes.first_answers"


def read(content):
    """The messages as objects, and their headers as they stand there: a field that was added is in no old header."""
    stream, messages, headers = io.BytesIO(content), [], []
    start = 0
    while (message := wire.read(stream)) is not None:
        (length,) = struct.unpack_from("<Q", content, start)
        headers.append(json.loads(content[start + 8 : start + 8 + length]))
        messages.append(message[0])
        start = stream.tell()
    return messages, headers


def arrays_of(message):
    arrays: list[np.ndarray] = []
    wire.pack(message, arrays)
    return arrays


def test_it_is_what_the_engine_computes():
    before, headers_before = read(FILE.read_bytes())
    now, headers = read(recipe.pack(recipe.first_answers()))
    assert headers_before == headers, AGAIN
    for old_message, message in zip(before, now, strict=True):
        for old, new in zip(arrays_of(old_message), arrays_of(message), strict=True):
            # Thumbnails are rounded to whole steps of grey, and another processor adds in another order.
            atol = 1 if old.dtype == np.uint8 else 1e-5
            np.testing.assert_allclose(old.astype(float), new.astype(float), rtol=1e-4, atol=atol, err_msg=AGAIN)


def test_it_is_of_the_checkpoint_that_comes_with_it():
    messages, _ = read(FILE.read_bytes())
    assert {message["signature"] for message in messages} == {content_hash(checkpoint_path(FIRST_CHECKPOINT))}, AGAIN


def test_where_it_runs_is_left_open():
    info = FirstAnswers().answer(OpenRequest(FIRST_CHECKPOINT))
    assert (info.device, info.runs_in) == ("", "")


class SilentRunner(QObject):
    """An engine that never answers."""

    progressed, cancelled = Signal(str, object), Signal(str, object)
    arrived, failed = Signal(str, object, object, bool), Signal(str, object, object)
    engine_died, busy_changed = Signal(str), Signal(bool)
    is_busy, elsewhere, job_link = True, None, None

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[object] = []

    def submit(self, _channel, request, *, is_quiet=False):
        self.asked.append(request)

    def start(self):
        pass

    def shutdown(self):
        pass

    def withdraw_all_but(self, *_channels):
        return {}


def test_the_first_window_shows_it_dimmed_while_the_engine_is_silent(qtbot, tmp_path):
    runner = SilentRunner()
    window = MainWindow(runner, tmp_path / "settings.json")
    qtbot.addWidget(window)
    window.resize(1280, 800)
    window.show()
    qtbot.waitUntil(lambda: "home" in window.area.views)
    assert window.area.current == "home"
    window.show_view("heads")  # one click away
    qtbot.waitUntil(lambda: "heads" in window.area.views and window.area.views["heads"].figure() is not None)
    asked = [
        request for request in dict.fromkeys(runner.asked) if not isinstance(request, MemoryRequest | DevicesRequest)
    ]
    known = [message["request"] for message in read(FILE.read_bytes())[0]]
    assert asked == known, AGAIN  # all that it asks, and nothing that it does not
    view = window.area.views["heads"]
    assert view.is_dimmed
    assert "came with Headlight" in view.why_not_current
    assert window.input_bar.token_row.chips.has_tokens
    assert list(tmp_path.iterdir()) == []  # nothing is written to show it


# A copy that can be spoilt


@pytest.fixture
def checkpoint(tmp_path, monkeypatch):
    """The bundled one, and the answers that were computed from it."""
    folder = tmp_path / "copy"
    shutil.copytree(checkpoint_path(FIRST_CHECKPOINT), folder)
    monkeypatch.setattr(first_answers, "checkpoint_path", lambda _name: folder)
    return folder


def is_known(file=FILE):
    return FirstAnswers(file).answer(OpenRequest(FIRST_CHECKPOINT)) is not None


def test_times_do_not_matter_as_an_installer_sets_them_anew(checkpoint):
    (checkpoint / "config.json").touch()
    (checkpoint / "README.md").write_text("Another card.")
    assert is_known()


def flip_a_bit(folder):
    file = folder / "model.safetensors"
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)


def rename(folder):
    (folder / "tokenizer.json").rename(folder / "tokeniser.json")


def add_file(folder):
    (folder / "added_tokens.json").write_text("{}")


@pytest.mark.parametrize("change", [flip_a_bit, rename, add_file, shutil.rmtree])
def test_of_a_checkpoint_that_was_changed_nothing_is_known(checkpoint, change):
    change(checkpoint)
    assert not is_known()


def test_another_request_is_not_known():
    assert FirstAnswers().answer(OpenRequest("vit-scenes")) is None


@pytest.mark.parametrize("content", [None, b"", b"hello", FILE.read_bytes()[:-7]])
def test_a_damaged_file_counts_as_none(tmp_path, content):
    file = tmp_path / "first_answers.bin"
    if content is not None:
        file.write_bytes(content)
    assert not is_known(file)
