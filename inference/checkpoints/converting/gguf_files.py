"""GGUF, the format of llama.cpp: read by transformers with the optional package `gguf`, and written as safetensors.

Numbers that were packed into a few bits become float32 again as far as they can: what was lost is lost.
"""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from tqdm.auto import tqdm  # comes with transformers
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, modeling_gguf_pytorch_utils

from inference.checkpoints.converting.gguf_header import GgufHeader, read_gguf_header
from inference.checkpoints.free_memory import free_bytes
from inference.checkpoints.weights_header import WEIGHTS
from inference.context import Context, Refused
from inference.files.reasons import first_line

ENDING = ".gguf"
_FLOAT32 = 4
_N_STEPS = 2

# Its bar goes to a terminal that may not be there, and beside our own; the switch of transformers does not reach it.
modeling_gguf_pytorch_utils.tqdm = partial(tqdm, disable=True)  # type: ignore[attr-defined] - it is no part of its API


def n_bytes_of(path: Path) -> int:
    """Bytes of its numbers in float32.

    Raises
    ------
    Refused
        The `gguf` package is missing; or as `read_gguf_header`; or they do not fit into the memory.
    """
    n_bytes = _FLOAT32 * _header(path).n_elements
    if 2 * n_bytes > (free := free_bytes()):  # once as they are read, and once as they are written
        raise Refused(
            f"Reading {path.name} takes {2 * n_bytes / 2**30:,.1f} GB of memory; {free / 2**30:,.1f} GB are free."
        )
    return n_bytes


def _header(path: Path) -> GgufHeader:
    if find_spec("gguf") is None:
        raise Refused(f"{path.name} is a GGUF file; to read it install the package gguf: pip install gguf.")
    from gguf import GGML_QUANT_SIZES

    return read_gguf_header(path, {int(kind): sizes for kind, sizes in GGML_QUANT_SIZES.items()})


def write_from_gguf(path: Path, made: Path, context: Context) -> None:
    """Write configuration, weights and tokenizer of a file into a folder. It was looked at by `n_bytes_of`.

    Raises
    ------
    Refused
        transformers cannot read this one.
    """
    context.checkpoint(0, _N_STEPS, f"Reading {path.name}")
    try:
        _write(path, made)
    except (MemoryError, OSError):
        raise
    except Exception as error:  # whatever it makes of a foreign file
        kind = _header(path).architecture or "of no architecture"
        raise Refused(
            f"{path.name} ({kind}) cannot be read by transformers: {first_line(error).rstrip('.')}."
        ) from error
    context.checkpoint(1, _N_STEPS, f"Reading the tokenizer of {path.name}")
    with suppress(Exception):  # without one token ids can be typed
        AutoTokenizer.from_pretrained(path.parent, **_where(path)).save_pretrained(made)


def _where(path: Path) -> dict[str, Any]:
    return {"gguf_file": path.name, "local_files_only": True, "trust_remote_code": False}


def _write(path: Path, made: Path) -> None:
    config = AutoConfig.from_pretrained(path.parent, **_where(path))
    with torch.device("meta"):  # only its names are wanted
        net = AutoModelForCausalLM.from_config(config)
    tensors = modeling_gguf_pytorch_utils.load_gguf_checkpoint(str(path), return_tensors=True, model_to_load=net)[
        "tensors"
    ]
    config.architectures = [type(net).__name__]
    if (places := tensors.get("transformer.wpe.weight")) is not None and config.model_type == "gpt2":
        config.n_positions = len(places)  # which transformers does not take from the file
    config.save_pretrained(made)
    plain = {name: tensor.float().clone().contiguous() for name, tensor in tensors.items()}
    save_file(plain, made / WEIGHTS, metadata={"format": "pt"})
