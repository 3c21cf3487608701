"""What the menu File does last: close the window, unless something runs that the user would rather wait for."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QWidget

from app.link.jobs import Jobs
from widgets.kit.plain import ask_plain


class Leaving(QObject):
    """Asks before the user closes a window in which jobs are not done; whatever else closes it asks nothing."""

    def __init__(self, jobs: Jobs, window: QWidget) -> None:
        super().__init__(window)
        self._jobs, self._window = jobs, window
        window.installEventFilter(self)

    def close(self) -> None:
        """Close the window, if the user means it."""
        if self._is_meant():
            self._window.close()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A click on the cross of the window is asked about as the command is."""
        is_crossed = watched is self._window and event.type() == QEvent.Type.Close and event.spontaneous()
        if is_crossed and not self._is_meant():
            event.ignore()
            return True
        return super().eventFilter(watched, event)

    def _is_meant(self) -> bool:
        states = self._jobs.states
        if not states:
            return True
        titles = "; ".join(state.request.title for state in states)
        told = self.tr("{} is not done yet.") if len(states) == 1 else self.tr("These are not done yet: {}.")
        question = [told.format(titles), self.tr("Closing Headlight stops what runs.")]
        if all(state.request.keeps_what_is_done for state in states):
            question.append(self.tr("What was saved so far is kept."))
        return ask_plain(self._window, "leaving_ask", self.tr("Close"), " ".join(question), self.tr("&Stop and close"))
