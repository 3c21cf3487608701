"""Attention that does without the whole pattern, worked out on a head's own queries and keys."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from inference.capture import kernel_features, low_rank
from inference.capture.approximated_head import ApproximatedHead, PatternFactors, one_head
from inference.context import Refused
from inference.forward.checks import check_heads, check_layers, group_of
from inference.forward.stopwatch import median_seconds
from inference.results.approximation import (
    ERRORS,
    METHOD_BY_NAME,
    METHODS,
    MOST_SEED,
    MOST_SIZE,
    MOST_TOKENS,
    N_REPEATS,
    N_SEEDS,
    OWN,
    ApproximationErrorsRequest,
    ApproximationErrorsResult,
    ApproximationRequest,
    ApproximationResult,
    ApproximationTimesRequest,
    ApproximationTimesResult,
)

if TYPE_CHECKING:
    from inference.capture.attention_call import AttentionCall
    from inference.context import Context
    from inference.forward.model import Model
    from inference.forward.run import Run
    from inference.results.checkpoint import AttentionGroup
    from inference.results.tokens import Tokens

_SIZES = (2, 4, 8, 16, 32, 64, 128, 256, 512)
_LEAST = 0.002  # seconds that a repetition lasts at least
_BY_KEYS = ("gaussian", "pooling", "gaussian_pattern")
_BY_LANDMARKS = ("nystroem", "nystroem_exact")
_BY_FEATURES = ("favor", "favor_trig", "linear")


@dataclass(frozen=True, eq=False)
class _Found:
    """A head, the words along its axes, and what the model itself has in place of its pattern; None for the pattern."""

    head: ApproximatedHead
    query_tokens: Tokens
    key_tokens: Tokens
    own: PatternFactors | None = None
    n_landmarks: int = 0

    @property
    def methods(self) -> tuple[str, ...]:
        return tuple(method.name for method in METHODS) + ((OWN,) if self.own is not None else ())

    @property
    def n(self) -> int:
        """Of queries or keys, whichever are fewer."""
        return min(len(self.head.q), len(self.head.k))


def approximation(request: ApproximationRequest, model: Model, context: Context) -> ApproximationResult:
    """One head's exact pattern, and what a method makes of the same queries and keys in its place.

    Worked out in float64, so that what is seen is what the method leaves out, and no rounding.

    Raises
    ------
    Refused
        There is no such group, layer, head, method, size or seed; the text is too long to be looked at whole; the head
        has what the method cannot keep, such as a causal mask; else as `Family.encode`.
    """
    method = METHOD_BY_NAME.get(request.method)
    if method is None:
        raise Refused(f"There is no method {request.method!r}; there are {', '.join(METHOD_BY_NAME)}.")
    if not 0 <= request.seed <= MOST_SEED:
        raise Refused(f"The seed is {request.seed}; 0 to {MOST_SEED:,} is allowed.")
    found = _find(request, model, context)
    if why := _why_not(found, request.method):
        raise Refused(f"“{method.title}” cannot be shown here: {why}")
    size = _size(found, request.method, request.size)
    context.checkpoint(0, 1, method.title)
    factors = _factors(found, request.method, size, request.seed)
    approximate = factors.pattern()
    return ApproximationResult(
        group=request.group,
        query_tokens=found.query_tokens,
        key_tokens=found.key_tokens,
        layer=request.layer,
        head=request.head,
        method=request.method,
        size=size,
        seed=request.seed,
        exact=_array(found.head.whole(found.head.pattern)),
        approximate=_array(found.head.whole(approximate)),
        error=_errors(found.head, approximate),
        n_cells=_n_cells(found, request.method, size),
        n_cells_exact=found.head.n_cells,
    )


def errors(request: ApproximationErrorsRequest, model: Model, context: Context) -> ApproximationErrorsResult:
    """How far every method is from the exact pattern at each size, over several seeds where it is random.

    Parameters
    ----------
    context
        One checkpoint a pattern that is worked out.

    Raises
    ------
    Refused
        As `approximation`, but for what one method cannot keep: that is told in the result.
    """
    found = _find(request, model, context)
    refused = {name: why for name in found.methods if (why := _why_not(found, name))}
    methods = tuple(name for name in found.methods if name not in refused)
    sizes = _sizes(found)
    values = {name: np.full((len(methods), len(sizes), N_SEEDS), math.nan) for name in ERRORS}
    n_cells = np.zeros((len(methods), len(sizes)), np.int64)

    def result() -> ApproximationErrorsResult:
        return ApproximationErrorsResult(
            request.group, request.layer, request.head, methods, refused, sizes,
            {name: each.copy() for name, each in values.items()}, n_cells.copy(),
            len(found.head.q), found.head.n_keys, found.head.n_cells,
        )  # fmt: skip

    for at, name in enumerate(methods):
        method = METHOD_BY_NAME[name]
        decomposed = low_rank.best_of_rank(found.head, found.n) if name == "svd" else None
        for column in _columns(found, name, sizes):
            for seed in range(N_SEEDS if method.is_random else 1):
                context.checkpoint(at, len(methods), method.title)
                if decomposed is not None:  # of which every smaller rank is a part
                    rank = sizes[column]
                    factors = PatternFactors(decomposed.left[:, :rank], decomposed.right[:rank])
                else:
                    factors = _factors(found, name, sizes[column], seed)
                for error, value in _errors(found.head, factors.pattern()).items():
                    values[error][at, column, seed:] = value
            n_cells[at, column] = _n_cells(found, name, sizes[column])
        if not method.unit:  # the same whatever the size
            for each in (*values.values(), n_cells):
                each[at] = each[at, :1]
    return result()


def times(request: ApproximationTimesRequest, model: Model, context: Context) -> ApproximationTimesResult:
    """How long it takes from queries, keys and values to the head's output, exactly and by each method.

    All in float32 on the processor with as many threads as the engine has, everything written out in the same way; what
    needs the whole pattern first is not timed.

    Parameters
    ----------
    context
        One checkpoint a repetition; a partial result after each method.

    Raises
    ------
    Refused
        As `approximation`.
    """
    found = _find(request, model, context)
    head = found.head.to(torch.float32)
    single = replace(found, head=head)
    v = torch.zeros_like(head.k) if head.v is None else head.v
    timed_at_all = (name for name in found.methods if name != OWN and not METHOD_BY_NAME[name].is_bound)
    methods = tuple(name for name in timed_at_all if not _why_not(found, name))
    sizes = _sizes(found)
    seconds = np.full((len(methods), len(sizes)), math.nan)
    hidden = None
    if head.n_seen is not None and not head.sees_all:
        hidden = torch.arange(len(head.k)) >= head.n_seen[:, None]

    def result(exact: float) -> ApproximationTimesResult:
        return ApproximationTimesResult(
            request.group, request.layer, request.head, methods, sizes, seconds.copy(), exact, torch.get_num_threads()
        )

    def exactly() -> Tensor:
        scores = head.scores(head.q, head.k, head.bias)
        scores = scores if hidden is None else scores.masked_fill_(hidden, -math.inf)
        return scores.softmax(-1) @ v

    def timed(run: object, done: int, title: str) -> float:
        def check() -> None:
            context.checkpoint(done, len(methods) + 1, f"Timing {title}")

        return median_seconds(run, N_REPEATS, check, torch.device("cpu"), least=_LEAST)  # type: ignore[arg-type]

    with torch.inference_mode():
        exact = timed(exactly, 0, "exact attention")
        for at, name in enumerate(methods):
            for column in _columns(found, name, sizes):

                def run(name: str = name, size: int = sizes[column]) -> Tensor:
                    return _factors(single, name, size, 0).output(v)

                seconds[at, column] = timed(run, at + 1, METHOD_BY_NAME[name].title)
            if not METHOD_BY_NAME[name].unit:
                seconds[at] = seconds[at, 0]
            context.partial(result(exact))
    return result(exact)


# What is looked at


def _find(
    request: ApproximationRequest | ApproximationErrorsRequest | ApproximationTimesRequest,
    model: Model,
    context: Context,
) -> _Found:
    group = group_of(model, request.group)
    check_layers([request.layer], group, model)
    check_heads([request.head], request.layer, group, model)
    run = model.run(request.input, context)
    where = f"layer {request.layer}, head {request.head} of {model.info.name}"
    if group.landmarks:
        found = _of_landmarks(group, request.layer, request.head, run, model, context)
    else:
        call = model.call(run, group.name, request.layer, context)
        _check_length(call.n_queries, call.n_keys)
        head = one_head(call, request.head)
        found = None if head is None else _Found(head, *run.tokens(group))
    if found is None:
        raise Refused(
            f"The scores of {where} are not the products of its queries and keys alone, which is what is approximated."
        )
    return found


def _of_landmarks(
    group: AttentionGroup, layer: int, head: int, run: Run, model: Model, context: Context
) -> _Found | None:
    """Of a model that attends by landmarks: the pattern that it does without, and what it has in its place."""
    groups = [group_of(model, name) for name in group.landmarks]
    to, between, back = (model.call(run, each.name, layer, context) for each in groups)
    _check_length(to.n_queries, back.n_keys)
    if to.q is None or back.k is None or to.scale != 1 or back.scale != 1:
        return None
    whole = one_head(replace(to, k=back.k, v=back.v, mask=back.mask), head)
    if whole is None:
        return None
    patterns = between.patterns().double().cpu()
    # transformers divides by the largest sum of all heads together.
    inverse = low_rank.iterative_inverse(patterns[head], float(patterns.sum(-2).max()))
    thin = PatternFactors(_pattern(to, head) @ inverse, _pattern(back, head)[:, whole.places])
    return _Found(whole, run.tokens(groups[0])[0], run.tokens(groups[2])[1], thin, len(patterns[head]))


def _pattern(call: AttentionCall, head: int) -> Tensor:
    return call.patterns([head])[0].double().cpu()


def _check_length(n_queries: int, n_keys: int) -> None:
    if max(n_queries, n_keys) > MOST_TOKENS:
        raise Refused(
            f"The input has {max(n_queries, n_keys):,} tokens; as an approximation stands beside the whole pattern, "
            f"at most {MOST_TOKENS:,} are allowed."
        )


# What each method makes of it


def _why_not(found: _Found, name: str) -> str:
    """What of this head the method cannot keep; empty where it can."""
    head = found.head
    if name == OWN and found.own is None:
        return "this model attends by its whole pattern, not by landmarks; choose another method."
    if name in (*_BY_KEYS, *_BY_LANDMARKS) and not head.sees_all:
        what = "a landmark" if name in _BY_LANDMARKS else "a projected key"
        return (
            f"{what} mixes positions, of which this head hides some from some queries (a causal mask, or a window); "
            "such a mask cannot be kept. Performer and linear attention keep causal masks."
        )
    if name in _BY_FEATURES:
        if head.n_seen is None:
            return (
                "keys are summed up once, in order, which keeps a causal mask, or one that is the same for all "
                "queries; this head's mask is neither."
            )
        if head.soft_cap:
            return f"this head caps its scores at {head.soft_cap:g}, and a capped score is no product of features."
        if head.key_bias() is None:
            return (
                "this head adds a number to each score that depends on where query and key stand to each other, as in "
                "T5 and BEiT. Features are computed of a query by itself and of a key by itself, and know nothing of "
                "that. Linformer and Nyström keep it."
            )
    return ""


def _size(found: _Found, name: str, size: int) -> int:
    """The size that is taken; raises `Refused` where there is no such."""
    if not METHOD_BY_NAME[name].unit:
        return found.n_landmarks if name == OWN else found.head.q.shape[1]
    is_of_features = name in _BY_FEATURES
    most = MOST_SIZE if is_of_features else found.n
    least = 2 if name == "favor_trig" else 1
    if not least <= size <= MOST_SIZE:
        raise Refused(f"The size is {size:,}; {least} to {MOST_SIZE:,} is allowed.")
    # Of a short text every position is a landmark long before: that is exact, and no fault of the user's.
    size = min(size, most)
    return size - size % 2 if name == "favor_trig" else size


def _factors(found: _Found, name: str, size: int, seed: int) -> PatternFactors:
    head = found.head
    dtype = head.q.dtype
    if name == OWN:
        assert found.own is not None
        return found.own
    if name in ("gaussian", "gaussian_pattern"):
        projection = low_rank.gaussian(size, len(head.k), seed).to(dtype)
        project = low_rank.projected_keys if name == "gaussian" else low_rank.projected_pattern
        return project(head, projection)
    if name == "pooling":
        return low_rank.pooled_keys(head, size)
    if name in _BY_LANDMARKS:
        return low_rank.landmarks(head, size, is_exact=name == "nystroem_exact")
    if name == "favor":
        return kernel_features.positive_features(head, size, seed)
    if name == "favor_trig":
        return kernel_features.trigonometric_features(head, size, seed)
    if name == "linear":
        return kernel_features.linear_features(head)
    return low_rank.best_of_rank(head, size)


def _n_cells(found: _Found, name: str, size: int) -> int:
    """Scores and features that are worked out in place of the pattern's cells."""
    n_queries, n_keys = len(found.head.q), len(found.head.k)
    if METHOD_BY_NAME[name].is_bound:
        return found.head.n_cells
    if name in _BY_FEATURES:
        return (n_queries + n_keys) * (found.head.q.shape[1] if name == "linear" else size)
    if name in _BY_KEYS:
        return n_queries * size
    n_landmarks = found.n_landmarks if name == OWN else size
    return (n_queries + n_keys + n_landmarks) * n_landmarks


def _sizes(found: _Found) -> tuple[int, ...]:
    return tuple(sorted({*_SIZES, found.n}))


def _columns(found: _Found, name: str, sizes: tuple[int, ...]) -> Iterator[int]:
    """Which sizes a method has; one for those that have none to choose."""
    if not METHOD_BY_NAME[name].unit:
        return iter((0,))
    if name in _BY_FEATURES:
        return (column for column, size in enumerate(sizes) if size in _SIZES)
    return (column for column, size in enumerate(sizes) if size <= found.n)


def _errors(head: ApproximatedHead, approximate: Tensor) -> dict[str, float]:
    """By the names of `ERRORS`."""
    difference = approximate - head.pattern
    sees_any = head.pattern.sum(-1) > 0
    off = (approximate.sum(-1) - 1).abs()[sees_any]
    output = math.nan
    if head.v is not None:
        output = float((difference @ head.v).norm() / (head.pattern @ head.v).norm())
    return {
        "pattern": float(difference.norm() / head.pattern.norm()),
        "output": output,
        "row_sum": float(off.max()) if len(off) else math.nan,
    }


def _array(tensor: Tensor) -> np.ndarray:
    return np.ascontiguousarray(tensor.float().numpy())
