"""Opening a checkpoint: from files to a model in memory that is known to be whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inference.checkpoints.loading import read

# After what turns the network off: transformers reads that when it is imported.
# isort: split
from inference.forward.model import Model

if TYPE_CHECKING:
    from inference.context import Context


def load(checkpoint: str, context: Context) -> Model:
    """Open a checkpoint, on the GPU where there is one.

    Parameters
    ----------
    checkpoint
        As `inspect` takes it.
    context
        One step for reading, one for checking.

    Returns
    -------
    Model
        In float32 and eval mode.

    Raises
    ------
    Refused
        As `inspect`; or tensors are missing, hold NaN or infinity, or the tokenizer is another model's.
    """
    found = read(checkpoint, context)
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
