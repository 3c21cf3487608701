"""How long opening takes, or a bare `from_pretrained`: `... open_checkpoint FOLDER headlight|transformers|owned`.

`owned` is transformers, and every tensor copied to memory of its own and read once: it maps the file, so that nothing
is read before it is used, and whoever overwrites the file changes the model. What all import is imported before the
clock starts, and all compute with as many threads as the engine.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import torch
from transformers import AutoTokenizer, BertForMaskedLM

from inference.context import Context
from inference.forward.opening import load
from inference.service.server import share_cores
from resources import bundled_checkpoints


def main() -> None:
    """Twice, in a process of its own, with the file in the system's cache."""
    folder, side = sys.argv[1:3]
    share_cores()
    load(bundled_checkpoints()[1], Context())  # a small one: what is imported late is there
    for file in Path(folder).iterdir():
        file.read_bytes()
    first, n = _open(folder, side)
    again, _ = _open(folder, side)
    print(json.dumps({"seconds": first, "again": again, "n_parameters": n}))


def _open(folder: str, side: str) -> tuple[float, int]:
    begin = time.perf_counter()
    if side == "headlight":
        n = load(folder, Context()).info.n_parameters
    else:
        net = BertForMaskedLM.from_pretrained(folder, dtype=torch.float32, local_files_only=True)
        AutoTokenizer.from_pretrained(folder, local_files_only=True)
        n = sum(parameter.numel() for parameter in net.parameters())
        if side == "owned":
            for parameter in net.parameters():
                parameter.data = parameter.data.clone()
                assert parameter.data.sum().isfinite()
    return time.perf_counter() - begin, n


main()
