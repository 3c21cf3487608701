"""ViLT samples the patches that it reads, and their order: here they come in their order, evenly spaced."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch.overrides import TorchFunctionMode


class InOrder(TorchFunctionMode):
    """What is sampled without being put back comes in its order, evenly spaced."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is torch.multinomial:
            weights, n = args[0], int(args[1])
            chosen = torch.from_numpy(spaced(weights.shape[-1], n)).to(weights.device)
            return chosen.expand(*weights.shape[:-1], n)
        return func(*args, **(kwargs or {}))


def spaced(n: int, n_kept: int) -> np.ndarray:
    """int64 [kept] of `n` places, all of them where as many are kept."""
    return np.arange(n_kept, dtype=np.int64) * n // n_kept
