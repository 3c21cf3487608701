"""ProphetNet's streams: the decoder's own, and one for each future word (Qi et al. 2020, section 3.2)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from torch import Tensor

from inference.capture.attention_call import AttentionCall, Received
from inference.layouts.axis import Group, group, tokens
from inference.layouts.by_path import by_path

if TYPE_CHECKING:
    from transformers import PreTrainedModel


def lay_out(received: list[Received], net: PreTrainedModel, inputs: dict[str, Tensor]) -> list[Group]:
    """Encoder, decoder and cross attention by path, then the streams of future words.

    Those attend to the decoder's own stream, and to themselves: twice as many keys. The cross attention has the queries
    of all streams, one after the other.
    """
    n = inputs["decoder_input_ids"].shape[1]
    is_future = [each.raw is not None and each.raw.ndim == 5 for each in received]
    streams: dict[int, list[AttentionCall]] = {}
    for each, is_it in zip(received, is_future, strict=True):
        if is_it:
            assert each.raw is not None
            for number, pattern in enumerate(each.raw[0]):  # [batch, stream, head, query_pos, key_pos]
                call = AttentionCall(each.path, each.call, is_cross=False, pattern=pattern, parts=(each.number,))
                streams.setdefault(number, []).append(call)
    groups = by_path([each for each, is_it in zip(received, is_future, strict=True) if not is_it], net, inputs)
    ahead = [
        group(f"Decoder, future word {number + 1}", tokens(n), tokens(n) * 2, calls)
        for number, calls in streams.items()
    ]
    all_streams = tokens(n) * (1 + len(ahead))
    return [*(replace(each, queries=all_streams) if "to" in each.title else each for each in groups), *ahead]
