"""Opens mutants and looks at them, one after another, and says what came of each: a line of JSON on standard output.

    python -m tests.mutator.worker BASES PLACE < numbers

Each line of standard input is the number of a mutant. It is a process of its own, so that one that hangs or takes all
memory can be ended.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import torch

from inference.checkpoints.architecture import renamed_as_now, stored_name
from inference.context import Context
from inference.results.checkpoint import CheckpointInfo, OpenRequest
from inference.results.events import Failure
from inference.results.heads import HeadsRequest
from inference.results.inputs import ImageInput, Input, MeshInput, TextInput
from inference.service.engine import Engine, answer
from tests.mutator import mutants

ROOT = Path(__file__).resolve().parents[2]
# What no sentence for a user holds.
RAW = re.compile(
    r"\b[A-Z]\w*(Error|Exception|Panic)\b|Traceback|object has no attribute|<class|NoneType|not foreseen|"
    r"unsupported operand|positional argument|keyword argument|not subscriptable|not iterable|0x[0-9a-f]{6}"
)


class Watch:
    """Which files are opened that are neither ours nor the mutant's."""

    def __init__(self) -> None:
        self.place = ""
        self.outside: list[str] = []
        self._allowed = tuple(
            os.path.realpath(path) + os.sep
            for path in (ROOT, sys.prefix, sys.base_prefix, "/proc", "/sys", Path(tempfile.gettempdir()) / "headlight-")
        )
        sys.addaudithook(self._note)

    def _note(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event != "open" or not self.place or not isinstance(arguments[0], str | bytes):
            return
        path = os.path.realpath(os.fsdecode(arguments[0]))
        copy = os.path.join(os.path.realpath(tempfile.gettempdir()), "headlight-")
        if not path.startswith((self.place, copy, "/dev/null", "/dev/urandom", *self._allowed)):
            self.outside.append(path)


def main() -> None:
    """Serve numbers until there are none left."""
    bases = sorted(Path(sys.argv[1]).iterdir())
    place = Path(sys.argv[2]) / f"worker-{os.getpid()}"
    outside = place / "outside"
    outside.mkdir(parents=True)
    (outside / "vocab.txt").write_text("secret\n")
    shutil.copy(bases[0] / "model.safetensors", outside)
    shutil.copy(bases[0] / "config.json", outside)
    results = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    engine, watch = Engine(), Watch()
    for base in bases:  # so that all modules are imported
        _look(engine, base)
    print(json.dumps({"name": "ready"}), file=results, flush=True)
    for line in sys.stdin:
        seed = int(line)
        base = bases[seed % len(bases)]
        mutant = place / base.name
        shutil.rmtree(mutant, ignore_errors=True)
        result: dict[str, Any] = {"seed": seed, "base": base.name, "what": mutants.make(base, mutant, seed)}
        watch.place, watch.outside = os.path.realpath(mutant), []
        _reset_peak()
        before, start, cpu = _memory("VmRSS"), time.monotonic(), time.process_time()
        result |= _look(engine, mutant)
        result |= {"seconds": time.monotonic() - start, "cpu": time.process_time() - cpu}
        result["bytes"] = max(0, _memory("VmHWM") - before)
        watch.place = ""
        result["outside"] = watch.outside[:3]
        result["ran"] = (place / "ran").exists()
        print(json.dumps(result), file=results, flush=True)


def _look(engine: Engine, folder: Path) -> dict[str, Any]:
    """Open it and ask one thing, as the window does."""
    info = answer(engine, OpenRequest(str(folder)), Context())
    if isinstance(info, Failure):
        return _said(info)
    assert isinstance(info, CheckpointInfo)
    wrong = _wrong_tensors(engine._models.get(str(folder), Context()), folder)
    failure = None
    for request in _requests(str(folder), info):
        result = answer(engine, request, Context())
        if isinstance(result, Failure) and (failure is None or result.kind == "error"):
            failure = result
    said = _said(failure) if failure else {}
    notes = " ".join((info.name, info.architecture, *info.notes, *(missing.why for missing in info.missing)))
    is_raw = said.get("raw") or bool(RAW.search(" ".join((*info.notes, *(item.why for item in info.missing)))))
    return {"outcome": "opened", "message": notes[:300], **said, "raw": bool(is_raw), "wrong": wrong}


def _requests(checkpoint: str, info: CheckpointInfo) -> list[Any]:
    if "mesh" in info.reads:
        mesh = MeshInput(0 if info.classes else None, (1, 1, 1, 1, 1, 2))
        return [HeadsRequest(checkpoint, Input(mesh=mesh), group.name, 16) for group in info.groups[:2]]
    if not info.groups:
        return []
    text = TextInput("the cat") if info.has_tokenizer else TextInput(token_ids=(5, 6, 7))
    input = Input(image=ImageInput(seed=1)) if "image" in info.reads else Input(text=text)
    return [HeadsRequest(checkpoint, input, group.name, 16) for group in info.groups[:2]]


def _said(failure: Failure) -> dict[str, Any]:
    is_raw = failure.kind == "error" or bool(RAW.search(failure.message)) or not failure.message.endswith(".")
    detail = failure.details[-1500:] if is_raw else ""
    return {"outcome": failure.kind, "message": failure.message[:400], "raw": is_raw, "details": detail}


def _wrong_tensors(model: Any, folder: Path) -> list[str]:
    """Parameters that are not what the file says, read by safetensors itself."""
    from safetensors.torch import load

    stored = load((folder / mutants.WEIGHTS).read_bytes())
    net = model.net
    wrong = []
    tied = {*net.all_tied_weights_keys, *net.all_tied_weights_keys.values()}
    for name, parameter in net.named_parameters():
        found = stored_name(name, net, stored)  # type: ignore[arg-type]
        if found is None and name not in tied:
            stored = stored | renamed_as_now(stored, net)  # type: ignore[arg-type]
            found = stored_name(name, net, stored)  # type: ignore[arg-type]
        if found is None:
            if name not in tied and "pooler." not in name:
                wrong.append(f"{name} is in no file")
        elif not torch.equal(stored[found].to(torch.float32), parameter.detach().cpu()):
            wrong.append(f"{name} differs")
    return wrong[:3]


def _reset_peak() -> None:
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def _memory(name: str) -> int:
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return 0
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))


if __name__ == "__main__":
    main()
