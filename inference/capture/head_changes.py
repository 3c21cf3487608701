"""What becomes of the outputs of single heads on the way through a model."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch

from inference.context import Refused

if TYPE_CHECKING:
    from torch import Tensor

    from inference.capture.attention_call import Received


@dataclass(frozen=True)
class HeadChange:
    """One head's output becomes `factor` times itself, or `output` at every query."""

    head: int
    factor: float = 0.0
    output: tuple[float, ...] | None = None


@dataclass(frozen=True)
class HeadChanges:
    """Changes by the number of the attention in the forward pass; see `Received.number`.

    Where the softmax was caught, the model multiplies its pattern with the values itself: the pattern that it goes on
    with is scaled, which is the same. What is recorded is what the head attends to, changed or not.
    """

    by_number: dict[int, tuple[HeadChange, ...]] = field(default_factory=dict)

    def of_output(self, received: Received, output: Tensor) -> Tensor:
        """Outputs [batch, head, query_pos, d_head] as the model goes on with them; the same tensor if none changes.

        Raises
        ------
        Refused
            The output that is put in its place has another length.
        """
        changes = self.by_number.get(received.number, ())
        if not changes:
            return output
        output = output.clone()
        for change in changes:
            if change.output is None:
                output[:, change.head] *= change.factor
                continue
            if len(change.output) != output.shape[3]:
                raise Refused(
                    f"{len(change.output)} numbers were to replace the output of head {change.head}, which are "
                    f"{output.shape[3]}."
                )
            output[:, change.head] = torch.tensor(change.output, dtype=output.dtype, device=output.device)
        return output

    def of_pattern(self, received: Received, pattern: Tensor) -> Tensor:
        """Patterns [batch, head, query_pos, key_pos] that the model multiplies with the values.

        Raises
        ------
        Refused
            An output is to be replaced, which cannot be had here.
        """
        changes = self.by_number.get(received.number, ())
        if not changes:
            return pattern
        pattern = pattern.clone()
        for change in changes:
            if change.output is not None:
                raise Refused(
                    f"The output of head {change.head} of {received.path} cannot be replaced: the model writes this "
                    "attention out. It can be scaled."
                )
            pattern[:, change.head] *= change.factor
        return pattern


@dataclass(frozen=True)
class WatchedOutputs(HeadChanges):
    """Changes nothing, and holds every output as it was, for the gradient of what comes of it.

    Attributes
    ----------
    outputs
        [batch, head, query_pos, d_head], by the number of the attention. Those of a model that is frozen become leaves.
    """

    outputs: dict[int, Tensor] = field(default_factory=dict)

    def of_output(self, received: Received, output: Tensor) -> Tensor:
        """See `HeadChanges.of_output`."""
        if not output.requires_grad:
            output = output.detach().requires_grad_()
        self.outputs[received.number] = output
        return output
