"""What a spoiled checkpoint may hold, and the sentence that it is refused with."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from inference.checkpoints.inspection import inspect
from inference.context import Refused


class Evil:
    """A pickle that leaves a mark when it is read."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self):
        return os.system, (f"touch {self.marker}",)


def refusal(checkpoint: str | Path) -> str:
    with pytest.raises(Refused) as caught:
        inspect(str(checkpoint))
    message = str(caught.value)
    assert message.endswith(".")
    assert "\n" not in message
    return message
