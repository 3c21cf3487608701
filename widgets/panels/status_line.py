"""Below: where the model runs, what is being done with a way to stop it, the last message, how many jobs."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QPalette
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QSizePolicy, QToolButton, QWidget

from inference.results.events import Progress
from inference.results.memory import MemoryResult
from widgets.kit.plain import PlainLabel, plain_tip
from widgets.look.theme import FigureStyle

N_KEPT = 200


@dataclass(frozen=True)
class _Warning:
    text: str
    about: str


class StatusLine(QWidget):
    """Device, messages, progress.

    A warning stands until it was read in the list of messages, or another message about the same thing came; news are
    shown beside it.

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
        self._news = ""
        self._warnings: list[_Warning] = []  # not read yet, the latest last
        self._device = PlainLabel(self)
        self._device.setObjectName("device")
        self._memory = PlainLabel(self)
        self._memory.setObjectName("memory")
        self._memory.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self._warning = self._line("warning", self.tr("Last warning: shows all messages"))
        self._message = self._line("message", self.tr("Last message: shows all messages"))
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
        layout.addWidget(self._warning, 3)
        layout.addWidget(self._message, 2)
        layout.addWidget(self._label)
        layout.addWidget(self._bar)
        layout.addWidget(self._cancel)
        layout.addWidget(self._jobs)
        self.set_busy(False)
        self.show_job_count(0)
        self._fit_messages()

    def _line(self, name: str, accessible_name: str) -> QPushButton:
        """A button, so that the keyboard reaches it."""
        line = QPushButton(self)
        line.setObjectName(name)
        line.setFlat(True)
        line.setStyleSheet("text-align: left")
        line.setAccessibleName(accessible_name)
        line.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        line.clicked.connect(self.log_requested)
        line.installEventFilter(self)
        return line

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

    @property
    def warnings(self) -> tuple[str, ...]:
        """Those that stand, the latest last."""
        return tuple(warning.text for warning in self._warnings)

    def show_message(self, text: str, *, is_warning: bool = True, about: str = "") -> None:
        """Show a sentence; warnings stand out by colour and a sign.

        Parameters
        ----------
        about
            What the sentence is about: it takes the place of what was said about that before.
        """
        self.settle(about, text)
        if text:
            self.messages = [*self.messages, text][-N_KEPT:]
        if text and is_warning:
            self._warnings = [*self._warnings, _Warning(text, about)][-N_KEPT:]
        else:
            self._news = text
        self._fit_messages()

    def settle(self, about: str, text: str = "") -> None:
        """Warnings about a thing, or with this text, need no longer be read."""
        left = [one for one in self._warnings if one.text != text and (not about or one.about != about)]
        if left != self._warnings:
            self._warnings = left
            self._fit_messages()

    def mark_read(self) -> None:
        """The user has seen all messages: no warning stands any longer."""
        self._warnings = []
        self._fit_messages()

    def show_problem_of_input(self, text: str) -> None:
        """Say what is wrong with the input; without text, take back what was said of it."""
        if text:
            self.show_message(text, about="input")
        else:
            self.settle("input")

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

    def _fit_messages(self) -> None:
        latest = self._warnings[-1].text if self._warnings else ""
        more = self.tr(" (and {} more)").format(len(self._warnings) - 1) if len(self._warnings) > 1 else ""
        self._warning.setVisible(bool(latest))
        self._message.setVisible(bool(self._news) or not latest)
        theme = FigureStyle.of(self).theme
        self._fit(self._warning, "⚠ ", latest, more, theme.warning)
        self._fit(self._message, "", self._news, "", theme.faint)

    def _fit(self, line: QPushButton, sign: str, text: str, more: str, color: QColor) -> None:
        metrics = QFontMetrics(line.font())
        room = max(line.width() - 12 - metrics.horizontalAdvance(more), 40)
        elided = metrics.elidedText(sign + text, Qt.TextElideMode.ElideRight, room) if text else ""
        line.setText((elided + more).replace("&", "&&"))
        line.setToolTip(plain_tip(text, is_long=True))
        line.setAccessibleDescription(text)
        palette = line.palette()
        palette.setColor(QPalette.ColorRole.ButtonText, color)
        line.setPalette(palette)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and watched in (self._warning, self._message):
            self._fit_messages()
        return False


def _bytes(n: int) -> str:
    """Such as "36 MB", "1 GB"."""
    return f"{n / 2**30:.3g} GB" if n >= 1000 * 2**20 else f"{n / 2**20:.3g} MB"
