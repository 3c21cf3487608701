"""Regions of an image that a checkpoint can read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inference.results.request import Capability, Request

if TYPE_CHECKING:
    from inference.results.inputs import Input


@dataclass(frozen=True, slots=True)
class ReadRegionsRequest(Request["ReadRegionsResult"]):
    """Whether the checkpoint can read these regions beside this image; asked before they become the input."""

    needs = frozenset({Capability.JOINT})

    checkpoint: str
    input: Input


@dataclass(frozen=True, slots=True)
class ReadRegionsResult:
    """It can; else a `Failure` says why not."""
