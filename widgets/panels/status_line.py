"""Below: where the model runs, what is being done with a way to stop it, the last message, how many jobs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Signal, Slot
from PySide6.QtGui import QFontMetrics, QPalette
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QWidget

from inference.results.events import Progress
from widgets.figures.counts import number_of
from widgets.kit.delay import Delay
from widgets.kit.labels import LineButton, elided
from widgets.kit.plain import PlainLabel, plain_tip
from widgets.panels.progress_bar import QuietProgressBar

if TYPE_CHECKING:
    from inference.results.memory import MemoryResult

_AROUND = 16  # pixels that a button takes beside its text, whatever the style
_SHARE, _SHARE_BESIDE = 3, 2  # of the room: for a warning, and for what stands beside it
N_KEPT = 200


NEWS_FOR = 10_000  # ms in which news stand where the open checkpoint is described otherwise
PATIENCE = 150  # ms before it is told that something is computed: else the line would be laid out anew at every head
_LASTING = ("open", "cancelled")  # first words of what news are about that stand as long as they hold


@dataclass(frozen=True)
class _Message:
    text: str
    about: str

    def is_about(self, thing: str) -> bool:
        """Whether it is about that, or about a part of it, as `view heads` is of `view`."""
        return bool(thing) and (self.about == thing or self.about.startswith(f"{thing} "))


class StatusLine(QWidget):
    """Device, messages, progress.

    A warning stands until what it is about is settled, it was read in the list of messages, or another message about
    the same thing came. Beside it stand news for a while, and else what the open checkpoint is.

    Signals
    -------
    told(str, bool)
        A sentence and whether it is a warning; an empty one where the last one does not hold any more.
    cancel_requested()
        The user wants to stop what runs.
    log_requested()
        The user clicked the message.
    jobs_requested()
        The user clicked the number of jobs.
    """

    told = Signal(str, bool)
    cancel_requested = Signal()
    log_requested = Signal()
    jobs_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.messages: list[str] = []
        self._description = ""
        self._news: _Message | None = None
        self._last = _Message("", "")
        self._fading = Delay(NEWS_FOR, self)
        self._fading.elapsed.connect(self._forget_news)
        self._patience = Delay(PATIENCE, self)
        self._patience.elapsed.connect(self._show_progress_parts)
        self._warnings: list[_Message] = []  # not read yet, the latest last
        self._device = PlainLabel(self)
        self._device.setObjectName("device")
        self._memory = PlainLabel(self)
        self._memory.setObjectName("memory")
        self._memory.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self._warning = LineButton("warning", self.tr("Last warning: shows all messages"), self)
        self._warning.setForegroundRole(QPalette.ColorRole.BrightText)
        self._message = LineButton("message", self.tr("Last message: shows all messages"), self)
        self._message.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        for line in (self._warning, self._message):
            line.clicked.connect(self.log_requested)
            line.installEventFilter(self)
        self._label = PlainLabel(self)
        self._bar = QuietProgressBar(self)
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
        layout.addWidget(self._warning, _SHARE)
        layout.addWidget(self._message, _SHARE_BESIDE)
        layout.addWidget(self._label)
        layout.addWidget(self._bar)
        layout.addWidget(self._cancel)
        layout.addWidget(self._jobs)
        self.set_busy(False)
        self.show_job_count(0)
        self._fit_messages()

    @property
    def message(self) -> str:
        """The last message, whole."""
        return self.messages[-1] if self.messages else ""

    def set_device(self, device: str) -> None:
        """Where the open checkpoint runs."""
        self._device.setText(device)

    def explain_device(self, about: str) -> None:
        """How much memory is free there, told where the pointer rests on it."""
        self._device.setToolTip(plain_tip(about))

    def show_memory(self, memory: MemoryResult) -> None:
        """What the engine holds of the last runs, so that other heads and layers are there at once."""
        if not memory.n_calls:
            self._memory.setText("")
            return
        held, budget = _bytes(memory.held), _bytes(memory.budget)
        self._memory.setText(self.tr("{held} of {budget} held").format(held=held, budget=budget))
        what = self.tr("queries and keys") if memory.has_qk else self.tr("patterns")
        tip = self.tr("Held for looking: {what} of {n_held} of {n_calls} attentions over {tokens}.").format(
            what=what, n_held=memory.n_held, n_calls=memory.n_calls, tokens=number_of(memory.n_tokens, "tokens")
        )
        if memory.n_held < memory.n_calls:
            tip += self.tr(" The others are computed again when they are looked at; the menu Run allows more memory.")
        self._memory.setToolTip(plain_tip(tip))

    @property
    def warnings(self) -> tuple[str, ...]:
        """Those that stand, the latest last."""
        return tuple(warning.text for warning in self._warnings)

    def describe(self, text: str) -> None:
        """Say what is open now: it stands where there are no news."""
        self._description, self._news = text, None
        self._note(text)
        self._fit_messages()

    def show_message(self, text: str, *, is_warning: bool = True, about: str = "") -> None:
        """Show a sentence; warnings stand out by colour and a sign.

        Parameters
        ----------
        about
            What the sentence is about, the general first: it takes the place of what was said about that before.
            Without a sentence that is only taken back.
        """
        self.settle(about, text)
        if text:
            self._note(text)
            if is_warning:
                self._warnings = [*self._warnings, _Message(text, about)][-N_KEPT:]
            else:
                self._news = _Message(text, about)
                self._fading.stop()
                if about.partition(" ")[0] not in _LASTING:
                    self._fading.start()
            self._last = _Message(text, about)
            self.told.emit(text, is_warning)
        self._fit_messages()

    def _note(self, text: str) -> None:
        self.messages = [*self.messages, text][-N_KEPT:]

    @Slot()
    def _forget_news(self) -> None:
        self._news = None
        self._fit_messages()

    @Slot(str)
    def settle(self, about: str, text: str = "") -> None:
        """What was said about a thing, or with this text, does not hold any more; it stays in the list of messages."""
        left = [one for one in self._warnings if one.text != text and not one.is_about(about)]
        news = None if self._news is not None and self._news.is_about(about) else self._news
        if (left, news) != (self._warnings, self._news):
            self._warnings, self._news = left, news
            self._fit_messages()
            if self._last.is_about(about):
                self.told.emit("", False)

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
        """Show or hide the progress; its width stays, so that nothing jumps. What is answered at once is not told."""
        if is_busy:
            self._label.setText(self.tr("Computing"))
            self._bar.show_part(0, 0)
            self._patience.start_unless_waiting()
        else:
            self._patience.stop()
            self._show_progress_parts(is_busy=False)

    @Slot()
    def _show_progress_parts(self, *, is_busy: bool = True) -> None:
        for part in (self._label, self._bar, self._cancel):
            part.setVisible(is_busy)
        self._bar.setFixedWidth(QFontMetrics(self.font()).averageCharWidth() * 18)

    def show_progress(self, progress: Progress) -> None:
        """How far it is."""
        self._label.setText(progress.label)
        self._bar.show_part(progress.done, progress.total)

    def show_job_count(self, n: int) -> None:
        """How many jobs run, pause or wait; nothing where there are none."""
        self._jobs.setText(self.tr("1 job") if n == 1 else self.tr("{} jobs").format(n))
        self._jobs.setAccessibleName(self.tr("{}: go to the list").format(self._jobs.text()))
        self._jobs.setVisible(n > 0)

    def _fit_messages(self) -> None:
        latest = self._warnings[-1].text if self._warnings else ""
        more = self.tr(" (and {} more)").format(len(self._warnings) - 1) if len(self._warnings) > 1 else ""
        news = self._news.text if self._news is not None else self._description
        if self._news is None and latest and not self._is_room_beside(f"⚠ {latest}{more}"):
            news = ""  # what happened is read whole before what is open anyway
        self._warning.setVisible(bool(latest))
        self._message.setVisible(bool(news) or not latest)
        self._fit(self._warning, "⚠ ", latest, more)
        self._fit(self._message, "", news, "")

    def _is_room_beside(self, warning: str) -> bool:
        """Whether a warning has room enough in the part of the line that it has where something stands beside it."""
        others = self._device, self._memory, self._label, self._bar, self._cancel, self._jobs
        room = self.width() - sum(other.sizeHint().width() for other in others if not other.isHidden())
        needed = QFontMetrics(self._warning.font()).horizontalAdvance(warning) + _AROUND
        return needed <= room * _SHARE / (_SHARE + _SHARE_BESIDE)

    def _fit(self, line: LineButton, sign: str, text: str, more: str) -> None:
        metrics = QFontMetrics(line.font())
        room = max(line.width() - _AROUND - metrics.horizontalAdvance(more), 40)
        shown = elided(sign + text, metrics, room) if text else ""
        line.setText((shown + more).replace("&", "&&"))
        line.setToolTip(plain_tip(text, is_long=True))
        line.setAccessibleDescription(text)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and watched in (self._warning, self._message):
            self._fit_messages()
        return False


def _bytes(n: int) -> str:
    """Such as "36 MB", "1 GB"."""
    return f"{n / 2**30:.3g} GB" if n >= 1000 * 2**20 else f"{n / 2**20:.3g} MB"
