"""Pickled weights (`pytorch_model.bin`), read as tensors and nothing else, and written as safetensors once; and GGUF.

torch's `weights_only` builds tensors and plain containers; it was broken twice (CVE-2025-32434, CVE-2026-24747). So it
runs only when the user said so, in a process of its own, and what it may take is bounded by the size of the file.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors.torch import save_file

from inference.checkpoints.converting.gguf_files import ENDING, n_bytes_of, write_from_gguf
from inference.checkpoints.converting.transformer_lens import CARD, as_gpt2, is_transformer_lens
from inference.checkpoints.hub.choosing import PICKLE, PICKLE_INDEX
from inference.checkpoints.weights_header import INDEX, MAX_HEADER, MAX_TENSORS, WEIGHTS, read_weights
from inference.context import Context, Refused
from inference.files.config_file import CONFIG, read_config
from inference.files.json_file import read_object
from inference.files.model_card import README
from inference.files.reasons import first_line
from inference.files.regular_files import is_there, open_inside
from inference.results.checkpoint import folder_name
from inference.results.conversion import ConvertRequest, ConvertResult

if TYPE_CHECKING:
    from torch import Tensor

_PART = re.compile(r"pytorch_model-\d{5}-of-\d{5}\.bin")
_BESIDE = (".json", ".txt", ".model", ".spm", ".jinja", ".md")
_MOST_BESIDE = 64 * 2**20  # bytes of a file that is copied
# What BERT's layer norms were called in its first years.
_OLD_NAMES = (
    (re.compile(r"(LayerNorm|layer_norm)\.gamma$"), r"\1.weight"),
    (re.compile(r"(LayerNorm|layer_norm)\.beta$"), r"\1.bias"),
)


def convert(request: ConvertRequest, context: Context) -> ConvertResult:
    """Write a folder with the same weights as safetensors; the old one is left as it is.

    Raises
    ------
    Refused
        There are no such weights, they hold other things than tensors, or there is no room.
    """
    given = Path(request.folder)
    folder, names = (given.parent, [given.name]) if given.is_file() else (given, _files(given))
    is_gguf = names[0].endswith(ENDING)
    target = _target(given, folder, names, Path(request.place))
    if not (is_there(target / WEIGHTS) or is_there(target / INDEX)):
        n_bytes = n_bytes_of(folder / names[0]) if is_gguf else sum((folder / name).stat().st_size for name in names)
        _check_room(Path(request.place), n_bytes)
        if is_gguf:
            with _making(target) as made:
                write_from_gguf(folder / names[0], made, context)
        else:
            _write_pickles(folder, names, target, context)
    stored = read_weights(target)
    return ConvertResult(str(target), len(stored), sum(tensor.end - tensor.begin for tensor in stored.values()))


def _write_pickles(folder: Path, names: list[str], target: Path, context: Context) -> None:
    """Beside copies of the other files; what is known under other names gets those of transformers."""
    has_config = is_there(folder / CONFIG)
    if has_config:
        read_config(folder)
    tensors = _read_all(folder, names, context)
    config: dict[str, Any] = {}
    if not has_config:
        if not is_transformer_lens(tensors):
            raise Refused(f"Beside {names[0]} lies no {CONFIG}, so that it is not known what its weights are of.")
        config, tensors = as_gpt2(tensors)
    context.checkpoint(len(names), len(names) + 1, f"Writing {WEIGHTS}")
    with _making(target) as made:
        if has_config:
            _copy_beside(folder, made)
        else:
            (made / CONFIG).write_text(json.dumps(config, indent=2), encoding="utf-8")
            (made / README).write_text(CARD, encoding="utf-8")
        save_file(tensors, made / WEIGHTS, metadata={"format": "pt"})


def _files(folder: Path) -> list[str]:
    if is_there(folder / PICKLE):
        return [PICKLE]
    if not is_there(folder / PICKLE_INDEX):
        if len(ggufs := sorted(path.name for path in folder.glob(f"*{ENDING}"))) == 1:
            return ggufs
        raise Refused(f"{folder_name(str(folder))} holds no {PICKLE}, so there is nothing to convert.")
    parts = read_object(folder / PICKLE_INDEX, MAX_HEADER).get("weight_map")
    names = sorted(set(parts.values())) if isinstance(parts, dict) and parts else []
    for name in names:
        if not isinstance(name, str) or not _PART.fullmatch(name) or not is_there(folder / name):
            raise Refused(
                f"{PICKLE_INDEX} names {str(name)[:80]!r}, which is no part of the weights in the same folder."
            )
    if not names:
        raise Refused(f"{PICKLE_INDEX} names no files.")
    return names


def _target(given: Path, folder: Path, names: list[str], place: Path) -> Path:
    """Called after the folder and what its weights are now: when they change, it is another one."""
    marks = [(name, (folder / name).stat().st_size, (folder / name).stat().st_mtime_ns) for name in names]
    mark = hashlib.sha256(f"{folder.resolve()} {marks}".encode()).hexdigest()[:8]
    name = given.stem if given.is_file() else folder_name(str(folder))
    return place / f"{name.replace('/', '--')}-{mark}"


def _check_room(place: Path, n_bytes: int) -> None:
    place.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(place).free
    if n_bytes * 1.1 > free:
        raise Refused(f"The converted weights take about {n_bytes / 1e6:,.0f} MB, and {free / 1e6:,.0f} MB are free.")


def _read_all(folder: Path, names: list[str], context: Context) -> dict[str, Tensor]:
    tensors: dict[str, Tensor] = {}
    for number, name in enumerate(names):
        context.checkpoint(number, len(names) + 1, f"Reading {name} as tensors")
        for key, tensor in _read(folder / name).items():
            for pattern, instead in _OLD_NAMES:
                key = pattern.sub(instead, key)
            tensors[key] = tensor.detach().clone().contiguous()  # what shares memory is written twice
    if len(tensors) > MAX_TENSORS:
        raise Refused(f"The weights hold {len(tensors):,} tensors; at most {MAX_TENSORS:,} are read.")
    return tensors


def _read(path: Path) -> dict[str, Tensor]:
    with open_inside(path) as file:
        size = os.fstat(file.fileno()).st_size
        if zipfile.is_zipfile(file):
            with zipfile.ZipFile(file) as parts:
                if sum(part.file_size for part in parts.infolist()) > size:
                    raise Refused(f"{path.name} would unpack to more than it has; weights are not packed.")
        file.seek(0)
        try:
            found = torch.load(file, map_location="cpu", weights_only=True)
        except MemoryError:
            raise
        except Exception as error:  # whatever it makes of a foreign file
            if "weights_only" in str(error) or "Unsupported" in str(error):
                raise Refused(
                    f"{path.name} holds other things than tensors, and is not read: it could run code."
                ) from error
            raise Refused(f"{path.name} cannot be read as weights: {first_line(error)}") from error
    if isinstance(found, dict) and isinstance(found.get("state_dict"), dict):  # Lightning and others
        found = found["state_dict"]
    if not isinstance(found, dict) or not found or not all(isinstance(key, str) for key in found):
        raise Refused(f"{path.name} holds no tensors by name.")
    tensors = {key: value for key, value in found.items() if isinstance(value, torch.Tensor)}
    if not tensors or any(tensor.layout != torch.strided or tensor.is_quantized for tensor in tensors.values()):
        raise Refused(f"{path.name} holds tensors that are sparse, quantised or none; plain ones are read.")
    return tensors


@contextmanager
def _making(target: Path) -> Iterator[Path]:
    """A folder to write into; all at once it is the target, or it is not there."""
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".converting-") as name:
        made = Path(name) / "made"
        made.mkdir()
        try:
            yield made
            made.replace(target)
        except OSError as error:
            raise Refused(f"{target} cannot be written: {(error.strerror or type(error).__name__).lower()}.") from error


def _copy_beside(folder: Path, made: Path) -> None:
    for path in sorted(folder.iterdir()):
        if path.suffix in _BESIDE and not path.name.endswith(".index.json") and path.is_file():
            with open_inside(path) as source, (made / path.name).open("wb") as copy:
                copy.write(source.read(_MOST_BESIDE))
