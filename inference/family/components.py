"""Where a model keeps its parts: canonical names for paths in its tree of modules."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor, nn


@dataclass(frozen=True)
class Block:
    """One layer.

    Attributes
    ----------
    path
        The layer itself; None where it is no module of its own.
    attention, cross_attention
        What attends, with its projections, but without the residual connection and the norm around it; None where
        something else stands in place of attention.
    mlp
        What comes behind, in order; the output of the last one is added to the residual stream.
    feature_norm
        The norm that the block begins with, where features are read behind it (Chen et al. 2020).
    """

    path: str | None
    attention: str | None
    mlp: tuple[str, ...]
    cross_attention: str | None = None
    feature_norm: str | None = None


@dataclass(frozen=True)
class Stack:
    """Blocks one behind another, and the norm at the end of them; None where each block ends with one of its own."""

    blocks: tuple[Block, ...]
    final_norm: str | None = None


@dataclass(frozen=True)
class Components:
    """The parts of an open model; what it lacks is None or empty, and `lacking` says why.

    Attributes
    ----------
    embedding
        What becomes of ids or patches before the first block, or the table of it.
    stacks
        By attention group; cross-attention is in the blocks of the decoder.
    of_head
        The stack whose states the unembedding takes.
    of_features
        The stack whose states are read as features; of Swin the last stage, as the others are narrower.
    unembedding
        One behind another, from a normed state to logits; their results are multiplied by `factor`, capped as
        cap * tanh(logits / cap), and `bias`, a buffer, is added.
    n_skipped
        Places in front that the unembedding leaves out.
    state_factor
        On a normed state, before the unembedding.
    batch_axis
        Of the states between the blocks: 0, or 1 where positions come first.
    embedding_factor
        By what the rows of the table are multiplied before positions are added.
    lacking
        Why not, as half a sentence, by the name of what is None or empty.
    """

    embedding: str | None
    stacks: dict[str, Stack]
    of_head: str
    of_features: str
    unembedding: tuple[str, ...] = ()
    factor: float = 1.0
    cap: float | None = None
    bias: str | None = None
    n_skipped: int = 0
    state_factor: float = 1.0
    batch_axis: int = 0
    embedding_factor: float = 1.0
    lacking: dict[str, str] = field(default_factory=dict)

    def norm(self, net: nn.Module, state: Tensor) -> Tensor:
        """A state behind the final norm of its stack; the same where there is none."""
        path = self.stacks[self.of_head].final_norm
        return state if path is None else net.get_submodule(path)(state)

    def unembed(self, net: nn.Module, normed: Tensor) -> Tensor:
        """Logits, [batch, pos, vocabulary], of normed states, [batch, pos, d_model].

        Raises
        ------
        ValueError
            The model has no unembedding.
        """
        if not self.unembedding:
            raise ValueError(f"There is no unembedding: {self.lacking['unembedding']}.")
        logits: Any = (
            normed[:, self.n_skipped :] * self.state_factor if self.state_factor != 1 else normed[:, self.n_skipped :]
        )
        for path in self.unembedding:
            logits = net.get_submodule(path)(logits)
        if self.bias is not None:
            logits = logits + net.get_buffer(self.bias)
        if self.factor != 1:
            logits = logits * self.factor
        return logits if self.cap is None else (logits / self.cap).tanh() * self.cap


@dataclass(frozen=True)
class Names:
    """What one kind of model calls its parts: paths within the base model, and within a block.

    Attributes
    ----------
    blocks
        The list of the blocks.
    attention, mlp, cross_attention, feature_norm
        As in `Block`, within a block.
    embedding, final_norm
        Within the base model; empty for none.
    unembedding
        Within the whole model, one behind another.
    """

    blocks: str
    attention: str
    mlp: tuple[str, ...] = ("mlp",)
    cross_attention: str = ""
    feature_norm: str = ""
    embedding: str = "embed_tokens"
    final_norm: str = ""
    unembedding: tuple[str, ...] = ("lm_head",)

    def stack(self, net: nn.Module, base: str) -> Stack:
        """The same as paths from `net` on, whose base model lies at `base`."""
        blocks: Any = net.get_submodule(joined(base, self.blocks))
        return Stack(
            tuple(self.block(joined(base, self.blocks, str(i))) for i in range(len(blocks))),
            joined(base, self.final_norm) if self.final_norm else None,
        )

    def block(self, path: str) -> Block:
        """The parts of a block at that path."""
        return Block(
            path,
            joined(path, self.attention),
            tuple(joined(path, part) for part in self.mlp),
            joined(path, self.cross_attention) if self.cross_attention else None,
            joined(path, self.feature_norm) if self.feature_norm else None,
        )


def joined(*parts: str) -> str:
    """A path of what is not empty."""
    return ".".join(part for part in parts if part)


def base_path(net: Any) -> str:
    """Where the base model lies in a model; empty where it is one itself."""
    base = net.base_model
    return next(name for name, module in net.named_modules() if module is base)


def that_are_there(net: nn.Module, paths: Iterable[str]) -> tuple[str, ...]:
    """All of these paths, or none where one is missing: a checkpoint may be opened without its head."""
    modules = {name for name, _ in net.named_modules()}
    paths = tuple(paths)
    return paths if all(path in modules for path in paths) else ()


def of_one_stack(
    net: Any, group: str, names: Names, base: str | None = None, attending: list[int] | None = None, **more: Any
) -> Components:
    """The parts of a model with one stack of blocks; `more` goes to `Components`.

    Parameters
    ----------
    base
        Where the base model lies, if not where transformers says.
    attending
        Which blocks attend, from 0, where the others do not; None for all.
    """
    base = base_path(net) if base is None else base
    unembedding = that_are_there(net, names.unembedding)
    stack = names.stack(net, base)
    if attending is not None:
        blocks = tuple(
            block if i in attending else replace(block, attention=None) for i, block in enumerate(stack.blocks)
        )
        stack = Stack(blocks, stack.final_norm)
    lacking = dict(more.pop("lacking", {}))
    if not unembedding:
        lacking.setdefault("unembedding", f"{type(net).__name__} has no head for tokens")
    if stack.final_norm is None:
        lacking.setdefault("final_norm", "every block ends with a norm of its own")
    return Components(
        embedding=joined(base, names.embedding),
        stacks={group: stack},
        of_head=group,
        of_features=group,
        unembedding=unembedding,
        lacking=lacking,
        **more,
    )
