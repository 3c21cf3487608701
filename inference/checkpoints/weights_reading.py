"""Weights of foreign files, read so that they can do no harm."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, BinaryIO

import torch

from inference.checkpoints.weights_header import StoredTensor, header_of
from inference.context import Refused
from inference.files.reasons import first_line
from inference.files.regular_files import open_inside

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor
    from transformers import PreTrainedConfig, PreTrainedModel

_DTYPES = {
    "BOOL": torch.bool, "U8": torch.uint8, "I8": torch.int8, "U16": torch.uint16, "I16": torch.int16,
    "U32": torch.uint32, "I32": torch.int32, "U64": torch.uint64, "I64": torch.int64, "F16": torch.float16,
    "BF16": torch.bfloat16, "F32": torch.float32, "F64": torch.float64, "C64": torch.complex64,
    "F8_E4M3": torch.float8_e4m3fn, "F8_E5M2": torch.float8_e5m2,
}  # fmt: skip


def read_tensors(folder: Path, stored: dict[str, StoredTensor]) -> dict[str, Tensor]:
    """All tensors whose headers were checked, from the very files that were: no name is looked up again by others.

    Returns
    -------
    dict
        By name, in the precision of the file, in memory of their own: a mapped file that is overwritten meanwhile
        would kill the process or change the weights.

    Raises
    ------
    Refused
        A file is no longer what was checked.
    """
    tensors: dict[str, Tensor] = {}
    for name in dict.fromkeys(tensor.file for tensor in stored.values()):
        meant = {key: tensor for key, tensor in stored.items() if tensor.file == name}
        with open_inside(folder / name) as file:
            if header_of(file, name) != meant:
                raise Refused(f"{name} was changed while it was opened; open it again.")
            tensors |= {key: _read(file, tensor) for key, tensor in meant.items()}
    return tensors


def _read(file: BinaryIO, tensor: StoredTensor) -> Tensor:
    content = torch.empty(tensor.end - tensor.begin, dtype=torch.uint8)
    try:
        file.seek(tensor.begin)
        n_read = file.readinto(content.numpy().data)  # pyright: ignore[reportAttributeAccessIssue]
    except OSError as error:
        raise Refused(f"{tensor.file} cannot be read: {error.strerror}.") from error
    if n_read != len(content):
        raise Refused(f"{tensor.file} was changed while it was opened; open it again.")
    return content.view(_DTYPES[tensor.dtype]).reshape(tensor.shape)


class MisfitError(Refused):
    """Tensors do not make the network that they are to make."""


def read_net(
    net_class: type[PreTrainedModel],
    config: PreTrainedConfig,
    folder: Path,
    stored: dict[str, StoredTensor],
    more: Mapping[str, Tensor] = MappingProxyType({}),
) -> tuple[Any, dict[str, Any]]:
    """A network in float32, and transformers' report of what did not fit.

    Parameters
    ----------
    more
        Tensors that lie elsewhere, such as the head of an adapter.

    Raises
    ------
    MisfitError
        transformers cannot use them; the text is the end of a sentence.
    Refused
        Its files cannot be read, or have changed.
    """
    tensors = {**read_tensors(folder, stored), **more}
    try:
        loaded: Any = net_class.from_pretrained(
            None,  # no folder: transformers would follow `transformers_weights`, an adapter, generation files
            config=config,
            state_dict=tensors,
            dtype=torch.float32,
            local_files_only=True,
            trust_remote_code=False,
            use_safetensors=True,
            output_loading_info=True,
        )
    except MemoryError:
        raise
    except Exception as error:  # whatever foreign code makes of foreign files
        raise MisfitError(first_line(error)) from error
    return loaded
