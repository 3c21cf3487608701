"""What a checkpoint is, told in a third of a second: by the very code that tells it, on stand-ins for torch.

`inference.checkpoints.inspection` builds the class that the weights fit, to know the names and the shapes of its
parameters. Torch and transformers take five seconds and 500 MB to import for that, of which names and shapes need next
to nothing. So the same code is run where `torch` is a module that knows no numbers, and `transformers` its own files
about configurations and models alone. What is told is the same, or nothing: wherever a stand-in is asked for more than
it knows, wherever a tensor of the file finds no place, and wherever anything is wrong, torch itself has to be asked.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

from inference.checkpoints.outlines.tensors import NotKnownError

if TYPE_CHECKING:
    from inference.checkpoints.inspection import CheckpointPlan
    from inference.results.checkpoint import CheckpointInfo

# Of our own, imported while stand-ins are there, these know nothing of them.
_TO_KEEP = ("inference.context", "inference.registry", "inference.checkpoints.outlines")


def told(checkpoint: str) -> CheckpointInfo | None:
    """As `inspect` tells it; None where only that can, refusals among it, or where torch is here already."""
    return told_of_all([checkpoint])[0]


def told_of_all(checkpoints: Sequence[str]) -> list[CheckpointInfo | None]:
    """The same of several, for little more than one of them takes."""
    if {"torch", "transformers"} & sys.modules.keys():
        return [None] * len(checkpoints)
    try:
        with _standing_in():
            return [_told(checkpoint) for checkpoint in checkpoints]
    except (NotKnownError, Exception):  # noqa: BLE001 - another transformers than the one that this was made for
        return [None] * len(checkpoints)


def _told(checkpoint: str) -> CheckpointInfo | None:
    try:
        from inference.checkpoints.inspection import plan

        made = plan(checkpoint)
        # The proof of the outline is the file: each tensor has its place there and the shape that it should, and each
        # place its tensor, or it would have been refused. Where an adapter brings a head, that of its base is left.
        left = made.placing.unplaced
        is_proved = not left or (_are_of_base(left, made) and not plan(str(made.folder)).placing.unplaced)
        return made.info if is_proved else None
    except (NotKnownError, Exception):  # noqa: BLE001 - whatever it is, it is told again, and then in its own words
        return None


def _are_of_base(names: Sequence[str], made: CheckpointPlan) -> bool:
    """Whether these tensors are those of the base of an adapter, and not what the adapter has in their place."""
    of_base = made.of_base or {}
    return all(made.stored[name] is of_base.get(name) for name in names)


@contextmanager
def _standing_in() -> Iterator[None]:
    """Within it torch and transformers are stand-ins; behind it nothing is left that was made of them."""
    from inference.checkpoints.outlines.stand_ins import StandInFinder

    import_module("inference.results.checkpoint")  # what is told is of the class that all others know, and stays
    before = {*sys.modules}
    finder = StandInFinder()
    sys.meta_path.insert(0, finder)
    try:
        import transformers.core_model_loading as renaming

        cast("Any", renaming).re = _LateExpressions
        yield
    finally:
        sys.meta_path.remove(finder)
        for name in {*sys.modules} - before:
            if finder.stands_in(name) or (name.startswith("inference.") and not name.startswith(_TO_KEEP)):
                del sys.modules[name]


class _LateExpressions:
    """In place of `re` where transformers keeps a thousand names that tensors had, of hundreds of models."""

    search, sub, Match, Pattern = re.search, re.sub, re.Match, re.Pattern

    @staticmethod
    def compile(pattern: str) -> _LateExpression:
        """An expression that is compiled when it is first used."""
        return _LateExpression(pattern)


class _LateExpression:
    def __init__(self, pattern: str) -> None:
        self._pattern = pattern

    def __deepcopy__(self, _memo: object) -> _LateExpression:
        return self

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(re.compile(self._pattern), name)
