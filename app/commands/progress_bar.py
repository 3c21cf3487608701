"""How far a command is, on standard error."""

from __future__ import annotations

import sys
from typing import TextIO

from inference.results.events import Progress

_WIDTH = 30  # of the bar
_LINE_EVERY = 10  # per cent, where there is no terminal


class ProgressBar:
    """How far it is: a bar on a terminal, else a line every ten per cent."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._is_terminal = self._stream.isatty()
        self._told = -1

    def show(self, progress: Progress) -> None:
        """Show how far it is now."""
        if not progress.total:
            return
        percent = 100 * progress.done // progress.total
        if self._is_terminal:
            full = _WIDTH * progress.done // progress.total
            bar = "█" * full + "░" * (_WIDTH - full)
            self._stream.write(f"\r\x1b[K{bar} {percent:3d} %  {progress.label}")
            self._stream.flush()
        elif percent // _LINE_EVERY > self._told:
            self._told = percent // _LINE_EVERY
            self._stream.write(f"headlight: {percent} %, {progress.label}\n")

    def end(self) -> None:
        """Leave the line to what comes next."""
        if self._is_terminal:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
