"""One step that can be undone: how the window was before, how it was after, and what the step is called."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from PySide6.QtGui import QUndoCommand

from inference.results.inputs import Input
from widgets.selection import Selected

AT_ONCE = 1.2  # seconds between two changes of one kind that are still one step: typing, a slider, the arrow keys


@dataclass(frozen=True)
class Moment:
    """All that can be undone, as it was at one time.

    Attributes
    ----------
    checkpoint
        As it was opened; empty: none was.
    masked
        Positions of the masked tokens, ascending.
    input
        Without masks.
    options
        By the name of a view, what differs there from the defaults.
    """

    checkpoint: str = ""
    selected: Selected = field(default_factory=Selected)
    masked: tuple[int, ...] = ()
    input: Input = field(default_factory=Input)
    options: dict[str, dict[str, Any]] = field(default_factory=dict)


class UndoStep(QUndoCommand):
    """A change that was made already when it is noted: to do it the first time changes nothing.

    Attributes
    ----------
    after
        How it is after the step; what follows from it by itself is added there.
    merged_into
        The step that took this one up, as they followed each other at once; None: it stands for itself.
    """

    def __init__(
        self,
        kind: str,
        before: Moment,
        after: Moment,
        name: Callable[[Moment, Moment], str],
        bring: Callable[[Moment, Moment], None],
    ) -> None:
        """`kind`: steps of one kind are merged, empty: never; `bring(wanted, now)` brings a moment back."""
        super().__init__(name(before, after))
        self._kind, self._name, self._bring = kind, name, bring
        self.before, self.after = before, after
        self.merged_into: UndoStep | None = None
        self._is_done = True
        self._time = time.monotonic()

    def redo(self) -> None:
        if self._is_done:
            self._is_done = False
        else:
            self._bring(self.after, self.before)

    def undo(self) -> None:
        self._bring(self.before, self.after)

    def id(self) -> int:
        """Qt offers steps of one number to each other."""
        return hash(self._kind) % (2**31) if self._kind else -1

    def mergeWith(self, other: QUndoCommand) -> bool:  # noqa: N802
        """Take up a later step of the same kind; two that cancel each other are none."""
        if not isinstance(other, UndoStep) or other._kind != self._kind or other._time - self._time > AT_ONCE:
            return False
        self.after, self._time = other.after, other._time
        other.merged_into = self
        self.setText(self._name(self.before, self.after))
        self.setObsolete(self.before == self.after)
        return True
