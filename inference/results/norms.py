"""The residual stream of a model: what every sub-layer adds to it, and what its norms make of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inference.results.request import Capability, Request

if TYPE_CHECKING:
    import numpy as np

    from inference.results.inputs import Input
    from inference.results.tokens import Tokens

MOST_TOKENS = 4096
OUTLIER = 6.0  # times the median size of all dimensions
MOST_OUTLIERS = 8

# What is looked at on the way through a sub-layer, in order.
STAGES: dict[str, str] = {
    "before": "Stream before the sub-layer",
    "normed": "Read by the sub-layer",
    "computed": "Result before its own norm",
    "added": "Added",
    "sum": "Sum",
    "after": "Stream after the sub-layer",
}
QUANTITIES: dict[str, str] = {"norm": "L2 norm", "std": "Standard deviation", "mean": "Mean"}


@dataclass(frozen=True, slots=True)
class NormsRequest(Request["NormsResult"]):
    """Sizes of the residual stream at every token, around every sub-layer of a stack.

    Attributes
    ----------
    group
        An attention group of the stack; cross-attention is in the stack of the decoder.
    """

    needs = frozenset({Capability.ATTENTION, Capability.RESIDUAL_STREAM})

    checkpoint: str
    input: Input
    group: str


@dataclass(frozen=True, slots=True)
class SubLayer:
    """A sub-layer of a layer, and where its norms stand.

    Attributes
    ----------
    kind
        `attention`, `cross`, `mlp`, or `other` for what stands in place of attention.
    norms
        Where each of its norms stands: `before` it, `behind` it on what is added, or `on_stream` behind the sum.
    norm_kind
        Such as LayerNorm; empty where it has none.
    is_parallel
        Whether it reads the same stream as the sub-layer before.
    """

    layer: int
    kind: str
    norms: tuple[str, ...]
    norm_kind: str
    is_parallel: bool = False


@dataclass(frozen=True, slots=True)
class NormsResult:
    """Sizes around every sub-layer.

    Attributes
    ----------
    stack
        The group whose stack it is.
    sub_layers
        In the order in which they run.
    values
        By the names of `QUANTITIES`: float32 [sub-layer, stage, token], stages in the order of `STAGES`; NaN for what
        a sub-layer does not have, such as a norm of what it adds. Means and deviations are over the dimensions.
    first, final
        By the names of `QUANTITIES`: float32 [token], what comes into the first layer; and float32 [2, token], before
        and behind the norm at the end of the stack, NaN where there is none.
    final_norm
        The kind of that norm; empty where there is none.
    outliers
        int64 [outlier], dimensions whose size in the stream behind a layer is at least `OUTLIER` times the median of
        all dimensions, those that stand out most first.
    outlier_ratios
        float32 [layer, outlier], how many times.
    d_model
        Dimensions of the stream.
    axis
        Name of the sequence that the tokens are of, such as `text` or `patches`.
    """

    group: str
    stack: str
    tokens: Tokens
    sub_layers: tuple[SubLayer, ...]
    values: dict[str, np.ndarray]
    first: dict[str, np.ndarray]
    final: dict[str, np.ndarray]
    final_norm: str
    outliers: np.ndarray
    outlier_ratios: np.ndarray
    d_model: int
    axis: str = "text"
