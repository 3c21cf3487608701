"""How long small pieces of real layers take, so that theory can be seen beside measurement."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from inference.context import Refused
from inference.forward.stopwatch import median_seconds
from inference.results.layer_times import LAYER_TYPES, LayerTimesRequest, LayerTimesResult

if TYPE_CHECKING:
    from inference.context import Context

_LIMITS = {"d_model": (8, 1024), "kernel": (1, 31), "neighbourhood": (2, 4096), "n_repeats": (1, 25)}
_LONGEST = 32_768


def layer_times(
    request: LayerTimesRequest, context: Context, clock: Callable[[], float] = time.perf_counter
) -> LayerTimesResult:
    """Time the layer types of the complexity table, each on one sequence of random numbers in float32.

    `full` is torch's own attention of one head of `d_model` dimensions, `restricted` the same within a band, worked out
    in blocks, `recurrent` a GRU and `convolutional` a convolution, both from `d_model` to `d_model` dimensions. As in
    the table, the projections of attention are not counted.

    Parameters
    ----------
    context
        One checkpoint a repetition; a partial result after each number.

    Raises
    ------
    Refused
        A length or a size is out of bounds.

    References
    ----------
    Vaswani et al. 2017, "Attention Is All You Need", section 4 and table 1.
    """
    _check(request)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU"
    n_threads = torch.get_num_threads() if device.type == "cpu" else 0
    seconds = np.full((len(LAYER_TYPES), len(request.lengths)), math.nan)
    total = seconds.size
    with torch.inference_mode(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        layers = pieces(request, device)
        for column, n in enumerate(request.lengths):
            x = torch.randn(1, n, request.d_model).to(device)
            for row, layer_type in enumerate(LAYER_TYPES):
                done = column * len(LAYER_TYPES) + row

                def check(done: int = done, label: str = f"Timing {layer_type} at {n:,} positions") -> None:
                    context.checkpoint(done, total, label)

                seconds[row, column] = median_seconds(
                    partial(layers[layer_type], x), request.n_repeats, check, device, clock
                )
                context.partial(LayerTimesResult(name, n_threads, request, seconds.copy()))
    return LayerTimesResult(name, n_threads, request, seconds)


def pieces(request: LayerTimesRequest, device: torch.device) -> dict[str, Callable[[Tensor], Tensor]]:
    """What is timed, by layer type: each maps [1, n, d_model] to the same shape."""
    d = request.d_model
    recurrent = nn.GRU(d, d, batch_first=True).to(device).eval()
    convolution = nn.Conv1d(d, d, request.kernel, padding=request.kernel // 2).to(device).eval()
    return {
        "full": lambda x: F.scaled_dot_product_attention(x, x, x),
        "recurrent": lambda x: recurrent(x)[0],
        "convolutional": lambda x: convolution(x.mT).mT,
        "restricted": lambda x: banded_attention(x[0], x[0], x[0], request.neighbourhood // 2)[None],
    }


def banded_attention(q: Tensor, k: Tensor, v: Tensor, one_sided: int) -> Tensor:
    """Attention of each query to the keys at most `one_sided` positions away, [n, d] thrice and back.

    Blocks of `one_sided` queries see their own block of keys and the two beside it, as in Longformer's chunks: half as
    many cells again as the band has, and never n x n of them.
    """
    n, d = q.shape
    b = one_sided
    n_blocks = math.ceil(n / b)
    q = F.pad(q, (0, 0, 0, n_blocks * b - n)).view(n_blocks, b, d)
    # [block, 3 b, d]: views, each of which overlaps with the next
    k, v = (F.pad(x, (0, 0, b, (n_blocks + 1) * b - n)).unfold(0, 3 * b, b).mT for x in (k, v))
    offset = torch.arange(3 * b, device=q.device) - b - torch.arange(b, device=q.device)[:, None]
    place = torch.arange(n_blocks, device=q.device)[:, None] * b + torch.arange(-b, 2 * b, device=q.device)
    seen = (offset.abs() <= one_sided) & ((place >= 0) & (place < n))[:, None]  # [block, b, 3 b]
    # The padding behind the end sees nothing: let it see its own place, and cut it off.
    seen |= offset == 0
    return F.scaled_dot_product_attention(q, k, v, attn_mask=seen).reshape(-1, d)[:n]


def _check(request: LayerTimesRequest) -> None:
    """Raise `Refused` unless it can be measured in bounded time and memory."""
    for name, (low, high) in _LIMITS.items():
        value = getattr(request, name)
        if not low <= value <= high:
            raise Refused(f"{name} is {value:,}; {low:,} to {high:,} can be timed.")
    if request.kernel % 2 == 0 or request.neighbourhood % 2:
        raise Refused(
            f"A kernel of {request.kernel} and a neighbourhood of {request.neighbourhood} were asked for; "
            "the first has to be odd and the second even, so that both lie about their position."
        )
    lengths = request.lengths
    if not lengths or list(lengths) != sorted(set(lengths)) or lengths[0] < 1 or lengths[-1] > _LONGEST:
        raise Refused(
            f"Lengths {', '.join(map(str, lengths)) or 'none'} were asked for; "
            f"they have to rise and lie between 1 and {_LONGEST:,}."
        )
