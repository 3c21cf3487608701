"""What the engine holds: forward passes, and the weights of open checkpoints."""

from __future__ import annotations

from dataclasses import dataclass

from inference.results.request import Request


@dataclass(frozen=True, slots=True)
class MemoryRequest(Request["MemoryResult"]):
    """How much of what attention received is held, which checkpoints are open, and how much of both may be.

    Attributes
    ----------
    budget
        Bytes for what attention received; 0 leaves that as it is.
    for_checkpoints
        Bytes for weights that are open at once; 0 is a quarter of the machine's memory.
    pinned
        Checkpoints that are unloaded last.
    """

    budget: int = 0
    for_checkpoints: int = 0
    pinned: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OpenCheckpoint:
    """A checkpoint in memory: its name in requests, and bytes of its weights."""

    checkpoint: str
    n_bytes: int


@dataclass(frozen=True, slots=True)
class MemoryResult:
    """What the engine holds of the last forward passes, and what is open.

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
    checkpoints
        What is open, the one used last comes last.
    """

    held: int
    budget: int
    n_calls: int
    n_held: int
    n_tokens: int
    has_qk: bool
    checkpoints: tuple[OpenCheckpoint, ...] = ()
