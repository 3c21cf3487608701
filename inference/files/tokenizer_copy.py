"""The files of a tokenizer, checked and copied into a folder of our own, from which transformers then reads them.

transformers looks for a dozen names in a checkpoint's folder, and what stands in them leads on: to other versions of
the file, to templates, to Python code, to a SentencePiece model at any path. In the copy there is nothing else to find.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from inference.context import Refused
from inference.files.config_file import CONFIG, MAX_CONFIG, without_elsewhere
from inference.files.json_file import parse_object, read_inside

MAX_TOKENIZER = 64 * 2**20
_MOST_BYTES = 4 * MAX_TOKENIZER  # of all files together
_SUFFIXES = {".json", ".txt", ".model", ".spm", ".bpe", ".codes", ".vocab", ".tokenizer", ".tiktoken"}
_SETTINGS = ("tokenizer_config.json", "special_tokens_map.json")
# Beside a tokenizer there are these, which no tokenizer reads.
_OTHERS = re.compile(r"generation_config|processor_config|chat_template|\.index\.json$|README|LICENSE")
# Settings that name files or code, or are handed on to libraries that do.
_NAMES_FILES = re.compile(
    r"(_file|_files|_path|_dir|_kwargs|_backend)$|^(auto_map|init_inputs|chat_template|name_or_path|subfolder)$"
)


@contextmanager
def copied_tokenizer(folder: Path) -> Iterator[Path]:
    """A folder, only for the time being, with what a tokenizer of a checkpoint is made from.

    Raises
    ------
    Refused
        A file is too large, or settings are no JSON object; or a name is a link to a file outside the checkpoint.
    """
    with tempfile.TemporaryDirectory(prefix="headlight-") as name:
        copy, n_bytes = Path(name), 0
        for path in sorted(folder.iterdir()):
            if not _may_be_of_tokenizer(path):
                continue
            content = read_inside(path, MAX_CONFIG if path.name == CONFIG else MAX_TOKENIZER)
            n_bytes += len(content)
            if n_bytes > _MOST_BYTES:
                raise Refused(f"The tokenizer's files have more than {_MOST_BYTES:,} bytes, which are not read.")
            (copy / path.name).write_bytes(_harmless(path.name, content))
        yield copy


def _may_be_of_tokenizer(path: Path) -> bool:
    if path.suffix not in _SUFFIXES or _OTHERS.search(path.name):
        return False
    try:
        return path.is_file() or path.is_fifo() or path.is_symlink()
    except OSError:
        return False


def _harmless(name: str, content: bytes) -> bytes:
    if name == CONFIG:
        return json.dumps(without_elsewhere(parse_object(content, name))).encode()
    if name not in _SETTINGS:
        return content
    return json.dumps(_settings(parse_object(content, name))).encode()


def _settings(values: dict[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in values.items() if not _NAMES_FILES.search(key)}
    # SentencePiece takes how it samples, and where another model lies.
    options = values.get("sp_model_kwargs")
    if isinstance(options, dict):
        kept["sp_model_kwargs"] = {key: value for key, value in options.items() if isinstance(value, int | float)}
    return kept
