"""The probe's table says what was measured, column by column; a wrong column is found."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import numpy as np
import pytest

from app.export import render
from tests.image_factories import make_probe_result
from widgets.views.complete_image.probe import ProbeFigure

RESULTS = {
    "whole": make_probe_result(),
    "partial": make_probe_result(n_done=3),
    "nothing yet": make_probe_result(n_done=0),
    "one layer": make_probe_result(n_layers=1),
    "deep": make_probe_result(n_layers=24),
}


def wrong_columns(result, text):
    """What a CSV file says that is not so: of the header, of the features, of their accuracies."""
    header, *rows = csv.reader(io.StringIO(text, newline=""))
    if header != ["features", "accuracy"]:
        yield f"the header is {header}"
    names, values = zip(*((row[0], row[-1]) for row in rows), strict=True)
    if names != (*result.layers, "chance", "pixels"):
        yield f"the features are {names}"
    try:
        measured = np.array(values, float)
    except ValueError:
        yield f"the accuracies are {values}"
        return
    expected = np.array([*result.accuracy, result.chance, result.pixels])
    if measured.shape != expected.shape or not np.allclose(measured, expected, atol=1e-6, equal_nan=True):
        yield f"the accuracies are {values}"


def found(result, numbers):
    return list(wrong_columns(result, render.csv(numbers).decode()))


@pytest.mark.parametrize("name", RESULTS)
def test_every_column_is_what_it_is_called(name):
    assert found(RESULTS[name], ProbeFigure(RESULTS[name]).numbers()) == []


FAULTS = {
    "columns exchanged": lambda header, rows: (header, [row[::-1] for row in rows]),
    "names exchanged": lambda header, rows: (header[::-1], rows),
    "another name": lambda header, rows: (("layer", "accuracy"), rows),
    "a column more": lambda header, rows: (("number", *header), [(i, *row) for i, row in enumerate(rows)]),
    "per cent": lambda header, rows: (header, [(name, 100 * value) for name, value in rows]),
    "shifted by one": lambda header, rows: (
        header,
        [(name, rows[i - 1][1]) for i, (name, _) in enumerate(rows)],
    ),
    "chance and pixels exchanged": lambda header, rows: (
        header,
        [*rows[:-2], ("chance", rows[-1][1]), ("pixels", rows[-2][1])],
    ),
    "a layer missing": lambda header, rows: (header, rows[1:]),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_wrong_column_is_found(fault):
    result = RESULTS["whole"]
    numbers = ProbeFigure(result).numbers()
    header, rows = FAULTS[fault](numbers.header, numbers.rows)
    assert found(result, replace(numbers, header=header, rows=rows)) != []
