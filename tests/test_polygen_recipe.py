"""The recipe of polygen-furniture runs, goes on where it was, and learns."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest
import torch

from inference.meshes.tokens import decode_faces
from resources.recipes import polygen_furniture
from resources.recipes.furniture_data import batch_order, is_held_out, jittered, make_piece


@pytest.mark.slow
@pytest.mark.parametrize("part", ["vertices", "faces"])
def test_a_few_steps_and_nothing_when_they_are_done(tmp_path, monkeypatch, capsys, part):
    arguments = ["polygen_furniture", "--state", str(tmp_path), "--part", part, "--smoke"]
    monkeypatch.setattr(sys, "argv", arguments)
    polygen_furniture.main()
    state = torch.load(tmp_path / f"{part}.pt", weights_only=True)
    assert state["step"] == 3
    assert json.loads((tmp_path / f"{part}.json").read_text()) == {
        "steps": 3,
        "batch": 16,
        "seed": 0,
        "n_pieces": 200,
        "stages": ["--steps 3" + (" --jitter 0.5" if part == "faces" else "")],
    }
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


def test_jitter_moves_values_by_one_and_keeps_the_polygons():
    rng = np.random.default_rng(0)
    n_moved = 0
    for piece in (make_piece(seed) for seed in range(40)):
        other = jittered(piece, rng)
        if other is piece:
            continue
        assert not is_held_out(other)
        rows = [tuple(row) for row in other.values]
        assert rows == sorted(set(rows))
        before = [piece.values[list(face)] for face in decode_faces(piece.faces.tolist(), len(piece.values))]
        after = [other.values[list(face)] for face in decode_faces(other.faces.tolist(), len(other.values))]
        for face in before:  # there is a polygon with the same corners, each coordinate at most one off
            near = [len(face) == len(one) and any_turn_is_near(face, one) for one in after]
            assert any(near)
        n_moved += int((piece.values.sum(0) != other.values.sum(0)).any())
    assert n_moved > 20


def any_turn_is_near(face, other):
    return any(np.abs(face - np.roll(other, turn, axis=0)).max() <= 1 for turn in range(len(face)))
