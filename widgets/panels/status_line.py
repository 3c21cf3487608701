"""Below: where the model runs, what is being done with a way to stop it, the last message, how many jobs."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFontMetrics, QPalette, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QSizePolicy, QToolButton, QWidget

from inference.results.events import Progress
from inference.results.memory import MemoryResult
from widgets.kit.plain import PlainLabel, plain_tip
from widgets.look.theme import FigureStyle

N_KEPT = 200


class StatusLine(QWidget):
    """Device, message, progress.

    Signals
    -------
    cancel_requested()
        The user wants to stop what runs.
    log_requested()
        The user clicked the message.
    jobs_requested()
        The user clicked the number of jobs.
    """

    cancel_requested = Signal()
    log_requested = Signal()
    jobs_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.messages: list[str] = []
        self._shown = ""
        self._is_warning = self._is_about_input = False
        self._device = PlainLabel(self)
        self._device.setObjectName("device")
        self._memory = PlainLabel(self)
        self._memory.setObjectName("memory")
        self._memory.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self._message = QPushButton(self)
        self._message.setObjectName("message")
        self._message.setFlat(True)
        self._message.setStyleSheet("text-align: left")  # a button, so that the keyboard reaches it
        self._message.setAccessibleName(self.tr("Last message"))
        self._message.setToolTip(self.tr("Show all messages"))
        self._message.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._message.clicked.connect(self.log_requested)
        self._label = PlainLabel(self)
        self._bar = QProgressBar(self)
        self._bar.setObjectName("progress")
        self._bar.setAccessibleName(self.tr("Progress"))
        self._bar.setTextVisible(False)
        self._cancel = QToolButton(self)
        self._cancel.setObjectName("cancel")
        self._cancel.setText(self.tr("Cancel"))
        self._cancel.setToolTip(self.tr("Stop what is being computed (Esc)"))
        self._cancel.clicked.connect(self.cancel_requested)
        self._jobs = QToolButton(self)
        self._jobs.setObjectName("n_jobs")
        self._jobs.setToolTip(self.tr("Go to the list of jobs"))
        self._jobs.clicked.connect(self.jobs_requested)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 0, 8, 0)
        layout.addWidget(self._device)
        layout.addWidget(self._memory)
        layout.addWidget(self._message, 1)
        layout.addWidget(self._label)
        layout.addWidget(self._bar)
        layout.addWidget(self._cancel)
        layout.addWidget(self._jobs)
        self.set_busy(False)
        self.show_job_count(0)

    @property
    def message(self) -> str:
        """The last message, whole."""
        return self.messages[-1] if self.messages else ""

    def set_device(self, device: str) -> None:
        """Where the open checkpoint runs."""
        self._device.setText(device)

    def show_memory(self, memory: MemoryResult) -> None:
        """What the engine holds of the last runs, so that other heads and layers are there at once."""
        if not memory.n_calls:
            self._memory.setText("")
            return
        held, budget = _bytes(memory.held), _bytes(memory.budget)
        self._memory.setText(self.tr("{held} of {budget} held").format(held=held, budget=budget))
        what = self.tr("queries and keys") if memory.has_qk else self.tr("patterns")
        tip = self.tr("Held for looking: {what} of {n_held} of {n_calls} attentions over {n_tokens} tokens.").format(
            what=what, n_held=memory.n_held, n_calls=memory.n_calls, n_tokens=f"{memory.n_tokens:,}"
        )
        if memory.n_held < memory.n_calls:
            tip += self.tr(" The others are computed again when they are looked at; the menu Run allows more memory.")
        self._memory.setToolTip(plain_tip(tip))

    def show_message(self, text: str, *, is_warning: bool = True) -> None:
        """Show a sentence; warnings stand out by colour and a sign."""
        self._is_warning, self._is_about_input = is_warning, False
        self._shown = text
        if text:
            self.messages = [*self.messages, text][-N_KEPT:]
        self._fit_message(text)

    def show_problem_of_input(self, text: str) -> None:
        """Say what is wrong with the input; without text, take back what was said of it."""
        if text or self._is_about_input:
            self.show_message(text)
        self._is_about_input = bool(text)

    def set_busy(self, is_busy: bool) -> None:
        """Show or hide the progress; its width stays, so that nothing jumps."""
        self._label.setVisible(is_busy)
        self._bar.setVisible(is_busy)
        self._cancel.setVisible(is_busy)
        if is_busy:
            self._label.setText(self.tr("Computing"))
            self._bar.setRange(0, 0)
        self._bar.setFixedWidth(QFontMetrics(self.font()).averageCharWidth() * 18)

    def show_progress(self, progress: Progress) -> None:
        """How far it is."""
        self._label.setText(progress.label)
        self._bar.setRange(0, progress.total)
        self._bar.setValue(progress.done)

    def show_job_count(self, n: int) -> None:
        """How many jobs run, pause or wait; nothing where there are none."""
        self._jobs.setText(self.tr("1 job") if n == 1 else self.tr("{} jobs").format(n))
        self._jobs.setAccessibleName(self.tr("{}: go to the list").format(self._jobs.text()))
        self._jobs.setVisible(n > 0)

    def _fit_message(self, text: str) -> None:
        sign = "⚠ " if self._is_warning and text else ""
        room = max(self._message.width() - 12, 40)
        elided = QFontMetrics(self._message.font()).elidedText(sign + text, Qt.TextElideMode.ElideRight, room)
        self._message.setText(elided.replace("&", "&&"))
        self._message.setToolTip(plain_tip(text, is_long=True))
        theme = FigureStyle.of(self).theme
        palette = self._message.palette()
        palette.setColor(QPalette.ColorRole.ButtonText, theme.warning if self._is_warning else theme.faint)
        self._message.setPalette(palette)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_message(self._shown)


def _bytes(n: int) -> str:
    """Such as "36 MB", "1 GB"."""
    return f"{n / 2**30:.3g} GB" if n >= 1000 * 2**20 else f"{n / 2**20:.3g} MB"
