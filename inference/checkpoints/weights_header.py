"""What the weights of a checkpoint hold, from the headers of its safetensors files alone.

A header is some kilobytes, whatever the size of the weights, so this is as quick for 100 GB as for 10 MB. It is
checked here, before safetensors sees it, because a header can lie about its length and offsets, or name 300,000 empty
tensors (which take safetensors 7.5 s), and an index can name files outside the folder, which transformers opens.

References
----------
https://github.com/huggingface/safetensors#format
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from inference.context import Refused
from inference.files.json_file import parse_object, read_object

MAX_HEADER = 16 * 2**20
MAX_TENSORS = 10_000
WEIGHTS = "model.safetensors"
INDEX = "model.safetensors.index.json"

# Bytes of one element. Packed types (F4, F6) are left out: no model of ours reads them.
_ITEM_SIZE = {
    "BOOL": 1, "U8": 1, "I8": 1, "F8_E4M3": 1, "F8_E5M2": 1, "U16": 2, "I16": 2, "F16": 2, "BF16": 2,
    "U32": 4, "I32": 4, "F32": 4, "U64": 8, "I64": 8, "F64": 8, "C64": 8,
}  # fmt: skip

_TORCH_NAMES = {"F16": "float16", "BF16": "bfloat16", "F32": "float32", "F64": "float64"}

_OTHER_WEIGHTS = (
    ((".bin", ".pt", ".pth", ".ckpt"), "a pickle that can run code; convert it to safetensors"),
    ((".h5", ".msgpack"), "weights of TensorFlow or Flax; convert them to safetensors"),
    ((".gguf",), "a GGUF file; Headlight reads safetensors"),
    ((".onnx",), "an ONNX file; Headlight reads safetensors"),
)


@dataclass(frozen=True, slots=True)
class StoredTensor:
    """A tensor of the weights. `dtype` in safetensors' spelling (`F32`, `BF16`); `file` holds it."""

    dtype: str
    shape: tuple[int, ...]
    file: str

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


def read_weights(folder: Path) -> dict[str, StoredTensor]:
    """All tensors of a checkpoint by name.

    Raises
    ------
    Refused
        There are no safetensors weights, or their headers or index cannot be trusted; names the file and the reason.
    """
    if (folder / WEIGHTS).exists():
        stored = read_header(folder / WEIGHTS)
    elif (folder / INDEX).exists():
        stored = _read_shards(folder)
    else:
        raise Refused(_why_no_weights(folder))
    if not stored:
        raise Refused(f"{WEIGHTS} in {folder.name} holds no tensors.")
    return stored


def read_header(path: Path) -> dict[str, StoredTensor]:
    """Tensors of one safetensors file.

    Raises
    ------
    Refused
        It is cut off, empty, of another kind, too large, or its offsets do not tile the file.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            start = file.read(64)
            n_header = int.from_bytes(start[:8], "little")
            _check_start(path.name, start, size, n_header)
            file.seek(8)
            text = file.read(n_header)
    except OSError as error:
        raise Refused(f"{path.name} cannot be read: {error.strerror}.") from error
    header = parse_object(text, f"The header of {path.name}")
    header.pop("__metadata__", None)
    if len(header) > MAX_TENSORS:
        raise Refused(f"{path.name} holds {len(header):,} tensors; at most {MAX_TENSORS:,} are read.")
    spans: list[tuple[int, int]] = []
    stored = {name: _tensor(path.name, name, entry, spans) for name, entry in header.items()}
    end = 0
    for begin, stop in sorted(spans):
        if begin != end:
            raise Refused(f"The header of {path.name} is wrong: its tensors overlap or leave gaps.")
        end = stop
    missing = 8 + n_header + end - size
    if missing > 0:
        raise Refused(f"{path.name} is cut off: its last {missing:,} bytes are missing.")
    if missing < 0:
        raise Refused(f"{path.name} has {-missing:,} bytes more than its header says.")
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
        raise Refused(f"{name} is cut off: it has only {size} bytes.")
    if n_header > MAX_HEADER:
        raise Refused(
            f"{name} is not safetensors: its header would have {n_header:,} bytes; at most {MAX_HEADER:,} are read."
        )
    if 8 + n_header > size:
        raise Refused(f"{name} is cut off: its header has {n_header:,} bytes, the whole file {size:,}.")


def _tensor(file: str, name: str, entry: Any, spans: list[tuple[int, int]]) -> StoredTensor:
    match entry:
        case {"dtype": str(dtype), "shape": list(shape), "data_offsets": [begin, end]} if all(
            type(n) is int and n >= 0 for n in (*shape, begin, end)
        ):
            pass
        case _:
            raise Refused(f"The header of {file} is wrong at tensor {name!r}: no dtype, shape and offsets.")
    if dtype not in _ITEM_SIZE:
        raise Refused(f"Tensor {name!r} in {file} has the dtype {dtype!r}, which cannot be read.")
    if end - begin != prod(shape) * _ITEM_SIZE[dtype]:
        raise Refused(f"The header of {file} is wrong at tensor {name!r}: {shape} does not take {end - begin:,} bytes.")
    spans.append((begin, end))
    return StoredTensor(dtype, tuple(shape), file)


def _read_shards(folder: Path) -> dict[str, StoredTensor]:
    weight_map = read_object(folder / INDEX, MAX_HEADER).get("weight_map")
    if not isinstance(weight_map, dict) or not all(isinstance(name, str) for name in weight_map.values()):
        raise Refused(f"{INDEX} has no weight_map of tensor names to files.")
    if len(weight_map) > MAX_TENSORS:
        raise Refused(f"{INDEX} names {len(weight_map):,} tensors; at most {MAX_TENSORS:,} are read.")
    stored: dict[str, StoredTensor] = {}
    for shard in sorted(set(weight_map.values())):
        # A backslash is part of a name here and a folder on Windows; no real shard has one.
        if shard != Path(shard).name or "\\" in shard or not shard.endswith(".safetensors"):
            raise Refused(f"{INDEX} names {shard!r}, which is not a safetensors file in the same folder.")
        if not (folder / shard).exists():
            raise Refused(f"{shard} is named in {INDEX} but is not in the folder.")
        stored |= read_header(folder / shard)
    for tensor, shard in weight_map.items():
        if tensor not in stored or stored[tensor].file != shard:
            raise Refused(f"{INDEX} says that {shard} holds {tensor!r}, but it does not.")
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
