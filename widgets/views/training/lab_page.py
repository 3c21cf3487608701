"""The bench of the lab: what is to be trained, the runs, and their curves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QWidget

from inference.results.training import WITH_NETWORKS, Task, beyond_limits
from widgets.kit.availability import offer, set_available
from widgets.kit.clean import clean
from widgets.kit.control_bar import ControlBar
from widgets.kit.figure import Figure
from widgets.kit.labels import LineLabel
from widgets.kit.layouts import labelled
from widgets.kit.number_slider import NumberSlider
from widgets.kit.option_controls import OptionControls
from widgets.kit.page import Page
from widgets.look.theme import FigureStyle
from widgets.panels.job_line import JobLine
from widgets.plots.canvas import PlotCanvas
from widgets.views.training.compare_button import CompareButton
from widgets.views.training.curves import TrainingCurvesFigure, shown_run
from widgets.views.training.gradients import LayerGradientsFigure
from widgets.views.training.options import ONLY_FOR, ONLY_TRANSFORMER, WITH_FILES, Against, LabOptions, RunOptions
from widgets.views.training.record import RunRecord
from widgets.views.training.run_list import RunList
from widgets.views.training.words import is_folder_name, row_text, run_labels

_LONGEST_NAME = 60
# Behind More: what does well for a task as it is. What tells tasks apart is seen, such as the shares of masks.
_RARE = (
    *("width", "heads", "norm", "dropout", "length", "n_vocabulary"),
    *("batch", "schedule", "warm_up", "peak", "smoothing", "clip", "seed"),
)


class LabPage(Page):
    """Options above, runs beside the curves, the job of the chosen run between.

    Signals
    -------
    start_requested()
        Train what is chosen, under `name()`.
    compare_requested(str)
        Train runs that differ in one thing only: one of `COMPARED`.
    word2vec_requested()
        Show where vectors of words are trained.
    figure_changed()
    """

    start_requested = Signal()
    word2vec_requested = Signal()
    compare_requested = Signal(str)
    figure_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        self.runs = RunList()
        canvas = PlotCanvas("training_canvas", _tr("Runs step by step"))
        middle = QWidget()
        row = QHBoxLayout(middle)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(canvas, 1)
        row.addWidget(self.runs)
        super().__init__("training", middle, _tr("What is shown"), _tr("Number pointed at"), parent)
        self._canvas, self.is_of_subject = canvas, False
        self.setFocusProxy(canvas)
        self.options = OptionControls(self.controls, "training", RunOptions, rare=_RARE)
        self._path = ""
        self._file, self._own = self.controls.add_buttons(
            ("training_file", "", _tr("Choose the file that is learned from")),
            ("training_own", _tr("Own sentences"), _tr("Go back to the sentences that Headlight makes")),
        )
        self._name = QLineEdit()
        self._name.setMaxLength(_LONGEST_NAME)
        name = labelled(self._name, "training_name", _tr("Name"))
        self.controls.add_widget(name)
        self.controls.put_behind_more(name)
        self._start = self.controls.add_button("training_start", _tr("Start"), _tr("Train a new model, as chosen"))
        self._compare = CompareButton()
        self.controls.add_widget(self._compare)
        word2vec = self.controls.add_button(
            "training_word2vec",
            _tr("word2vec …"),
            _tr("Train vectors of words: on the page Training of Word vectors"),
            is_rare=True,
        )
        self._why_not = LineLabel(_tr("Why it cannot be started"), self)
        self._why_not.setObjectName("training_why_not")
        self._why_not.hide()
        self.job_line = JobLine("training_job", self, with_title=False)
        self.job_line.hide()
        self.add_above(self._why_not)
        self.add_above(self.job_line)
        looks = ControlBar(self, is_beside=True)
        self.show_options = OptionControls(looks, "training_lab", LabOptions)
        self._step = NumberSlider("training_step", _tr("From step"), 1, 1)
        looks.add_widget(self._step)
        self.add_beside_caption(looks)
        self._row = LineLabel(_tr("How a row is asked for masked words"), self)
        self._row.setObjectName("training_row")
        self._row.hide()
        self.add_below(self._row)
        self._records: tuple[RunRecord, ...] = ()
        self._style = FigureStyle()
        self._task: Task = self.options.value().task
        self._names_taken: Callable[[str], bool] = lambda _name: False
        self.figure: TrainingCurvesFigure | LayerGradientsFigure = TrainingCurvesFigure(())
        self._offer()
        self.show_canvas()
        self.options.changed.connect(self._on_options_changed)
        self.show_options.changed.connect(self.rebuild)
        self._step.value_changed.connect(self.rebuild)
        self._start.clicked.connect(self.start_requested)
        self._start.installEventFilter(self)
        self._compare.chosen.connect(self.compare_requested)
        word2vec.clicked.connect(self.word2vec_requested)
        self._file.clicked.connect(self._on_file_clicked)
        self._own.clicked.connect(self._on_own_clicked)
        self._name.textEdited.connect(self._judge_start)
        canvas.read_out_changed.connect(self._on_canvas_read_out_changed)
        canvas.shown_changed.connect(self.figure_changed)
        self._on_canvas_read_out_changed("")

    # What is chosen

    @property
    def path(self) -> str:
        """The file that is learned from; empty: own sentences."""
        return self._path

    def set_path(self, path: str) -> None:
        """Learn from a file, or from sentences of Headlight's own again."""
        self._path = path
        self._offer()

    @property
    def name(self) -> str:
        """Of the next run."""
        return self._name.text().strip() or self._name.placeholderText()

    def set_names(self, is_taken: Callable[[str], bool]) -> None:
        """Which names runs have already."""
        self._names_taken = is_taken
        task = self.options.value().task
        number = next(n for n in range(1, 10_000) if not is_taken(f"{task}-{n}"))
        self._name.setPlaceholderText(f"{task}-{number}")
        self._judge_start()

    def clear_name(self) -> None:
        """It is another run's now."""
        self._name.clear()

    def set_lora(self, has_lora: bool) -> None:
        """Whether low-rank fine-tuning is installed."""
        offer(self.options.combo("tuned"), "lora", has_lora, _tr("Needs peft: pip install peft."))

    def say(self, why: str) -> None:
        """Say why something else than a run cannot be begun."""
        self._why_not.show_text(why)
        self._why_not.show()

    def show_why_not(self, why: str) -> None:
        """Say why a run cannot be started; empty: it can."""
        self._why_not.show_text(why)
        self._why_not.setVisible(bool(why))
        self._start.setEnabled(not why)
        self._compare.setEnabled(not why)

    def why_not(self) -> str:
        """One sentence; empty where a run can be started."""
        name, options = self.name, self.options.value()
        if self._names_taken(name):
            return _tr("There is a run named {} already; choose another name.").format(name)
        if not is_folder_name(name):
            return _tr("{} cannot be the name of a folder; letters, digits, - and _ can.").format(name)
        if options.task == "classify" and not self._path:
            return _tr("Choose a CSV with a column text and a column label.")
        return beyond_limits(options.request("")) or options.masks.why_not()

    # The picture

    def show_records(self, records: tuple[RunRecord, ...], style: FigureStyle, *, has_grown: bool = False) -> None:
        """Draw these runs; they may be those that are drawn, with more steps."""
        self._records, self._style = records, style
        self._draw(self._canvas.grow if has_grown else self._canvas.show_figure)

    def figure_now(self) -> Any:
        """The figure as it is looked at."""
        return self._canvas.figure_now() or self.figure

    def rebuild(self) -> None:
        """Draw again what is to be seen now."""
        self._draw(self._canvas.show_figure)

    def _draw(self, show: Callable[[Figure, FigureStyle], None]) -> None:
        records = [record for record in self._records if record.result is not None]
        labels = run_labels([record.request for record in records])
        runs = tuple(
            shown_run(label, record.ink, record.result)
            for label, record in zip(labels, records, strict=True)
            if record.result is not None
        )
        row = next((told for run in reversed(runs) if (told := row_text(run.result.row))), "")
        self._row.show_text(row)
        self._row.setVisible(bool(row))
        is_by_layer = self.show_options.value().show == "gradients"
        self._step.setVisible(is_by_layer)
        self.show_options.set_shown("against", not is_by_layer)
        if is_by_layer:
            self._step.set_range(1, max([1, *(run.result.n_done for run in runs)]))
            self.figure = LayerGradientsFigure(runs, self._step.value() - 1)
        else:
            self.figure = TrainingCurvesFigure(runs, self.options.value().request("").schedule, self.against)
        show(self.figure, self._style)
        self.caption.show_text(self._awaited() if self._records and not runs else self.figure.caption)
        self.figure_changed.emit()

    def _awaited(self) -> str:
        """What is to come of runs that have no numbers here."""
        names = ", ".join(clean(record.request.name) for record in self._records)
        if all(record.is_running or record.is_unsaved for record in self._records):
            return _tr("Nothing of {} yet. Dashed: the learning rate that is chosen").format(names)
        return _tr("Reading what is kept of {} …").format(names)

    @property
    def against(self) -> Against:
        """What numbers of runs are shown against."""
        return self.show_options.value().against

    def _offer(self) -> None:
        options = self.options.value()
        for field, tasks in ONLY_FOR.items():
            self.options.set_shown(field, options.task in tasks)
        self.options.set_shown("peak", options.schedule != "2017")
        is_recurrent = options.architecture == "lstm" and options.task in WITH_NETWORKS
        for field, why in ONLY_TRANSFORMER.items():
            set_available(self.options.control(field), not is_recurrent, _tr(why))
        has_file = options.task in WITH_FILES
        self._file.setVisible(has_file)
        self._own.setVisible(has_file and options.task != "classify")
        self._own.setEnabled(bool(self._path))
        kind = _tr("Labelled CSV …") if options.task == "classify" else _tr("Text file …")
        self._file.setText(clean(Path(self._path).name)[:40] if self._path else kind)
        self._judge_start()

    def _judge_start(self) -> None:
        why = self.why_not()
        self.show_why_not(why)

    # What the user does

    def _on_options_changed(self) -> None:
        task = self.options.value().task
        if task != self._task:
            was, self._task = self._task, task
            self.options.set_value(self.options.value().for_task(was, task), quietly=True)
            if "classify" in (was, task):
                self._path = ""
            self.set_names(self._names_taken)
        self._offer()
        self.rebuild()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A double click on Start begins one run."""
        return watched is self._start and event.type() == QEvent.Type.MouseButtonDblClick

    def _on_file_clicked(self) -> None:
        if self.options.value().task == "classify":
            kinds = _tr("Tables (*.csv);;All files (*)")
        else:
            kinds = _tr("Texts (*.txt *.md *.text);;All files (*)")
        if path := QFileDialog.getOpenFileName(self, _tr("What is learned from"), self._path, kinds)[0]:
            self.set_path(path)

    def _on_own_clicked(self) -> None:
        self.set_path("")

    def _on_canvas_read_out_changed(self, text: str) -> None:
        self.read_out.show_text(text or _tr("Point at a curve to see its numbers; drag or wheel to pan and zoom."))


def _tr(text: str) -> str:
    return QCoreApplication.translate("LabPage", text)
