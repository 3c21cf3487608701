"""The list of jobs: all that takes minutes, one below the other, with its progress."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from inference.results.job import JobPhase, JobState
from widgets.panels.job_line import JobLine

N_SHOWN = 4  # lines; more are scrolled


class JobsList(QScrollArea):
    """A line a job; hidden while there is none. What failed stays until it is removed or asked for again.

    Signals
    -------
    action_requested(number, JobAction)
    """

    action_requested = Signal(int, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("jobs")
        self.setAccessibleName(self.tr("Jobs"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # its buttons take the keyboard
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._lines: dict[int, JobLine] = {}  # by number
        column = QWidget(self)
        self._column = QVBoxLayout(column)
        self._column.setContentsMargins(0, 4, 0, 0)
        self._column.setSpacing(0)
        self._column.addStretch(1)
        self.setWidget(column)
        self.setVisible(False)

    def add_job(self, state: JobState) -> None:
        """Show another job, below the others."""
        for number, line in list(self._lines.items()):
            if line.state and line.state.phase is JobPhase.FAILED and line.state.request == state.request:
                self._remove(number)
        last = next(reversed(self._lines.values()), None)
        line = JobLine(f"job_{state.number}", self.widget())
        line.show_job(state)
        line.action_requested.connect(self.action_requested)
        line.remove_requested.connect(self._remove)
        self._column.insertWidget(self._column.count() - 1, line)
        line.show()
        # Tab comes here from what stands above, not after all else because it is the latest. The list takes no focus
        # itself, and Qt puts nothing behind what takes none.
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        line.follow_in_tab_order(last.last_button if last else self)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._lines[state.number] = line
        self._fit()

    def show_job(self, state: JobState) -> None:
        """Show how far a job is; one that is done or cancelled goes."""
        if state.phase in (JobPhase.DONE, JobPhase.CANCELLED):
            self._remove(state.number)
        elif line := self._lines.get(state.number):
            line.show_job(state)

    def focus_first(self) -> None:
        """Let the keyboard act on the first job."""
        if self._lines:
            next(iter(self._lines.values())).focus_button()

    def _remove(self, number: int) -> None:
        line = self._lines.pop(number, None)
        if line is None:
            return
        had_focus = line.isAncestorOf(self.focusWidget()) if self.focusWidget() else False
        self._column.removeWidget(line)
        line.hide()
        line.deleteLater()
        if had_focus:
            self.focus_first()
        self._fit()

    def _fit(self) -> None:
        self.setVisible(bool(self._lines))
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        line = next(iter(self._lines.values()), None)
        height = line.sizeHint().height() if line else 0
        return QSize(super().sizeHint().width(), min(len(self._lines), N_SHOWN) * height + 4)

    def minimumSizeHint(self) -> QSize:
        return QSize(0, self.sizeHint().height())
