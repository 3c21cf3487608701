"""Several checkpoints are open under a budget, on the device that was chosen; out of memory frees what was taken.

No test machine has two devices. torch takes `cpu:1` for a device of its own: all but its memory is as with a GPU.
"""

from __future__ import annotations

import gc
import weakref
from pathlib import Path

import pytest
import torch

import inference.checkpoints.devices as there
from inference.checkpoints import loading
from inference.checkpoints.weights_reading import WeightsReading, read_net
from inference.context import Context, Refused
from inference.forward.model import Model
from inference.forward.run import Run
from inference.results.attention import AttentionRequest
from inference.results.checkpoint import OpenRequest
from inference.results.devices import WISH, Device, DevicesRequest, device_name
from inference.results.events import Failure
from inference.results.memory import MemoryRequest
from inference.service.engine import Engine, answer
from tests.inference.tiny_checkpoints import save_bert
from tests.inputs import text_input

GB = 2**30
CPU = Device("cpu", "CPU", 32 * GB, 16 * GB)
CARD = Device("cpu:1", "Card", 8 * GB, 4 * GB)
TEXT = text_input(token_ids=(2, 5, 6, 3))


@pytest.fixture
def checkpoints(tmp_path):
    return [str(save_bert(tmp_path / name)) for name in "abc"]


@pytest.fixture
def engine(monkeypatch) -> Engine:
    monkeypatch.delenv(WISH, raising=False)
    monkeypatch.setattr(there, "devices", lambda: (CPU, CARD))
    monkeypatch.setattr(there, "usual_device", lambda: "cpu")
    return Engine()


def is_open(engine: Engine, settings: MemoryRequest) -> list[str]:
    return [Path(one.checkpoint).name for one in engine.run(settings, Context()).checkpoints]


def run(engine: Engine, checkpoint: str):
    return engine.run(AttentionRequest(checkpoint, TEXT, "encoder"), Context())


# Several at once


def test_a_smaller_budget_is_kept_at_once(engine, checkpoints):
    for checkpoint in checkpoints:
        engine.run(OpenRequest(checkpoint), Context())
    n_bytes = engine.run(MemoryRequest(), Context()).checkpoints[0].n_bytes
    assert is_open(engine, MemoryRequest(for_checkpoints=2 * n_bytes, pinned=(checkpoints[0],))) == ["a", "c"]
    assert is_open(engine, MemoryRequest(for_checkpoints=1)) == ["c"]


def test_the_one_used_longest_ago_makes_way_and_comes_back_on_demand(engine, checkpoints):
    a, b, c = checkpoints
    info = engine.run(OpenRequest(a), Context())
    n_bytes = engine.run(MemoryRequest(), Context()).checkpoints[0].n_bytes
    assert n_bytes == pytest.approx(4 * info.n_parameters, rel=0.1)  # with its buffers
    settings = MemoryRequest(for_checkpoints=2 * n_bytes)
    assert is_open(engine, settings) == ["a"]
    engine.run(OpenRequest(b), Context())
    run(engine, a)
    first = weakref.ref(engine._models.get(b, Context()).net)
    run(engine, a)
    engine.run(OpenRequest(c), Context())
    assert is_open(engine, settings) == ["a", "c"]
    gc.collect()
    assert first() is None
    run(engine, b)
    assert is_open(engine, settings) == ["c", "b"]


def test_room_is_made_before_the_next_is_read(engine, checkpoints, monkeypatch):
    a, b, _ = checkpoints
    engine.run(OpenRequest(a), Context())
    n_bytes = engine.run(MemoryRequest(), Context()).checkpoints[0].n_bytes
    is_open(engine, MemoryRequest(for_checkpoints=n_bytes))
    held = []

    def read(*args):
        held.append([Path(one.checkpoint).name for one in engine._models.told])
        return read_net(*args)

    monkeypatch.setattr(loading, "read_net", read)
    engine.run(OpenRequest(b), Context())
    assert held == [[]]


def test_a_pinned_one_is_unloaded_last_and_the_one_looked_at_never(engine, checkpoints):
    a, b, c = checkpoints
    engine.run(OpenRequest(a), Context())
    n_bytes = engine.run(MemoryRequest(), Context()).checkpoints[0].n_bytes
    settings = MemoryRequest(for_checkpoints=2 * n_bytes, pinned=(a,))
    engine.run(settings, Context())
    for checkpoint in (b, c):
        engine.run(OpenRequest(checkpoint), Context())
        engine.run(settings, Context())
    assert is_open(engine, settings) == ["a", "c"]
    little = MemoryRequest(for_checkpoints=1, pinned=(a,))
    engine.run(little, Context())
    engine.run(OpenRequest(b), Context())
    assert is_open(engine, little) == ["b"]


def test_an_open_one_is_read_again_only_if_its_files_have_changed(engine, checkpoints):
    a, b, _ = checkpoints
    for checkpoint in (a, b):
        engine.run(OpenRequest(checkpoint), Context())
    net = engine._models.get(a, Context()).net
    engine.run(OpenRequest(a), Context())
    assert engine._models.get(a, Context()).net is net
    save_bert(Path(a), seed=5)
    engine.run(OpenRequest(a), Context())
    assert engine._models.get(a, Context()).net is not net


# Devices


def test_the_open_checkpoint_moves_and_shows_the_same(engine, checkpoints):
    before = run(engine, checkpoints[0]).pattern
    told = engine.run(DevicesRequest("cpu:1"), Context())
    assert (told.chosen, told.current, told.devices) == ("cpu:1", CARD, (CPU, CARD))
    assert CARD.about == "Card: 4.0 of 8.0 GB free"
    model = engine._models.get(checkpoints[0], Context())
    assert (str(model.device), model.info.device) == ("cpu:1", "Card")
    assert engine.run(MemoryRequest(), Context()).held == 0
    assert run(engine, checkpoints[0]).pattern == pytest.approx(before)
    assert engine.run(OpenRequest(checkpoints[1]), Context()).device == "Card"
    assert engine.run(DevicesRequest(), Context()).chosen == "cpu:1"


def test_what_does_not_fit_stays_where_it_was(engine, checkpoints, monkeypatch):
    run(engine, checkpoints[0])
    full = Device("cpu:1", "Card", 8 * GB, 1000)
    monkeypatch.setattr(there, "devices", lambda: (CPU, full))
    with pytest.raises(Refused, match=r"^a takes 0\.0 GB of the memory of Card; 0\.0 GB of its 8\.0 GB are free\.$"):
        engine.run(DevicesRequest("cpu:1"), Context())
    assert engine.run(DevicesRequest(), Context()).chosen == "cpu"
    assert run(engine, checkpoints[0]) is not None


def test_what_a_device_cannot_run_stays_where_it_was(engine, checkpoints, monkeypatch):
    run(engine, checkpoints[0])
    net = engine._models.get(checkpoints[0], Context()).net
    to = type(net).to

    def fails(self, device):
        if str(device) == "cpu:1":
            raise TypeError("Cannot convert a tensor to float64.")
        return to(self, device)

    monkeypatch.setattr(type(net), "to", fails)
    with pytest.raises(Refused, match=r"a cannot be run on Card: Cannot convert a tensor to float64\.$"):
        engine.run(DevicesRequest("cpu:1"), Context())
    assert str(engine._models.get(checkpoints[0], Context()).device) == "cpu"


def test_a_device_that_is_not_there_is_named_with_those_that_are(engine, checkpoints, monkeypatch):
    with pytest.raises(Refused, match=r"no device cuda:3 .* it has cpu, cpu:1\."):
        engine.run(DevicesRequest("cuda:3"), Context())
    monkeypatch.setenv(WISH, "cuda:7")
    with pytest.raises(Refused, match="no device cuda:7"):
        Engine().run(OpenRequest(checkpoints[0]), Context())


def test_an_engine_begins_where_the_environment_wishes(engine, checkpoints, monkeypatch):
    monkeypatch.setenv(WISH, "cpu:1")
    assert Engine().run(OpenRequest(checkpoints[0]), Context()).device == "Card"


def test_weights_that_do_not_fit_on_the_device_are_not_read(engine, checkpoints, monkeypatch):
    monkeypatch.setattr(there, "devices", lambda: (CPU, Device("cpu:1", "Card", 8 * GB, 1000)))
    engine.run(DevicesRequest("cpu:1"), Context())
    monkeypatch.setattr("inference.checkpoints.weights_reading.WeightsReading.__init__", None)  # not called
    with pytest.raises(Refused, match=r"^a takes .* of the memory of Card"):
        engine.run(OpenRequest(checkpoints[0]), Context())


@pytest.mark.parametrize(("text", "name"), [("cuda", "cuda:0"), (" CUDA:2 ", "cuda:2"), ("cpu", "cpu"), ("mps", "mps")])
def test_names_of_devices(text, name):
    assert device_name(text) == name


@pytest.mark.parametrize("text", ["", "gpu", "cuda:", "cuda:-1", "cpu:0", "cuda:1234"])
def test_what_is_no_name_of_a_device(text):
    with pytest.raises(ValueError, match="is no device; it can be cpu"):
        device_name(text)


# Out of memory


@pytest.mark.parametrize(
    "error", [MemoryError(), torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 9 GiB.")]
)
def test_out_of_memory_is_one_sentence_that_frees_what_it_took(engine, checkpoints, monkeypatch, error):
    run(engine, checkpoints[0])
    assert engine.run(MemoryRequest(), Context()).held > 0
    taken = []

    def fails(self: Model, *_: object) -> Run:
        tensor = torch.ones(1000)
        taken.append(weakref.ref(tensor))
        raise error

    monkeypatch.setattr(Model, "run", fails)
    failure = answer(engine, AttentionRequest(checkpoints[0], TEXT, "encoder"), Context())
    assert isinstance(failure, Failure)
    assert failure.message == (
        "There is not enough memory for this on CPU, and what it had taken is free again; try a shorter text or a "
        "smaller model."
    )
    assert taken[0]() is None
    assert engine.run(MemoryRequest(), Context()).held == 0


def test_what_was_read_is_let_go_where_opening_is_cancelled(engine, checkpoints):
    asked = iter(range(20))  # of the reading threads, too
    gc.collect()
    gc.disable()
    try:
        assert (
            answer(engine, OpenRequest(checkpoints[0]), Context(is_cancelled=lambda: next(asked, None) is None)) is None
        )
        assert not [one for one in gc.get_objects() if type(one) is WeightsReading]
    finally:
        gc.enable()
