"""What the engine holds of forward passes."""

from __future__ import annotations

from dataclasses import dataclass

from inference.results.request import Request


@dataclass(frozen=True, slots=True)
class MemoryRequest(Request["MemoryResult"]):
    """How much of what attention received is held, and how much may be; a `budget` of 0 leaves that as it is."""

    budget: int = 0


@dataclass(frozen=True, slots=True)
class MemoryResult:
    """What the engine holds of the last forward passes.

    Attributes
    ----------
    held, budget
        Bytes.
    n_calls, n_held
        Attention calls of the run looked at last, and how many of them are held; the others are computed again.
    n_tokens
        Longest axis of that run; 0 if nothing ran yet.
    has_qk
        Whether queries and keys are held, rather than patterns.
    """

    held: int
    budget: int
    n_calls: int
    n_held: int
    n_tokens: int
    has_qk: bool
