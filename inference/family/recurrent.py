"""Recurrent networks, whose states stand in the place of self-attention: what they have not, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inference.family.text import TextFamily

if TYPE_CHECKING:
    from transformers import PreTrainedConfig, PreTrainedModel

    from inference.family.opened import Opened

NO_SELF_ATTENTION = "it is a recurrent network, which has no self-attention: what it knows of a text is its state"
_NO_SUM = "the states of a recurrent network are no sums of what its layers add, so its logits are no sum either"
_NO_STREAM = "a recurrent network has no residual stream: each layer replaces what it reads"
_NO_POSITIONS = "a recurrent network encodes no positions: it reads one token after the other"


class RecurrentText(TextFamily):
    """Reads one token after the other: its state is as large behind a long text, and no table holds positions."""

    def n_ctx(self, config: PreTrainedConfig) -> int:
        return 0

    def position_kind(self, config: PreTrainedConfig) -> str:
        return "none"

    def lacks(self, opened: Opened) -> dict[str, str]:
        lacking = super().lacks(opened)
        return lacking | {
            "positions": _NO_POSITIONS,
            "residual_stream": _NO_STREAM,
            "linear_unembedding": lacking["unembedding"] or _NO_SUM,
        }


def recurrent_lacking(net: PreTrainedModel, unembedding: tuple[str, ...]) -> dict[str, str]:
    """See `Components.lacking`."""
    none = {"final_norm": "a recurrent network has no norms"}
    return none if unembedding else none | {"unembedding": f"{type(net).__name__} has no head for tokens"}
