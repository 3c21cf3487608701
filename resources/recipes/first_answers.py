"""Compute what the very first window shows, and what the bundled checkpoints are: both are there before an engine is.

    python -m resources.recipes.first_answers

To be run again when a bundled checkpoint, the first sample, what the first view asks or is answered, or what a family
offers has changed: `tests/app/test_first_answers.py` and `tests/app/test_inspecting.py` say so.
"""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

from inference.context import Context
from inference.results.checkpoint import CheckpointInfo, InspectRequest, OpenRequest
from inference.results.heads import HeadsRequest
from inference.results.inputs import Input, TextInput
from inference.results.tokenize import TokenizeRequest
from inference.service import wire
from inference.service.engine import Engine
from resources import FIRST_CHECKPOINT, SAMPLES, bundled_checkpoints, checkpoint_path
from resources.first_answers import FILE, INSPECTED, content_hash

# A request about a checkpoint, and the answer of an engine.
Answered = tuple[OpenRequest | InspectRequest | TokenizeRequest | HeadsRequest, Any]
INPUT = Input(text=TextInput(SAMPLES[0]))


def first_answers() -> list[Answered]:
    """What the first window asks, in order, with the answers of an engine.

    Where it runs is left open: that is another processor and another number format on another machine.
    """
    engine = Engine()
    opening = OpenRequest(FIRST_CHECKPOINT)
    info = engine.run(opening, Context())
    assert isinstance(info, CheckpointInfo)
    answers: list[Answered] = [(opening, replace(info, device="", runs_in=""))]
    for request in (
        TokenizeRequest(FIRST_CHECKPOINT, INPUT),
        HeadsRequest(FIRST_CHECKPOINT, INPUT, info.groups[0].name),
    ):
        answers.append((request, engine.run(request, Context())))
    return answers


def inspections() -> list[Answered]:
    """What each bundled checkpoint is."""
    engine = Engine()
    return [(request, engine.run(request, Context())) for request in map(InspectRequest, bundled_checkpoints())]


def pack(answers: list[Answered]) -> bytes:
    """What the file holds: a message for each, which says of which files of the checkpoint it is."""
    stream = io.BytesIO()
    for request, answer in answers:
        signature = content_hash(checkpoint_path(request.checkpoint))
        wire.write(stream, {"signature": signature, "request": request, "answer": answer})
    return stream.getvalue()


def main() -> None:
    """Write both files."""
    for file, answers in ((FILE, first_answers()), (INSPECTED, inspections())):
        content = pack(answers)
        file.write_bytes(content)
        print(f"{file.name}: {len(content):,} bytes")


if __name__ == "__main__":
    main()
