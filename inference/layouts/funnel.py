"""Funnel's shrinking sequences (Dai et al. 2020, section 2.2)."""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING

from torch import Tensor

from inference.capture.attention_call import AttentionCall, Received
from inference.layouts.axis import AxisStretches, Group, Stretch, group, tokens

if TYPE_CHECKING:
    from transformers import PreTrainedConfig, PreTrainedModel

_PLACE = re.compile(r"\bblocks\.(\d+)\.(\d+)\.")
_DECODER = "Decoder"
_WITHOUT_DECODER = {"FunnelBaseModel", "FunnelForSequenceClassification", "FunnelForMultipleChoice"}


def lay_out(received: list[Received], net: PreTrainedModel, inputs: dict[str, Tensor]) -> list[Group]:
    """Each block by itself, the steps between them, and the decoder, which is of full length again."""
    blocks = places_by_block(inputs["input_ids"].shape[1], net.config)
    axes: list[AxisStretches] = [
        tokens(len(blocks[0])),
        *((Stretch("pooled tokens", (len(block),)),) for block in blocks[1:]),
    ]
    calls = by_title(received, net.config)
    return [
        group(title, axes[q], axes[k], calls[title]) for title, (q, k) in titles(net.config).items() if title in calls
    ]


def places_by_block(n: int, config: PreTrainedConfig) -> list[list[list[int]]]:
    """Which of n tokens each place of a block is made of, [block][place].

    Every block has half the places of the one before; [CLS] stays by itself, and the last place falls away where the
    configuration says so.
    """
    blocks = [[[place] for place in range(n)]]
    n_apart = 1 if config.separate_cls else 0
    for _ in config.block_sizes[1:]:
        before = blocks[-1]
        end = len(before) - 1 if config.separate_cls and config.truncate_seq else len(before)
        rest = [[*chain(*before[i : min(i + 2, end)])] for i in range(n_apart, end, 2)]
        blocks.append([*before[:n_apart], *rest])
    return blocks


def shortest(config: PreTrainedConfig) -> int:
    """Tokens that a text must have, so that something is left to shrink at every step."""
    n_steps = len(config.block_sizes) - 1
    return 1 if n_steps == 0 else 2 ** (n_steps if config.separate_cls else n_steps - 1) + 1


def titles(config: PreTrainedConfig) -> dict[str, tuple[int, int]]:
    """Groups in order, with the blocks from 0 whose places their queries and keys are."""
    groups: dict[str, tuple[int, int]] = {}
    for block in range(len(config.block_sizes)):
        if _begins_with_a_step(block, config):
            groups[_title(block, is_step=True)] = (block, block - 1)
        groups[_title(block, is_step=False)] = (block, block)
    groups[_DECODER] = (0, 0)
    return {title: blocks for title, blocks in groups.items() if n_layers(title, config)}


def n_layers(title: str, config: PreTrainedConfig) -> int:
    """Attentions of a group; layers may run several times."""
    if title == _DECODER:
        is_without = (config.architectures or [""])[0] in _WITHOUT_DECODER
        return 0 if is_without else config.num_decoder_layers
    block, *before = (int(number) - 1 for number in re.findall(r"\d+", title))
    n_in_block = config.block_sizes[block] * config.block_repeats[block]
    return 1 if before else n_in_block - _begins_with_a_step(block, config)


def by_title(received: list[Received], config: PreTrainedConfig) -> dict[str, list[AttentionCall]]:
    """Calls by title; the first one of a block has shrunk queries, but not yet shrunk keys."""
    calls: dict[str, list[AttentionCall]] = {}
    for each in received:
        title = _DECODER
        if found := _PLACE.search(f"{each.path}."):
            block, layer = int(found[1]), int(found[2])
            title = _title(block, is_step=_begins_with_a_step(block, config) and layer == each.call == 0)
        calls.setdefault(title, []).append(each.one())
    return calls


def _begins_with_a_step(block: int, config: PreTrainedConfig) -> bool:
    return block > 0 and config.pool_q_only


def _title(block: int, *, is_step: bool) -> str:
    return f"Block {block + 1} to block {block}" if is_step else f"Block {block + 1}"
