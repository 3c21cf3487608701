"""Whether a checkpoint can read regions of an image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inference.context import Refused
from inference.family.jointly import ReadsJointly
from inference.results.read_regions import ReadRegionsRequest, ReadRegionsResult

if TYPE_CHECKING:
    from inference.context import Context
    from inference.forward.model import Model


def read_regions(request: ReadRegionsRequest, model: Model, context: Context) -> ReadRegionsResult:
    """Reads the regions as the model would read or frame them; runs no layer of it.

    Raises
    ------
    Refused
        There are none, or as `Family.encode` and `ReadsJointly.regions`.
    """
    context.checkpoint()
    family = model.family
    assert isinstance(family, ReadsJointly)  # what has the capability does
    if "regions" in family.reads:  # as many numbers of each as it needs
        model.encode(request.input)
    if family.regions(request.input, model.net.config, model.prepare(request.input)) is None:
        raise Refused("No region of the image is given; open a file of them.")
    return ReadRegionsResult()
