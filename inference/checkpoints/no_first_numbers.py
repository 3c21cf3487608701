"""Networks whose parameters have shapes alone, built without the numbers that these would begin with."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from unittest.mock import patch

import torch
from torch import Tensor

_DRAWN = ("normal_", "uniform_", "trunc_normal_", "kaiming_normal_", "kaiming_uniform_", "xavier_normal_",
          "xavier_uniform_")  # fmt: skip


@contextmanager
def no_first_numbers() -> Iterator[None]:
    """Layers of torch do not draw numbers for parameters that have none.

    On the device `meta` that changes nothing, but is done in Python by code that imports torch's compiler, which
    takes longer than to open a small checkpoint.
    """
    with ExitStack() as stack:
        for name in _DRAWN:
            stack.enter_context(patch.object(torch.nn.init, name, _of_real(getattr(torch.nn.init, name))))
        yield


def _of_real(draw: Callable[..., Tensor]) -> Callable[..., Tensor]:
    @functools.wraps(draw)
    def drawn(tensor: Tensor, *given: object, **named: object) -> Tensor:
        return tensor if tensor.is_meta else draw(tensor, *given, **named)

    return drawn
