"""Weights of foreign files, read so that they can do no harm."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from inference.context import Refused
from inference.files.config_file import first_line

if TYPE_CHECKING:
    from pathlib import Path

    from transformers import PreTrainedConfig, PreTrainedModel


def read_net(net_class: type[PreTrainedModel], folder: Path, config: PreTrainedConfig) -> tuple[Any, dict[str, Any]]:
    """A network in float32, and transformers' report of what did not fit.

    Raises
    ------
    Refused
        transformers cannot read them; the text is the end of a sentence.
    """
    try:
        loaded: Any = net_class.from_pretrained(
            folder,
            config=config,
            dtype=torch.float32,
            disable_mmap=True,  # a mapped file that is overwritten meanwhile kills the process or changes the weights
            local_files_only=True,
            trust_remote_code=False,
            use_safetensors=True,
            output_loading_info=True,
        )
    except MemoryError:
        raise
    except Exception as error:  # whatever foreign code makes of foreign files
        raise Refused(first_line(error)) from error
    return loaded
