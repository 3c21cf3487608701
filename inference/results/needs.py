"""What memory a checkpoint takes: its weights, and what is held of a text for looking at it."""

from __future__ import annotations

from dataclasses import dataclass

from inference.results.checkpoint import CheckpointInfo

USUAL_TOKENS = 512
MOST_TOKENS = 1_000_000
_FLOAT32 = 4
_BYTES = {"float16": 2, "bfloat16": 2, "float32": 4, "float64": 8, "float8_e4m3fn": 1, "float8_e5m2": 1}


@dataclass(frozen=True, slots=True)
class MemoryNeed:
    """Bytes that a checkpoint takes.

    Attributes
    ----------
    weights, as_stored
        Of the weights in float32, and in the number format of the file where models can be run in that; else 0.
    held
        Of queries, keys and values of all layers for a text; of patterns where the model shows only these. A model
        that shares keys and values between heads takes less.
    n_tokens
        Of that text.
    is_most
        A longer text was asked for than the model reads.
    things
        What its tokens are called: `tokens`, or the `patches` or `pixels` of what reads images or films alone.
    """

    weights: int
    as_stored: int
    held: int
    n_tokens: int
    is_most: bool = False
    things: str = "tokens"


def memory_need(info: CheckpointInfo, n_tokens: int, *, runs_in: str = "float32") -> MemoryNeed:
    """What a checkpoint takes for a text of so many tokens, or of the most that it reads, or for a whole image."""
    things = _things(info)
    is_most = 0 < info.n_ctx < n_tokens
    n_tokens = info.n_ctx if is_most or (info.n_ctx and things == "pixels") else n_tokens
    size = _BYTES.get(runs_in, _FLOAT32)
    held = 0
    for group in info.groups:
        if group.has_qk:
            held += 3 * len(group.layers) * n_tokens * info.d_model
        else:
            held += sum(group.n_heads) * n_tokens**2
    stored = info.stored_in.partition(",")[0]
    as_stored = 0 if stored == "float32" else info.n_parameters * _BYTES.get(stored, 0)
    return MemoryNeed(_FLOAT32 * info.n_parameters, as_stored, size * held, n_tokens, is_most, things)


def _things(info: CheckpointInfo) -> str:
    if not info.reads or not {"image", "clip"}.issuperset(info.reads):
        return "tokens"
    return "pixels" if any(group.query_axis == "pixels" for group in info.groups) else "patches"
