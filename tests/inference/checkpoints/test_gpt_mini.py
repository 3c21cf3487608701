"""The bundled gpt-mini: it writes what its card says, and its card says that it beats the n-grams beside it."""

from __future__ import annotations

import re

import pytest

from inference.analyses.generation import generation
from inference.context import Context
from inference.forward.opening import load
from inference.results.generation import GenerationRequest
from inference.results.inputs import Input, TextInput
from resources import checkpoint_path

NAME = "gpt-mini"
CARD = (checkpoint_path(NAME) / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def model():
    return load(NAME, Context())


@pytest.mark.parametrize("line", re.findall(r"^    (.+ \.\.\. .+)$", CARD, re.MULTILINE))
def test_it_goes_on_as_its_card_says(model, line):
    start, _, told = line.partition(" ... ")
    found = generation(GenerationRequest(NAME, Input(text=TextInput(start)), most=24), model, Context())
    written = found.written.text.removeprefix(start.removesuffix(" <to-fr>")).replace("\n", " ")
    assert written.strip().startswith(told[:40].strip())


def test_its_card_tells_of_all_sources_and_tasks():
    def row(title):
        (cells,) = re.findall(rf"^\| {re.escape(title)} \| (.+) \|$", CARD, re.MULTILINE)
        return [float(cell) for cell in cells.split(" | ")]

    network, *ngrams = row("**all sources**")
    assert network < min(ngrams), "it must beat the n-grams"
    assert row("**all**")[0] >= 0.58, "of BLiMP"
    assert len(row("English to French")) == 6
