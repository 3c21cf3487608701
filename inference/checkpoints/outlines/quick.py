"""What a checkpoint is, told within half a second: by the very code that tells it, on stand-ins for torch."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from inference.checkpoints.outlines.stand_ins import Finder

if TYPE_CHECKING:
    from inference.results.checkpoint import CheckpointInfo


def told(checkpoint: str) -> CheckpointInfo:
    if not isinstance(sys.meta_path[0], Finder):
        sys.meta_path.insert(0, Finder())
    from inference.checkpoints.inspection import inspect

    return inspect(checkpoint)
