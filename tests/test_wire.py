"""Messages come back as they went, and nonsense is refused."""

from __future__ import annotations

import contextlib
import io
import json
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from inference.results.attention import AttentionRequest
from inference.results.checkpoint import Missing
from inference.results.events import Failure
from inference.results.tokens import Tokens
from inference.service import wire
from tests.inputs import text_input

DTYPES = st.sampled_from(sorted(wire.DTYPES))


def round_trip(message: dict, ring: memoryview | None = None) -> tuple[dict, bool]:
    stream = io.BytesIO()
    in_ring = wire.write(stream, message, ring)
    stream.seek(0)
    got = wire.read(stream, ring)
    assert got is not None
    assert got[1] == in_ring
    return got


def test_a_request_comes_back_equal():
    request = AttentionRequest("bert-mini", text_input("a\u0000b", token_ids=(1, 2), masked=(3,)), "encoder", (0, 1))
    assert round_trip({"name": "run", "number": 3, "request": request})[0] == {
        "name": "run",
        "number": 3,
        "request": request,
    }


@settings(deadline=None)
@given(array=hnp.arrays(DTYPES.map(np.dtype), hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5)))
def test_arrays_come_back_bit_by_bit_and_read_only(array):
    got = round_trip({"name": "done", "result": array})[0]["result"]
    assert got.dtype == array.dtype
    assert got.shape == array.shape
    assert got.tobytes() == np.ascontiguousarray(array).tobytes()
    assert not got.flags.writeable


@pytest.mark.parametrize(("n", "uses_ring"), [(100, False), (100_000, True), (10_000_000, False)])
def test_only_large_arrays_that_fit_go_through_the_ring(n, uses_ring):
    ring = memoryview(bytearray(1_000_000))
    array = np.arange(n, dtype=np.uint8)
    message, in_ring = round_trip({"name": "done", "result": array}, ring)
    assert in_ring is uses_ring
    ring[:] = bytes(len(ring))  # the reader has its own copy
    np.testing.assert_array_equal(message["result"], array)


def test_several_arrays_share_the_ring():
    ring = memoryview(bytearray(1_000_000))
    words = Tokens(np.arange(50_000), ("a",), np.ones(3, bool), np.zeros(7, bool), np.zeros(0, np.int8))
    got = round_trip({"name": "done", "result": words}, ring)
    assert got[1]
    np.testing.assert_array_equal(got[0]["result"].ids, words.ids)
    np.testing.assert_array_equal(got[0]["result"].starts_word, words.starts_word)


def test_the_end_of_the_stream_is_none():
    assert wire.read(io.BytesIO()) is None


@pytest.mark.parametrize("value", [object(), {1, 2}, np.array(["text"]), np.array([None])])
def test_what_is_no_plain_value_is_not_sent(value):
    with pytest.raises(wire.BadMessage, match="cannot be sent"):
        wire.write(io.BytesIO(), {"name": "done", "result": value})


def test_unknown_classes_are_not_built():
    body = {"{}": {"name": "done", "result": {"$": "Popen", "fields": {"args": "true"}}}}
    header = json.dumps({"body": body, "ring": False}).encode()
    with pytest.raises(wire.BadMessage, match="Popen"):
        wire.read(io.BytesIO(struct.pack("<Q", len(header)) + header))


@pytest.mark.parametrize("length", [2**63, wire.MAX_HEADER + 1])
def test_a_lying_length_is_refused_before_memory_is_taken(length):
    with pytest.raises(wire.BadMessage, match="at most"):
        wire.read(io.BytesIO(struct.pack("<Q", length) + b"{}"))


MESSAGE = {"name": "done", "number": 1, "result": Failure("refused", "x"), "more": [Missing("a", "b"), np.ones((2, 3))]}


@settings(deadline=None, max_examples=500)
@given(data=st.data())
def test_damaged_messages_are_refused_or_read_but_nothing_else(data):
    stream = io.BytesIO()
    wire.write(stream, MESSAGE)
    damaged = bytearray(stream.getvalue())
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(damaged)))
    with contextlib.suppress(wire.BadMessage):  # any other exception fails the test
        wire.read(io.BytesIO(bytes(damaged[:cut])))
