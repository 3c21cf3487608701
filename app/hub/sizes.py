"""Bytes in words."""

from __future__ import annotations

from inference.results.counts import count_of
from inference.results.needs import MemoryNeed

MB = 1_000_000


def size_text(n_bytes: int) -> str:
    """Bytes in words: `17.5 MB`, `1.35 GB`."""
    if n_bytes < MB:
        return f"{n_bytes / 1000:,.0f} kB"
    return f"{n_bytes / MB:,.1f} MB" if n_bytes < 1000 * MB else f"{n_bytes / MB / 1000:,.2f} GB"


def memory_text(need: MemoryNeed) -> str:
    """What a checkpoint takes, in words."""
    stored = f" ({size_text(need.as_stored)} in the precision of the file)" if need.as_stored else ""
    most = ", the most that it reads" if need.is_most else ""
    is_pixels = need.things == "pixels"
    seen = f"an image of {need.n_tokens:,} pixels" if is_pixels else count_of(need.n_tokens, need.things)
    return (
        f"{size_text(need.weights)} for its weights{stored}; up to {size_text(need.held)} more to look at {seen}{most}"
    )
