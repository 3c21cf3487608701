"""Parameters without numbers, and those with some."""

from __future__ import annotations

import torch

from inference.checkpoints.no_first_numbers import no_first_numbers


def test_layers_that_have_numbers_draw_them_as_ever():
    torch.manual_seed(0)
    plain = torch.nn.Linear(4, 4).weight
    torch.manual_seed(0)
    with no_first_numbers():
        assert torch.equal(torch.nn.Linear(4, 4).weight, plain)


def test_layers_without_numbers_have_their_shapes(monkeypatch):
    drawn = []
    monkeypatch.setattr(torch.Tensor, "normal_", lambda tensor, *given, **named: drawn.append(tensor) or tensor)
    with no_first_numbers(), torch.device("meta"):
        assert torch.nn.Embedding(5, 3).weight.shape == (5, 3)
    assert drawn == []
    with torch.device("meta"):
        torch.nn.Embedding(5, 3)
    assert len(drawn) == 1
