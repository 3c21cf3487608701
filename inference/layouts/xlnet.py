"""XLNet's two streams (Yang et al. 2019, section 2.3)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from torch import Tensor

from inference.capture.attention_call import AttentionCall, Received
from inference.layouts.axis import Group, group, tokens

if TYPE_CHECKING:
    from transformers import PreTrainedModel


def lay_out(received: list[Received], net: PreTrainedModel, inputs: dict[str, Tensor]) -> list[Group]:
    """The content stream, and the query stream where something is to be predicted."""
    n = inputs["input_ids"].shape[1]
    content, query = streams(received, inputs.get("target_mapping"))
    groups = [group("Content stream", tokens(n), tokens(n), content)]
    return [*groups, group("Query stream", tokens(query[0].n_queries), tokens(n), query)] if query else groups


def streams(received: list[Received], target_mapping: Tensor | None) -> tuple[list[AttentionCall], list[AttentionCall]]:
    """Calls of the content stream and of the query stream; each layer attends in one, then in the other.

    Parameters
    ----------
    target_mapping
        [batch, target, place], one-hot: the place that each query of the query stream stands for; None where there is
        no such stream. The model computes that stream at other places too, of nothing: they are left out.
    """
    calls = [each.one() for each in received]
    if target_mapping is None:
        return calls, []
    places = target_mapping[0].argmax(-1)

    def of_targets(call: AttentionCall) -> AttentionCall:
        assert call.pattern is not None
        return replace(call, pattern=call.pattern[:, places.to(call.device)])

    return calls[::2], [of_targets(call) for call in calls[1::2]]
