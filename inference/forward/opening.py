"""Opening a checkpoint: from files to a model in memory that is known to be whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inference.checkpoints.loading import read

# After what turns the network off: transformers reads that when it is imported.
# isort: split
from inference.forward.model import Model

if TYPE_CHECKING:
    from collections.abc import Callable

    from inference.context import Context


def load(
    checkpoint: str, context: Context, device: str = "", make_room: Callable[[int], None] = lambda _: None
) -> Model:
    """Open a checkpoint.

    Parameters
    ----------
    checkpoint
        As `inspect` takes it.
    context
        One step for reading, one for checking.
    device
        Name of the device that it runs on; empty: the GPU where there is one.
    make_room
        Called with the bytes that its weights will take, before any is read.

    Returns
    -------
    Model
        In eval mode; in float32, or in the precision of the file where the name says so.

    Raises
    ------
    Refused
        As `inspect`; or tensors are missing, hold NaN or infinity, or the tokenizer is another model's; or it does
        not fit into the memory.
    """
    found = read(checkpoint, context, device, make_room)
    return Model(
        found.info,
        found.net,
        found.tokenizer,
        found.family,
        found.device,
        preparation=found.preparation,
        image_tokenizer=found.image_tokenizer,
        chat_template=found.chat_template,
    )
