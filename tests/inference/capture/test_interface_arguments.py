"""What attention functions are handed beside queries, keys and values: sinks are kept, unknown tensors refused."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from inference.capture.interface import check_understood


def test_tensors_that_nothing_knows_are_refused():
    with pytest.raises(RuntimeError, match="Linear hands its attention gate, which cannot be captured"):
        check_understood(nn.Linear(1, 1), {"gate": torch.zeros(2), "dropout": 0.0})
    check_understood(nn.Linear(1, 1), {"position_ids": torch.zeros(1, 2), "sliding_window": 4, "gate": None})
