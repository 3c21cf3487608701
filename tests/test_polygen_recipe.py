"""The recipe of polygen-furniture runs, goes on where it was, and learns."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest
import torch

from resources.recipes import polygen_furniture
from resources.recipes.furniture_data import batch_order, make_piece


@pytest.mark.slow
@pytest.mark.parametrize("part", ["vertices", "faces"])
def test_a_few_steps_and_nothing_when_they_are_done(tmp_path, monkeypatch, capsys, part):
    arguments = ["polygen_furniture", "--state", str(tmp_path), "--part", part, "--smoke"]
    monkeypatch.setattr(sys, "argv", arguments)
    polygen_furniture.main()
    state = torch.load(tmp_path / f"{part}.pt", weights_only=True)
    assert state["step"] == 3
    assert json.loads((tmp_path / f"{part}.json").read_text()) == {"steps": 3, "batch": 16, "seed": 0, "n_pieces": 200}
    (line,) = capsys.readouterr().out.splitlines()
    said = json.loads(line)
    assert said["step"] == 3
    assert 5 < said["bits"] < 60
    polygen_furniture.main()
    assert capsys.readouterr().out == ""


def test_batches_follow_from_the_epoch_and_hold_every_piece_once():
    pieces = [make_piece(seed) for seed in range(64)]
    for by_faces in (False, True):
        order = batch_order(pieces, 16, 3, by_faces=by_faces)
        assert sorted(np.concatenate(order).tolist()) == list(range(64))
        again = batch_order(pieces, 16, 3, by_faces=by_faces)
        assert all((one == other).all() for one, other in zip(order, again, strict=True))
        assert any(
            (one != other).any()
            for one, other in zip(order, batch_order(pieces, 16, 4, by_faces=by_faces), strict=True)
        )
        lengths = np.array([len(piece.faces if by_faces else piece.vertices) for piece in pieces])
        spread = np.mean([np.ptp(lengths[batch]) for batch in order])
        assert spread < 0.6 * np.ptp(lengths)
