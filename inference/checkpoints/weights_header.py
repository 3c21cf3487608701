"""What the weights of a checkpoint hold, from the headers of its safetensors files alone.

A header is some kilobytes, whatever the size of the weights, so this is as quick for 100 GB as for 10 MB. It is
checked here, before safetensors sees it, because a header can lie about its length and offsets, or name 300,000 empty
tensors (which take safetensors 7.5 s), and an index can name files outside the folder, which transformers opens.
The tensors themselves are read by what stands here too: `inference.checkpoints.weights_reading`.

References
----------
https://github.com/huggingface/safetensors#format
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from types import MappingProxyType
from typing import Any, BinaryIO

from inference.context import Refused
from inference.files.json_file import parse_object, read_object
from inference.files.regular_files import is_there, open_inside
from inference.results.counts import count_of, verb

MAX_HEADER = 16 * 2**20
MAX_TENSORS = 10_000
MAX_NAME = 1_000  # letters of a tensor's name: what renames tensors takes time that grows with their square
WEIGHTS = "model.safetensors"
INDEX = "model.safetensors.index.json"

# Bytes of one element. Packed types (F4, F6) are left out: no model of ours reads them.
_ITEM_SIZE = {
    "BOOL": 1, "U8": 1, "I8": 1, "F8_E4M3": 1, "F8_E5M2": 1, "U16": 2, "I16": 2, "F16": 2, "BF16": 2,
    "U32": 4, "I32": 4, "F32": 4, "U64": 8, "I64": 8, "F64": 8, "C64": 8,
}  # fmt: skip

NOT_ALL = re.compile(r"(?:adapter_.*|.*-\d{5}-of-\d{5})\.safetensors")  # of the weights
_MOST_AXES = 25  # torch's own limit for what a kernel takes
_TORCH_NAMES = {"F16": "float16", "BF16": "bfloat16", "F32": "float32", "F64": "float64"}

_OTHER_WEIGHTS = (
    ((".bin.index.json",), "an index of pickles that can run code; convert them to safetensors"),
    ((".bin", ".pt", ".pth", ".ckpt"), "a pickle that can run code; convert it to safetensors"),
    ((".h5", ".msgpack"), "weights of TensorFlow or Flax; convert them to safetensors"),
    ((".gguf",), "a GGUF file; Headlight reads safetensors"),
    ((".onnx",), "an ONNX file; Headlight reads safetensors"),
)


@dataclass(frozen=True, slots=True)
class StoredTensor:
    """A tensor of the weights.

    Attributes
    ----------
    dtype
        In safetensors' spelling (`F32`, `BF16`).
    file
        Name of the file that holds it.
    begin, end
        Its bytes there.
    """

    dtype: str
    shape: tuple[int, ...]
    file: str
    begin: int = 0
    end: int = 0

    @property
    def is_float(self) -> bool:
        return "F" in self.dtype

    @property
    def n_elements(self) -> int:
        return prod(self.shape)


def stored_in(stored: dict[str, StoredTensor]) -> str:
    """The number formats of the weights, that of the most numbers first, in torch's spelling: `float16, float32`."""
    sizes: Counter[str] = Counter()
    for tensor in stored.values():
        if tensor.is_float:
            sizes[tensor.dtype] += tensor.n_elements
    return ", ".join(_TORCH_NAMES.get(dtype, dtype) for dtype, _ in sizes.most_common())


_WHOLE: Mapping[str, int] = MappingProxyType({})


def read_weights(folder: Path, sizes: Mapping[str, int] = _WHOLE) -> dict[str, StoredTensor]:
    """All tensors of a checkpoint by name.

    Parameters
    ----------
    sizes
        Bytes of those files of which only the beginning lies here, the rest being elsewhere.

    Raises
    ------
    Refused
        There are no safetensors weights, or their headers or index cannot be trusted; names the file and the reason.
    """
    if is_there(folder / WEIGHTS):
        stored = read_header(folder / WEIGHTS, sizes.get(WEIGHTS))
    elif is_there(folder / INDEX):
        stored = _read_shards(folder, sizes)
    elif (only := _only_one(folder)) is not None:
        stored = read_header(only, sizes.get(only.name))
    else:
        raise Refused(_why_no_weights(folder))
    if not stored:
        raise Refused(f"{WEIGHTS} in {folder.name} holds no tensors.")
    return stored


def weights_file(stored: dict[str, StoredTensor]) -> str:
    """The file that holds all of these tensors, or the index of several."""
    files = {tensor.file for tensor in stored.values()}
    return files.pop() if len(files) == 1 else INDEX


def _only_one(folder: Path) -> Path | None:
    """The one safetensors file of a folder, whatever it is called; None where there are several, or none."""
    found = [path for path in sorted(folder.iterdir()) if path.suffix == ".safetensors"]
    return found[0] if len(found) == 1 and not NOT_ALL.fullmatch(found[0].name) else None


def read_header(path: Path, size: int | None = None) -> dict[str, StoredTensor]:
    """Tensors of one safetensors file.

    Parameters
    ----------
    size
        Its bytes where only the beginning lies here; None: all of it does.

    Raises
    ------
    Refused
        It is cut off, empty, of another kind, too large, or its offsets do not tile the file.
    """
    with open_inside(path) as file:
        return header_of(file, path.name, size)


def header_of(file: BinaryIO, name: str, size: int | None = None) -> dict[str, StoredTensor]:
    """The same of an open file; raises as `read_header`."""
    try:
        size = os.fstat(file.fileno()).st_size if size is None else size
        start = file.read(64)
        n_header = int.from_bytes(start[:8], "little")
        _check_start(name, start, size, n_header)
        file.seek(8)
        text = file.read(n_header)
    except OSError as error:
        raise Refused(f"{name} cannot be read: {error.strerror}.") from error
    header = parse_object(text, f"The header of {name}")
    metadata = header.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise Refused(f"The header of {name} is wrong: its __metadata__ is not an object of texts.")
    if len(header) > MAX_TENSORS:
        raise Refused(f"{name} holds {len(header):,} tensors; at most {MAX_TENSORS:,} are read.")
    spans: list[tuple[int, int]] = []
    stored = {tensor: _tensor(name, tensor, entry, spans, 8 + n_header) for tensor, entry in header.items()}
    end = 0
    for begin, stop in sorted(spans):
        if begin != end:
            raise Refused(f"The header of {name} is wrong: its tensors overlap or leave gaps.")
        end = stop
    missing = 8 + n_header + end - size
    if missing > 0:
        raise Refused(f"{name} is cut off: its last {count_of(missing, 'bytes')} {verb(missing)} missing.")
    if missing < 0:
        raise Refused(f"{name} has {count_of(-missing, 'bytes')} more than its header says.")
    return stored


def _check_start(name: str, start: bytes, size: int, n_header: int) -> None:
    """Say what a file is instead, from its first bytes."""
    if size == 0:
        raise Refused(f"{name} is empty (0 bytes).")
    if start[8:9] != b"{":  # where there is one, the bytes before it are a length that may look like anything
        if start.startswith(b"version https://git-lfs"):
            raise Refused(f"{name} is a git-lfs pointer, not the weights; fetch them with `git lfs pull`.")
        if start.lstrip().startswith(b"<"):
            raise Refused(f"{name} is a web page (HTML), not weights; the download went wrong.")
        if start.startswith((b"PK\x03\x04", b"\x80\x02", b"\x80\x04")):
            raise Refused(f"{name} is a pickle that can run code, not safetensors; convert it to safetensors.")
        if start.startswith(b"GGUF"):
            raise Refused(f"{name} is a GGUF file; Headlight reads safetensors.")
    if size < 8:
        raise Refused(f"{name} is cut off: it has only {count_of(size, 'bytes')}.")
    if n_header > MAX_HEADER:
        raise Refused(
            f"{name} is not safetensors: its header would have {n_header:,} bytes; at most {MAX_HEADER:,} are read."
        )
    if 8 + n_header > size:
        raise Refused(f"{name} is cut off: its header has {n_header:,} bytes, the whole file {size:,}.")


def _tensor(file: str, name: str, entry: Any, spans: list[tuple[int, int]], start: int) -> StoredTensor:
    if len(name) > MAX_NAME:
        raise Refused(
            f"{file} holds a tensor with a name of {len(name):,} letters ({name[:40]!r}…); up to {MAX_NAME:,} are read."
        )
    match entry:
        case {"dtype": str(dtype), "shape": list(shape), "data_offsets": [begin, end]} if all(
            type(n) is int and n >= 0 for n in (*shape, begin, end)
        ):
            pass
        case _:
            raise Refused(f"The header of {file} is wrong at tensor {name!r}: no dtype, shape and offsets.")
    if dtype not in _ITEM_SIZE:
        raise Refused(f"Tensor {name!r} in {file} has the dtype {dtype[:40]!r}, which cannot be read.")
    if len(shape) > _MOST_AXES or max(shape, default=0) >= 2**63:
        raise Refused(f"The header of {file} is wrong at tensor {name!r}: no tensor has such a shape.")
    if end - begin != prod(shape) * _ITEM_SIZE[dtype]:
        raise Refused(f"The header of {file} is wrong at tensor {name!r}: {shape} does not take {end - begin:,} bytes.")
    spans.append((begin, end))
    return StoredTensor(dtype, tuple(shape), file, start + begin, start + end)


def _read_shards(folder: Path, sizes: Mapping[str, int]) -> dict[str, StoredTensor]:
    weight_map = read_object(folder / INDEX, MAX_HEADER).get("weight_map")
    if not isinstance(weight_map, dict) or not all(isinstance(name, str) for name in weight_map.values()):
        raise Refused(f"{INDEX} has no weight_map of tensor names to files.")
    if len(weight_map) > MAX_TENSORS:
        raise Refused(f"{INDEX} names {len(weight_map):,} tensors; at most {MAX_TENSORS:,} are read.")
    stored: dict[str, StoredTensor] = {}
    for shard in sorted(set(weight_map.values())):
        if len(shard) > MAX_NAME:
            raise Refused(f"{INDEX} names a file whose name has {len(shard):,} letters.")
        # A backslash is part of a name here and a folder on Windows; no real shard has one.
        if shard != Path(shard).name or "\\" in shard or not shard.endswith(".safetensors"):
            raise Refused(f"{INDEX} names {shard!r}, which is not a safetensors file in the same folder.")
        if not is_there(folder / shard):
            raise Refused(f"{shard} is named in {INDEX} but is not in the folder.")
        found = read_header(folder / shard, sizes.get(shard))
        if twice := stored.keys() & found.keys():
            raise Refused(
                f"{shard} and {stored[min(twice)].file} both hold {min(twice)!r}; which is meant is not said."
            )
        stored |= found
    for tensor, shard in weight_map.items():
        if tensor not in stored or stored[tensor].file != shard:
            raise Refused(f"{INDEX} says that {shard} holds {tensor[:MAX_NAME]!r}, but it does not.")
    if len(stored) > MAX_TENSORS:
        raise Refused(f"The files of {INDEX} hold {len(stored):,} tensors; at most {MAX_TENSORS:,} are read.")
    return stored


def _why_no_weights(folder: Path) -> str:
    files = sorted(path.name for path in folder.iterdir() if path.is_file())
    for suffixes, what in _OTHER_WEIGHTS:
        for name in files:
            # training_args.bin lies beside weights and is none.
            if name.endswith(suffixes) and name != "training_args.bin":
                return f"{folder.name} holds only {name}, {what}."
    for name in files:
        if name.endswith(".safetensors"):
            return f"{folder.name} holds no {WEIGHTS}, only {name}."
    return f"{folder.name} holds no weights: neither {WEIGHTS} nor {INDEX}."
