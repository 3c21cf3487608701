"""Weights of foreign files, read so that they can do no harm.

They are copied into memory of their own: a mapped file that is overwritten meanwhile would kill the process or change
the weights. That takes as long as building the network, the tokenizer and all checks together, so threads do it beside
them, and look at the numbers while these lie in the processor's cache.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, BinaryIO, Self

import torch

from inference.checkpoints.no_first_numbers import no_first_numbers
from inference.checkpoints.weights_header import StoredTensor, header_of
from inference.context import Refused
from inference.files.reasons import first_line
from inference.files.regular_files import open_inside

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from torch import Tensor
    from transformers import PreTrainedConfig, PreTrainedModel

_DTYPES = {
    "BOOL": torch.bool, "U8": torch.uint8, "I8": torch.int8, "U16": torch.uint16, "I16": torch.int16,
    "U32": torch.uint32, "I32": torch.int32, "U64": torch.uint64, "I64": torch.int64, "F16": torch.float16,
    "BF16": torch.bfloat16, "F32": torch.float32, "F64": torch.float64, "C64": torch.complex64,
    "F8_E4M3": torch.float8_e4m3fn, "F8_E5M2": torch.float8_e5m2,
}  # fmt: skip
_PREADV = getattr(os, "preadv", None)
_READERS = 2  # threads; more win nothing, as it is memory that is waited for
_AT_ONCE = 2**21  # bytes that are read, and then looked at; a processor's cache holds them
_SUMMED = (torch.float32, torch.float16, torch.bfloat16)  # as they are; others are made float32 first


def read_tensors(folder: Path, stored: dict[str, StoredTensor]) -> dict[str, Tensor]:
    """All tensors whose headers were checked, from the very files that were: no name is looked up again by others.

    Returns
    -------
    dict
        By name, in the precision of the file, in memory of their own.

    Raises
    ------
    Refused
        A file is no longer what was checked.
    """
    with WeightsReading(folder, stored) as reading:
        return reading.result()


class WeightsReading:
    """Tensors whose headers were checked, which threads read meanwhile; leaving the context ends these.

    Parameters
    ----------
    checkpoint
        Called before every few megabytes, in those threads; what it raises ends the reading.
    """

    def __init__(
        self, folder: Path, stored: dict[str, StoredTensor], checkpoint: Callable[[], None] = lambda: None
    ) -> None:
        self._checkpoint = checkpoint
        self._is_over = False
        self._unreal: set[str] = set()
        meant: dict[str, dict[str, StoredTensor]] = {}
        for name, tensor in stored.items():
            meant.setdefault(tensor.file, {})[name] = tensor
        self._files = {name: _CheckedFile(folder, name, tensors) for name, tensors in meant.items()}
        self._pool = ThreadPoolExecutor(_READERS, "weights")
        # In the order of the files: what one reads ahead serves the other.
        in_order = sorted(stored.items(), key=lambda item: (item[1].file, item[1].begin))
        # Memory is asked for in this thread: another would get none of what this one has given back.
        self._coming = {
            name: self._pool.submit(self._read, name, tensor, torch.empty(tensor.end - tensor.begin, dtype=torch.uint8))
            for name, tensor in in_order
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_over = True
        self._pool.shutdown(cancel_futures=True)
        for file in self._files.values():
            file.close()

    def awaited(self) -> dict[str, Awaited]:
        """All of them by name, as `from_pretrained` takes them."""
        return {name: Awaited(coming) for name, coming in self._coming.items()}

    def result(self) -> dict[str, Tensor]:
        """All of them by name, as soon as they are there.

        Raises
        ------
        Refused
            A file cannot be read, or is no longer what was checked.
        """
        return {name: coming.result() for name, coming in self._coming.items()}

    @property
    def are_finite(self) -> bool:
        """Whether no number of them is NaN or infinite, now or as float32; to be asked after `result`."""
        return not self._unreal

    def _read(self, name: str, tensor: StoredTensor, content: Tensor) -> Tensor:
        dtype, file = _DTYPES[tensor.dtype], self._files[tensor.file]
        view: memoryview = content.numpy().data
        for begin in range(0, len(content), _AT_ONCE) or (0,):  # an empty one, too, has a file that is checked
            if self._is_over:
                raise Refused("The reading has ended.")  # nobody waits for it
            self._checkpoint()
            end = min(begin + _AT_ONCE, len(content))
            try:
                file.read_into(view[begin:end], tensor.begin + begin)
            except OSError as error:
                raise Refused(f"{tensor.file} cannot be read: {error.strerror}.") from error
            if dtype.is_floating_point and not _is_finite(content[begin:end].view(dtype)):
                self._unreal.add(name)
        file.has_given_one()
        return content.view(dtype).reshape(tensor.shape)


def _is_finite(numbers: Tensor) -> bool:
    if numbers.dtype not in _SUMMED:
        numbers = numbers.float()
    # A sum is quicker than a mask of the same size, and is finite only if every term is.
    return bool(numbers.sum(dtype=torch.float32).isfinite()) or bool(numbers.isfinite().all())


class Awaited:
    """A tensor that may not have been read yet: transformers takes what it loads by `[...]`, and then it has to be."""

    def __init__(self, coming: Future[Tensor]) -> None:
        self._coming = coming

    def __getitem__(self, part: Any) -> Tensor:
        return self._coming.result()[part]


class _CheckedFile:
    """A file with the header that was checked, open while tensors of it are to be read; for several threads."""

    def __init__(self, folder: Path, name: str, meant: dict[str, StoredTensor]) -> None:
        self._folder, self._name, self._meant = folder, name, meant
        self._n_left = len(meant)
        self._lock = threading.Lock()
        self._file: BinaryIO | None = None

    def read_into(self, view: memoryview, begin: int) -> None:
        """Fill it from this byte on; raises `Refused`, and OSError."""
        with self._lock:
            file = self._file = self._file or self._opened()
        n_read = 0
        while n_read < len(view):
            if _PREADV is not None:
                n = _PREADV(file.fileno(), [view[n_read:]], begin + n_read)
            else:  # Windows has none that leaves the place in the file alone
                with self._lock:
                    file.seek(begin + n_read)
                    n = file.readinto(view[n_read:])  # pyright: ignore[reportAttributeAccessIssue]
            if not n:
                raise self._changed()
            n_read += n

    def has_given_one(self) -> None:
        """One tensor is read; behind the last the file is closed, so that few of many parts are open at a time."""
        with self._lock:
            self._n_left -= 1
        if not self._n_left:
            self.close()

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    def _opened(self) -> BinaryIO:
        file = open_inside(self._folder / self._name)
        try:
            if header_of(file, self._name) != self._meant:
                raise self._changed()
        except Refused:
            file.close()
            raise
        return file

    def _changed(self) -> Refused:
        return Refused(f"{self._name} was changed while it was opened; open it again.")


class MisfitError(Refused):
    """Tensors do not make the network that they are to make."""


def read_net(
    net_class: type[PreTrainedModel],
    config: PreTrainedConfig,
    reading: WeightsReading,
    more: Mapping[str, Tensor] = MappingProxyType({}),
) -> tuple[Any, dict[str, Any]]:
    """A network in float32, and transformers' report of what did not fit.

    Parameters
    ----------
    reading
        Its tensors are waited for when the network is built.
    more
        Tensors that lie elsewhere, such as the head of an adapter.

    Raises
    ------
    MisfitError
        transformers cannot use them; the text is the end of a sentence.
    Refused
        Its files cannot be read, or have changed.
    """
    tensors = {**reading.awaited(), **more}
    try:
        with no_first_numbers():
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
        reading.result()  # it goes on without what could not be read, and complains of that
        raise MisfitError(first_line(error)) from error
    reading.result()  # also those that it had no use for
    return loaded
