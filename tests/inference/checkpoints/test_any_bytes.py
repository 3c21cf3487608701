"""Whatever the bytes of a checkpoint are, inspecting it answers or refuses."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inference.checkpoints.inspection import inspect
from inference.context import Refused
from inference.results.checkpoint import CheckpointInfo
from tests.inference.tiny_checkpoints import (
    read_parts,
    write_parts,
)

FUZZ = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(0, 99) | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=4,
)


def answers(folder: Path) -> None:
    """An info or a refusal; anything else passes through and fails the test."""
    try:
        answer = inspect(str(folder))
    except Refused as refused:
        answer = str(refused)
    assert isinstance(answer, CheckpointInfo) or answer.endswith(".")


@pytest.fixture(scope="module")
def fuzzed(sound, tmp_path_factory) -> Path:
    return Path(shutil.copytree(sound, tmp_path_factory.mktemp("fuzzed") / "tiny-bert"))


@FUZZ
@given(data=st.data())
def test_any_change_of_the_header_is_answered(sound, fuzzed, data):
    original = (sound / "model.safetensors").read_bytes()
    start = data.draw(st.integers(0, 1200))
    stop = data.draw(st.integers(start, start + 40))
    (fuzzed / "config.json").write_bytes((sound / "config.json").read_bytes())
    (fuzzed / "model.safetensors").write_bytes(original[:start] + data.draw(st.binary(max_size=40)) + original[stop:])
    answers(fuzzed)


@FUZZ
@given(data=st.data())
def test_any_entry_of_the_header_is_answered(sound, fuzzed, data):
    header, rest = read_parts(sound / "model.safetensors")
    name = data.draw(st.sampled_from(sorted(header)))
    if data.draw(st.booleans()) and isinstance(header[name], dict) and header[name]:
        header[name][data.draw(st.sampled_from(sorted(header[name])))] = data.draw(JSON)
    else:
        header[name] = data.draw(JSON)
    write_parts(fuzzed / "model.safetensors", header, rest)
    answers(fuzzed)


@settings(FUZZ, max_examples=200)
@given(data=st.data())
def test_any_value_of_the_configuration_is_answered(sound, fuzzed, data):
    values = json.loads((sound / "config.json").read_text())
    for _ in range(data.draw(st.integers(1, 3))):
        key = data.draw(st.sampled_from(sorted(values)) | st.text(max_size=6))
        values[key] = data.draw(JSON)
    shutil.copy(sound / "model.safetensors", fuzzed)
    (fuzzed / "config.json").write_text(json.dumps(values))
    answers(fuzzed)
