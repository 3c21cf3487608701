"""How a computation talks to whoever asked for it: progress out, cancellation and pauses in."""

from __future__ import annotations

from collections.abc import Callable

from inference.results.events import Partial, Progress


class Cancelled(Exception):
    """Nobody wants the result any more. Passes through every layer untouched."""


class Refused(Exception):
    """The input is bad. The text is one sentence for the user: what, which value, what is allowed."""


class Context:
    """Given to every analysis; `checkpoint` is called at least once a layer, token or step."""

    def __init__(
        self,
        report: Callable[[Progress | Partial], None] = lambda _: None,
        is_cancelled: Callable[[], bool] = lambda: False,
        wait_while_paused: Callable[[], None] = lambda: None,
    ) -> None:
        self._report = report
        self._is_cancelled = is_cancelled
        self._wait_while_paused = wait_while_paused

    def checkpoint(self, done: int = 0, total: int = 0, label: str = "") -> None:
        """Raise `Cancelled` if nobody waits any more; report progress if `label` is given.

        Where the computation is paused, it blocks until it is resumed or cancelled.
        """
        self._wait_while_paused()
        if self._is_cancelled():
            raise Cancelled
        if label:
            self._report(Progress(done, total, label))

    def partial(self, result: object, *, is_whole: bool = True) -> None:
        """Show a first part of the result while the rest is computed; see `Partial`."""
        self.checkpoint()
        self._report(Partial(result, is_whole))
