"""What is shown before the engine is up is what the engine computes, or nothing."""

from __future__ import annotations

import os
import shutil
import threading

import numpy as np
import pytest

from app.link import result_cache
from app.link.result_cache import ResultCache
from inference.context import Context
from inference.results.checkpoint import OpenRequest
from inference.results.heads import HeadsRequest
from inference.results.inputs import ImageInput, Input, SoundInput
from inference.results.maps import RowsRequest
from inference.results.tokenize import TokenizeRequest
from inference.service import wire
from inference.service.engine import Engine
from resources import checkpoint_path
from tests.inputs import text_input

INPUT = text_input("The cat sat on the mat.", masked=(3,))
REQUESTS = (
    OpenRequest("bert-mini"),
    TokenizeRequest("bert-mini", INPUT),
    HeadsRequest("bert-mini", INPUT, "encoder"),
    RowsRequest("bert-mini", INPUT, "encoder", 1, 2, 3, 4),
)


@pytest.fixture
def file(tmp_path):
    return tmp_path / "deep" / "last_results.bin"


@pytest.fixture
def checkpoint(tmp_path):
    """A folder with files, as far as a signature reads them."""
    folder = tmp_path / "checkpoint"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    return folder


def packed(value):
    """Everything in a result, to the last bit."""
    arrays: list[np.ndarray] = []
    body = wire.pack(value, arrays)
    return body, [array.tobytes() for array in arrays]


def keep(cache, *requests):
    for number, request in enumerate(requests):
        cache.keep(str(number), request, OpenRequest("any answer"))
    cache.write()


def test_what_is_kept_is_what_the_engine_computes(file):
    engine, cache = Engine(), ResultCache(file, "1.0")
    for request in REQUESTS:
        cache.keep(type(request).__name__, request, engine.run(request, Context()))
    cache.write()
    later, fresh = ResultCache(file, "1.0"), Engine()
    for request in REQUESTS:
        kept = later.answer(request)
        assert kept is not None
        assert packed(kept) == packed(fresh.run(request, Context()))


def test_another_input_or_option_is_not_known(file, checkpoint):
    asked = HeadsRequest(str(checkpoint), INPUT, "encoder")
    keep(ResultCache(file, "1.0"), asked)
    later = ResultCache(file, "1.0")
    assert later.answer(asked) is not None
    assert later.answer(HeadsRequest(str(checkpoint), text_input("Another."), "encoder")) is None
    assert later.answer(HeadsRequest(str(checkpoint), INPUT, "decoder")) is None


def test_another_version_knows_nothing(file, checkpoint):
    keep(ResultCache(file, "1.0"), OpenRequest(str(checkpoint)))
    assert ResultCache(file, "1.1").answer(OpenRequest(str(checkpoint))) is None


def change_content(folder):
    (folder / "config.json").write_text("{ }")


def change_time(folder):
    os.utime(folder / "config.json", ns=(1, 1))


def add_file(folder):
    (folder / "model.safetensors").touch()


@pytest.mark.parametrize("change", [change_content, change_time, add_file, shutil.rmtree])
def test_a_checkpoint_that_changed_is_computed_anew(file, checkpoint, change):
    keep(ResultCache(file, "1.0"), OpenRequest(str(checkpoint)))
    change(checkpoint)
    assert ResultCache(file, "1.0").answer(OpenRequest(str(checkpoint))) is None


@pytest.mark.parametrize(("kind", "make"), [("image", ImageInput), ("sound", SoundInput)])
def test_a_file_that_changed_is_computed_anew(kind, make, file, checkpoint, tmp_path):
    given = tmp_path / "a.file"
    given.write_bytes(b"1")
    request = TokenizeRequest(str(checkpoint), Input(**{kind: make(str(given))}))
    keep(ResultCache(file, "1.0"), request)
    assert ResultCache(file, "1.0").answer(request) is not None
    given.write_bytes(b"22")
    assert ResultCache(file, "1.0").answer(request) is None


def test_the_latest_of_a_channel_is_kept(file, checkpoint):
    cache = ResultCache(file, "1.0")
    first, second = (HeadsRequest(str(checkpoint), text_input(text), "encoder") for text in "ab")
    for request in (first, second):
        cache.keep("heads", request, OpenRequest("any answer"))
    assert cache.answer(first) is None
    assert cache.answer(second) is not None


def test_it_stays_small(file, checkpoint, monkeypatch):
    monkeypatch.setattr(result_cache, "MOST_ANSWERS", 3)
    monkeypatch.setattr(result_cache, "MOST_BYTES_EACH", 2000)
    monkeypatch.setattr(result_cache, "MOST_BYTES", 3000)
    texts = [str(n) * (400 if n < 4 else 3000) for n in range(5)]
    requests = [HeadsRequest(str(checkpoint), text_input(text), "encoder") for text in texts]
    keep(ResultCache(file, "1.0"), *requests)
    assert file.stat().st_size <= 3000
    later = ResultCache(file, "1.0")
    assert [later.answer(request) is not None for request in requests] == [False, False, True, True, False]


def test_an_answer_is_packed_once(file, checkpoint, monkeypatch):
    cache, packed_channels = ResultCache(file, "1.0"), []
    write = wire.write
    monkeypatch.setattr(wire, "write", lambda to, told: packed_channels.append(told["channel"]) or write(to, told))
    for text in ("One.", "Two.", "Three."):
        cache.keep(text, HeadsRequest(str(checkpoint), text_input(text), "encoder"), OpenRequest("any answer"))
        cache.write()
    assert packed_channels == ["One.", "Two.", "Three."]
    assert len(ResultCache(file, "1.0")._read()) == 3


def test_no_disk_is_asked_while_an_answer_is_kept(file, checkpoint, monkeypatch):
    cache, asked, sign = ResultCache(file, "1.0"), [], result_cache._signature
    monkeypatch.setattr(
        result_cache, "_signature", lambda *of: asked.append(threading.current_thread().name) or sign(*of)
    )
    cache.keep("heads", HeadsRequest(str(checkpoint), INPUT, "encoder"), OpenRequest("any answer"))
    assert asked == []
    cache.write_beside()
    cache.write()  # which waits for it
    assert asked == ["last-results"]


def test_what_was_kept_just_now_is_not_given_either_where_the_checkpoint_changed_since(file, checkpoint):
    cache, asked = ResultCache(file, "1.0"), OpenRequest(str(checkpoint))
    keep(cache, asked)
    assert cache.answer(asked) is not None
    change_content(checkpoint)
    assert cache.answer(asked) is None


@pytest.mark.parametrize("damage", ["cut", "bits", "text", "empty", "pickle", "other"])
def test_a_damaged_file_counts_as_none(file, checkpoint, damage):
    asked = OpenRequest(str(checkpoint))
    keep(ResultCache(file, "1.0"), asked, TokenizeRequest(str(checkpoint), INPUT))
    whole = file.read_bytes()
    other = wire_bytes({"channel": "x", "signature": "x", "request": 3, "answer": 4})
    file.write_bytes(
        {
            "cut": whole[:-7],
            "bits": whole[:30] + bytes(255 - byte for byte in whole[30:60]) + whole[60:],
            "text": b"hello",
            "empty": b"",
            "pickle": b"\x80\x04cos\nsystem\n(S'false'\ntR.",
            "other": other,
        }[damage]
    )
    cache = ResultCache(file, "1.0")
    assert cache.answer(asked) is None
    keep(cache, asked)  # and it is replaced by one that is whole
    assert ResultCache(file, "1.0").answer(asked) is not None


def wire_bytes(message):
    import io

    stream = io.BytesIO()
    wire.write(stream, message)
    return stream.getvalue()


def test_a_file_too_large_to_be_ours_is_not_read(file, checkpoint, monkeypatch):
    keep(ResultCache(file, "1.0"), OpenRequest(str(checkpoint)))
    monkeypatch.setattr(result_cache, "MOST_BYTES", 10)
    assert ResultCache(file, "1.0").answer(OpenRequest(str(checkpoint))) is None


def test_where_nothing_can_be_written_nothing_is_said(tmp_path, checkpoint):
    (tmp_path / "file").touch()
    keep(ResultCache(tmp_path / "file" / "last_results.bin", "1.0"), OpenRequest(str(checkpoint)))


def test_nothing_new_is_not_written(file, checkpoint):
    cache = ResultCache(file, "1.0")
    keep(cache, OpenRequest(str(checkpoint)))
    file.unlink()
    cache.write()
    assert not file.exists()
    assert checkpoint_path("bert-mini").is_dir()


def test_a_slow_disk_holds_nobody_up_and_the_last_answers_win(file, checkpoint, monkeypatch):
    request, other = OpenRequest(str(checkpoint)), OpenRequest("other")
    disk_answers, write = threading.Event(), result_cache._write
    monkeypatch.setattr(result_cache, "_write", lambda *args: disk_answers.wait(20) and write(*args))
    cache = ResultCache(file, "1.0")
    cache.keep("0", request, OpenRequest("first"))
    cache.write_beside()
    cache.keep("0", request, other)
    cache.write_beside()  # waits for none, nor is a second one begun
    assert not file.exists()
    disk_answers.set()
    cache.write()
    assert ResultCache(file, "1.0").answer(request) == other
