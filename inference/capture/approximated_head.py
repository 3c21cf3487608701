"""What one head received, laid out for attention that does without the whole pattern, and what stands in for it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from inference.capture.attention_call import AttentionCall

# Scores that are worked out from queries and keys again are the model's own up to rounding.
_TOLERANCE = 1e-3
_BLOCK = 64  # queries whose sums are worked out together


@dataclass(frozen=True, eq=False)
class ApproximatedHead:
    """One head's queries, keys and values, over the keys that any query sees; numbers are float64 on the processor.

    Attributes
    ----------
    q, k, v
        [query_pos, d_head], [key, d_head] and [key, d_value], after rotary embedding; `v` is None where not caught.
    scale, soft_cap
        As in `AttentionCall`.
    bias
        [query_pos, key], what is added to the scores, 0 where a key is not seen; None for nothing.
    n_seen
        int64 [query_pos]: each query sees the first so many keys, and no fewer than the one before; None where the mask
        has another shape.
    pattern
        [query_pos, key], the exact one.
    places
        int64 [key], true positions of the keys.
    n_keys
        Of all, also of those that no query sees.
    """

    q: Tensor
    k: Tensor
    v: Tensor | None
    scale: float
    soft_cap: float | None
    bias: Tensor | None
    n_seen: Tensor | None
    pattern: Tensor
    places: Tensor
    n_keys: int

    @property
    def sees_all(self) -> bool:
        """Whether every query sees every key that is left."""
        return self.n_seen is not None and bool((self.n_seen == len(self.k)).all())

    @property
    def n_cells(self) -> int:
        """Cells of the pattern that are seen."""
        return int(self.n_seen.sum()) if self.n_seen is not None else int((self.pattern > 0).sum())

    def scores(self, q: Tensor, k: Tensor, bias: Tensor | None) -> Tensor:
        """What goes into the softmax for any queries and keys, [query, key]; nothing is masked."""
        scores = q @ k.T * self.scale
        if self.soft_cap:
            scores = self.soft_cap * (scores / self.soft_cap).tanh()
        return scores if bias is None else scores + bias

    def key_bias(self) -> Tensor | None:
        """The bias as a number a key, [key], where its rows differ by a constant only, which falls out; else None."""
        if self.bias is None:
            return torch.zeros(len(self.k), dtype=self.q.dtype)
        if self.n_seen is None:
            return None
        by_key = self.bias[int(self.n_seen.argmax())]
        seen = torch.arange(len(self.k)) < self.n_seen[:, None]
        rest = torch.where(seen, self.bias - by_key, 0.0)
        first = rest[:, :1]  # the first key is seen by all that see any
        off = torch.where(seen, rest - first, 0.0).abs().max()
        return by_key if float(off) <= _TOLERANCE * max(1.0, float(self.bias.abs().max())) else None

    def whole(self, pattern: Tensor) -> Tensor:
        """A pattern in true positions, [query_pos, key_pos]; 0 for keys that no query sees."""
        whole = pattern.new_zeros(len(pattern), self.n_keys)
        whole[:, self.places] = pattern
        return whole

    def to(self, dtype: torch.dtype) -> ApproximatedHead:
        """The same in another precision, as the model itself computes."""
        tensors = {name: getattr(self, name) for name in ("q", "k", "v", "bias", "pattern")}
        return replace(self, **{name: None if each is None else each.to(dtype) for name, each in tensors.items()})


@dataclass(frozen=True, eq=False)
class PatternFactors:
    """Two thin matrices whose product stands in for a pattern.

    Attributes
    ----------
    left, right
        [query_pos, rank], [rank, key].
    n_seen
        As in `ApproximatedHead`; given, the product is masked so and each row divided by its sum, as kernel features
        need it. None: the product is the pattern.
    """

    left: Tensor
    right: Tensor
    n_seen: Tensor | None = None

    def pattern(self) -> Tensor:
        """The product, [query_pos, key]: as many numbers as the exact pattern has, for looking at it."""
        product = self.left @ self.right
        if self.n_seen is None:
            return product
        weights = torch.where(torch.arange(product.shape[1]) < self.n_seen[:, None], product, 0.0)
        sums = weights.sum(-1, keepdim=True)
        return torch.where(sums != 0, weights / sums, 0.0)

    def output(self, v: Tensor) -> Tensor:
        """The pattern times values, [query_pos, d_value], without the pattern ever being there.

        What a causal mask hides is left out by running sums over the keys, a block of queries at a time.
        """
        if self.n_seen is None:
            return self.left @ (self.right @ v)
        v = torch.cat([v, v.new_ones(len(v), 1)], 1)  # the last column adds up the weights
        if bool((self.n_seen == len(v)).all()):
            sums = self.left @ (self.right @ v)
        else:
            sums = self._running_sums(v)
        weight = sums[:, -1:]
        return torch.where(weight != 0, sums[:, :-1] / weight, 0.0)

    def _running_sums(self, v: Tensor) -> Tensor:
        """Sums over the keys so far are the state of a recurrence (Katharopoulos et al. 2020, section 3.3)."""
        assert self.n_seen is not None
        state = self.right.new_zeros(self.right.shape[0], v.shape[1])
        n_summed, sums = 0, v.new_empty(len(self.left), v.shape[1])
        counts = self.n_seen.tolist()
        for start in range(0, len(counts), _BLOCK):
            rows = slice(start, start + _BLOCK)
            first, last = counts[start], counts[rows][-1]
            state = state + self.right[:, n_summed:first] @ v[n_summed:first]
            n_summed = first
            own = self.left[rows] @ self.right[:, first:last]
            seen = torch.arange(first, last) < self.n_seen[rows, None]
            sums[rows] = self.left[rows] @ state + torch.where(seen, own, 0.0) @ v[first:last]
        return sums


def one_head(call: AttentionCall, head: int) -> ApproximatedHead | None:
    """What one head of a call received; None where its scores are not the products of its queries and keys alone.

    Longformer's global tokens have queries of their own, and an attention sink takes a share that no key has.
    """
    if call.q is None or call.k is None:
        return None
    heads, rows = [head], torch.arange(call.n_queries, device=call.device)
    kv_head = call.kv_head(head)

    def here(tensor: Tensor) -> Tensor:
        return tensor.detach().to("cpu", torch.float64)

    q, k = here(call.q[head]), here(call.k[kv_head])
    v = None if call.v is None else here(call.v[kv_head])
    pattern = here(call.patterns(heads, rows)[0])
    seen = call.seen(heads, rows)
    is_seen = torch.ones_like(pattern, dtype=torch.bool) if seen is None else seen[0].cpu().expand_as(pattern)
    places = is_seen.any(0).nonzero()[:, 0]
    is_seen = is_seen[:, places]
    added = call.added(heads, rows)
    bias = None if added is None else torch.where(is_seen, here(added[0]).expand_as(pattern)[:, places], 0.0)
    if bias is not None and not bool(bias.any()):
        bias = None
    counts = is_seen.sum(1)
    if not len(places):
        return None
    is_prefix = torch.equal(is_seen, torch.arange(len(places)) < counts[:, None]) and bool((counts.diff() >= 0).all())
    found = ApproximatedHead(
        q,
        k[places],
        None if v is None else v[places],
        call.scale,
        call.soft_cap,
        bias,
        counts if is_prefix else None,
        pattern[:, places],
        places,
        len(k),
    )
    scores = torch.where(is_seen, found.scores(found.q, found.k, bias), -torch.inf)
    again = scores.softmax(-1).nan_to_num(0.0)
    is_own = float((again - found.pattern).abs().max()) < _TOLERANCE
    return replace(found, pattern=again) if is_own else None  # the call's own is rounded to float32
