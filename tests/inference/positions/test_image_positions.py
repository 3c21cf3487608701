"""Tables of places on a grid, and what relative ones add."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from inference.analyses.positions import positions
from inference.context import Context
from inference.results.positions import PositionsRequest
from tests.inference.tiny_images import model_of


@pytest.mark.parametrize("name", ["vit", "deit", "dinov2_with_registers", "clip", "mae", "imagegpt"])
def test_learned_places_lie_on_the_grid(tmp_path, name):
    model = model_of(name, tmp_path)
    result = positions(PositionsRequest("tiny", 8), model, Context())  # a grid is whole, however few are asked for
    table = result.tables[0]
    side = 6 if name == "imagegpt" else 4
    assert table.grid == (side, side)
    assert len(result.tables) == (2 if name == "mae" else 1)
    parameter = dict(model.net.named_parameters())
    rows = parameter[table.name if table.name in parameter else f"{table.name}.weight"].detach().squeeze(0)
    np.testing.assert_array_equal(table.values, rows[-side * side :].numpy())
    assert table.similarity.shape == (1, side * side, side * side)
    cosine = torch.nn.functional.cosine_similarity(rows[-side * side], rows[-1], dim=0)
    assert table.similarity[0, 0, -1] == pytest.approx(float(cosine), abs=1e-5)
    assert "place of the image" in result.note or name == "mae"
    assert all(("distance" in result.note_of(table)) == (table.kind == "relative") for table in result.tables)


@pytest.mark.parametrize(("name", "n_tables"), [("beit", 2), ("beit tokens", 1), ("swin", 4)])
def test_relative_biases_are_what_is_added(tmp_path, name, n_tables):
    model = model_of(name, tmp_path)
    tables = positions(PositionsRequest("tiny"), model, Context()).tables
    assert len(tables) == n_tables
    for table in tables:
        module = model.net.get_submodule(table.name.rpartition(".")[0])
        with torch.no_grad():
            bias = (module() if name == "swin" else module((4, 4))[:, :, 1:, 1:])[0].numpy()  # without [CLS]
        assert table.grid == (4, 4)
        np.testing.assert_array_equal(table.similarity, bias)
        by_distance = table.values.reshape(-1, 7, 7)
        for query, key in ((0, 15), (5, 2), (12, 3)):
            down, right = key // 4 - query // 4, key % 4 - query % 4
            np.testing.assert_array_equal(by_distance[:, 3 + down, 3 + right], bias[:, query, key])
