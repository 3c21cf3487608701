"""word2vec trained while one looks on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QCoreApplication, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from inference.results.job import JobPhase, JobState
from inference.results.train_word2vec import VECTOR_ENDINGS, TrainWord2VecResult
from widgets.kit.clean import clean
from widgets.kit.option_controls import OptionControls
from widgets.kit.plain import PlainLabel
from widgets.look.theme import FigureStyle
from widgets.panels.job_line import JobLine
from widgets.views.embedding.begun_run import BegunRun
from widgets.views.embedding.command import words_in
from widgets.views.embedding.options import TrainingOptions
from widgets.views.embedding.plotted_page import PlottedPage, word_field
from widgets.views.embedding.training_figure import AwaitedTrainingFigure, TrainingFigure

_ABOUT = (
    "word2vec learns a vector for each word from which words stand near each other. Skip-gram guesses the words around "
    "a word from its vector; CBOW (continuous bag of words) hides a word and guesses it from the mean of the vectors "
    "around it. Train asks where the vectors go, takes a minute or two, can be paused and stopped, and saves what was "
    "learned every ten seconds. Go on takes up a run where it was stopped, also another day."
)
_DRAWN = (
    "In its made-up sentences each word is chosen at random, by how often it follows the words before it in English "
    "texts: the n-grams (runs of up to five words) that come with Headlight tell how often."
)


def _tr(text: str) -> str:
    return QCoreApplication.translate("Word2VecPage", text)


class Word2VecPage(PlottedPage):
    """Loss, map and neighbours while word2vec learns; the vectors go to a file that can be opened again.

    Signals
    -------
    train_requested(TrainWord2VecRequest)
    open_requested(str)
        Look at the vectors of that file.
    """

    train_requested = Signal(object)
    open_requested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        hint = _tr("Point at a word or at the loss; drag or wheel to pan and zoom. It learns on if you look elsewhere.")
        super().__init__("word2vec", _tr("word2vec while it learns"), hint, parent)
        self.is_of_subject = False
        self._text = ""
        self._begun: BegunRun | None = None
        self._result: TrainWord2VecResult | None = None
        self._state: JobState | None = None
        rare = ("negatives", "epochs", "min_count", "seed")
        self.options = OptionControls(self.controls, "word2vec", TrainingOptions, rare=rare)
        self._watched, _ = word_field(
            self,
            "word2vec_watched",
            _tr("Watch"),
            _tr("words whose neighbours are told"),
            "king mother red dog two",
            16,
        )
        self.fields = (self._watched,)  # for words
        self._own, self._drawn, self._train, self._go_on, self._open = self.controls.add_buttons(
            ("word2vec_text", _tr("Text file …"), _tr("Learn from a text file of yours")),
            (
                "word2vec_drawn",
                _tr("Drawn text"),
                _tr("Learn from a million words of made-up sentences. ") + _tr(_DRAWN),
            ),
            ("word2vec_train", _tr("Train …"), _tr("Say where the vectors go, and begin")),
            (
                "word2vec_go_on",
                _tr("Go on"),
                _tr("Train on from where the last run was stopped, with the text and the options that it had"),
            ),
            ("word2vec_open", _tr("Look at these"), _tr("Open the vectors that were saved last")),
        )
        self._about = PlainLabel(_tr(_ABOUT), self)
        self._about.setObjectName("word2vec_about")
        self._about.setWordWrap(True)
        self._about.setMargin(8)
        self.add_above(self._about)
        self._job_line = JobLine("word2vec_job", self, with_title=False)
        self.add_above(self._job_line)
        self._job_line.hide()
        self.job_action_requested = self._job_line.action_requested
        self._drawn.setEnabled(False)
        self._offer()
        self._style = FigureStyle.of(self)
        self._say_what()
        self.options.changed.connect(self._say_what)
        self._own.clicked.connect(self._on_own_clicked)
        self._drawn.clicked.connect(self._on_drawn_clicked)
        self._train.clicked.connect(self._on_train_clicked)
        self._go_on.clicked.connect(self._on_go_on_clicked)
        self._open.clicked.connect(self._on_open_clicked)
        self._job_line.remove_requested.connect(self._on_job_line_remove_requested)

    def _say_what(self) -> None:
        """Before the first run: what there will be, and what is learned from."""
        how = "" if self._text else " " + _tr(_DRAWN)
        self._about.setText(_tr(_ABOUT) + how)
        if self._result is None:
            run = self._begun
            stopped = clean(Path(run.out).name) if run is not None and run.can_go_on else ""
            awaited = AwaitedTrainingFigure(self.options.value().objective, self._what(), stopped)
            self.show_plots(awaited, self._style)

    def _what(self) -> str:
        if self._text:
            return clean(Path(self._text).name)
        return _tr("a million words of made-up sentences")

    def figure_now(self) -> Any | None:
        """What was learned; None before anything was."""
        return None if self._result is None else super().figure_now()

    def show_sentence(self, sentence: str) -> None:
        """Say why a run failed, where that is told; the page itself always shows something."""

    def restyle(self, style: FigureStyle) -> None:
        self._style = style
        super().restyle(style)

    def show_result(self, result: TrainWord2VecResult, style: FigureStyle) -> None:
        """Show what was learned so far."""
        self._result = result
        self._about.hide()
        self.show_plots(TrainingFigure(result), style)

    def show_job(self, state: JobState) -> None:
        """How far it is."""
        if self._state is not None and state.number < self._state.number:
            return
        self._state = state
        is_gone = state.phase in (JobPhase.DONE, JobPhase.CANCELLED)
        self._job_line.setVisible(not is_gone)
        if not is_gone:
            self._job_line.show_job(state)
        self._offer()

    def train(self, out: str) -> None:
        """Begin, and let the vectors go to a file."""
        self._begin(BegunRun(out, self._text, self.options.value()))

    def _begin(self, run: BegunRun) -> None:
        self._begun = run
        self.train_requested.emit(run.request(words_in(self._watched.text())))

    def _offer(self) -> None:
        """What can be done now: nothing begins or is opened while something is trained."""
        is_idle = self._state is None or self._state.phase.is_over
        out = self._begun.out if self._begun is not None else ""
        self._train.setEnabled(is_idle)
        self._go_on.setEnabled(is_idle and self._begun is not None and self._begun.can_go_on)
        self._open.setEnabled(is_idle and bool(out) and Path(out).is_file())

    # A session

    def state(self) -> dict[str, Any]:
        """The text that is chosen, and the run that was begun last; empty where there is neither."""
        kept: dict[str, Any] = {"text": self._text} if self._text else {}
        return kept | ({"begun": self._begun.to_json()} if self._begun is not None else {})

    def set_state(self, stored: object) -> None:
        """Take what a session kept; what cannot be read is left out."""
        if not isinstance(stored, dict):
            return
        if isinstance(text := stored.get("text"), str) and text:
            self.choose_text(text)
        self._begun = BegunRun.from_json(stored.get("begun")) or self._begun
        self._say_what()
        self._offer()

    def choose_text(self, path: str) -> None:
        """Learn from a text file; empty for the drawn text."""
        self._text = path
        self._drawn.setEnabled(bool(path))
        self._say_what()
        if self._result is not None:
            self.read_out.show_text(
                _tr("Train learns from {} now.").format(clean(Path(path).name) if path else _tr("the drawn text"))
            )

    # What the user does

    def _on_own_clicked(self) -> None:
        kinds = _tr("Texts (*.txt *.md *.text);;All files (*)")
        if path := QFileDialog.getOpenFileName(self, _tr("Learn from a text file"), "", kinds)[0]:
            self.choose_text(path)

    def _on_drawn_clicked(self) -> None:
        self.choose_text("")

    def _on_train_clicked(self) -> None:
        kinds = {
            _tr("Headlight's vectors (*.npz)"): ".npz",
            _tr("word2vec, text (*.txt *.vec)"): ".txt",
            _tr("word2vec, binary (*.bin)"): ".bin",
        }
        title = _tr("Where the vectors go")
        path, kind = QFileDialog.getSaveFileName(self, title, "vectors.npz", ";;".join(kinds))
        if not path:
            return
        if Path(path).suffix not in VECTOR_ENDINGS:
            path += kinds.get(kind, ".npz")
            if Path(path).exists():  # which the dialog did not ask about
                text = _tr("{} is there already; choose it by its whole name to replace it.")
                self.read_out.show_text(text.format(clean(Path(path).name)))
                return
        self.train(path)

    def _on_go_on_clicked(self) -> None:
        if self._begun is None:
            return
        if not self._begun.can_go_on:
            name = clean(Path(self._begun.out).name)
            self.read_out.show_text(
                _tr("What {} would go on from is not there any more; Train begins anew.").format(name)
            )
            self._offer()
            return
        self.options.set_value(self._begun.options)
        self.choose_text(self._begun.text)
        self._begin(self._begun)

    def _on_open_clicked(self) -> None:
        if self._begun is not None:
            self.open_requested.emit(self._begun.out)

    def _on_job_line_remove_requested(self, _number: int) -> None:
        self._job_line.hide()
