"""BigBird's attention: window, random and global blocks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from inference.capture.attention_call import ALL, AttentionCall, Received
from inference.capture.banded import padding, without_padding

HIDDEN, WINDOW, RANDOM, GLOBAL = range(4)


@dataclass(frozen=True, eq=False)
class BlockCall(AttentionCall):
    """Block-sparse attention in true positions.

    The first and the last block see all and are seen by all; every other block sees itself, its neighbours, and random
    blocks of its own in each head. `mask` [1, 1, key_pos] says which places are no padding: that neither sees nor is
    seen.

    Attributes
    ----------
    block_size
        Tokens of a block; the last block may be cut.
    n_blocks
        Blocks, with the padding that the model adds.
    random_blocks
        int64 [head, block - 1, random], which ones each block but the first and the last sees.

    References
    ----------
    Zaheer et al. 2020, "Big Bird", section 2 and appendix D.
    """

    block_size: int = 1
    n_blocks: int = 1
    random_blocks: Tensor | None = None

    kind_names: ClassVar[tuple[str, ...]] = ("hidden", "window", "random", "global")

    def seen(self, heads: list[int], rows: Tensor, keys: slice = ALL) -> Tensor:
        return self.kinds(heads, rows, keys).to(torch.bool)

    def kinds(self, heads: list[int], rows: Tensor, keys: slice = ALL) -> Tensor:
        blocks = torch.arange(self.n_blocks, device=rows.device)
        row_blocks, which = torch.unique(rows // self.block_size, return_inverse=True)
        last = self.n_blocks - 1
        kinds = ((blocks - row_blocks[:, None]).abs() <= 1).to(torch.uint8) * WINDOW
        kinds = kinds.repeat(len(heads), 1, 1)  # [head, row block, key block]
        middle = ((row_blocks > 0) & (row_blocks < last)).nonzero()[:, 0]
        if self.random_blocks is not None and len(middle):
            chosen = self.random_blocks[heads][:, row_blocks[middle] - 1]  # [head, row block, random]
            kinds[:, middle] = kinds[:, middle].scatter(2, chosen, RANDOM)
        is_end = (blocks == 0) | (blocks == last)
        kinds = kinds.masked_fill(is_end | ((row_blocks == 0) | (row_blocks == last))[:, None], GLOBAL)
        # From blocks to cells, of those blocks alone in which the keys lie.
        start, stop, _ = keys.indices(self.n_keys)
        first, last = start // self.block_size, -(-stop // self.block_size)
        by_key = kinds[:, which, first:last, None].expand(-1, -1, -1, self.block_size).flatten(2)
        cells = by_key[:, :, start - first * self.block_size : stop - first * self.block_size]
        return without_padding(cells, self.mask, rows, keys)


def blocked(received: Received, n: int) -> BlockCall:
    """The call of a BigBird attention over `n` tokens; the model's padding behind them is cut off.

    Parameters
    ----------
    received
        Of `inference.capture.modules`: `extras` holds the block size and the random blocks.
    """
    block_size, random_blocks = received.extras
    assert received.q is not None
    assert received.k is not None
    assert received.v is not None
    return BlockCall(
        received.path,
        received.call,
        is_cross=False,
        q=received.q[0, :, :n],
        k=received.k[0, :, :n],
        v=received.v[0, :, :n],
        scale=received.scale,
        mask=padding(received, n),
        parts=(received.number,),
        block_size=int(block_size),
        n_blocks=received.q.shape[2] // int(block_size),
        random_blocks=random_blocks,
    )


@contextmanager
def blocks_kept(part: Any) -> Iterator[None]:
    """A short text makes BigBird's encoder turn to full attention for good; here it is turned back.

    Parameters
    ----------
    part
        `BigBirdModel` or `BigBirdPegasusEncoder`.
    """
    before = part.attention_type
    try:
        yield
    finally:
        part.set_attention_type(before)
