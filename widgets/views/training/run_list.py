"""The runs that are kept: which are shown, and what can be done with the chosen one."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtWidgets import QGridLayout, QListWidget, QListWidgetItem, QPushButton, QVBoxLayout, QWidget

from inference.results.job import JobPhase
from inference.results.training import TrainingRequest
from widgets.kit.clean import clean
from widgets.kit.plain import PlainLabel, plain_tip
from widgets.look.theme import FigureStyle
from widgets.plots.data import color_of
from widgets.views.training.record import RunRecord
from widgets.views.training.words import about_run, room_text, run_labels

_FOLDER = Qt.ItemDataRole.UserRole


class RunList(QWidget):
    """Runs with their colours; a tick shows one, buttons go on with the chosen one, open it, or delete it.

    Signals
    -------
    shown_changed()
        Other runs are ticked.
    current_changed()
        Another run is chosen.
    go_on_requested(str), open_requested(str), remove_requested(str)
        What is to become of a run: its folder.
    """

    shown_changed = Signal()
    current_changed = Signal()
    go_on_requested = Signal(str)
    open_requested = Signal(str)
    remove_requested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._asked_to_remove = ""  # a folder: the next click deletes it
        self._heading = PlainLabel(self.tr("Runs"), self)
        self._list = QListWidget(self)
        self._list.setObjectName("training_runs")
        self._list.setAccessibleName(self.tr("Runs"))
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        tip = self.tr("Train on from where it was stopped; of a comparison, the runs that are not done follow")
        self._go_on = self._button("training_go_on", self.tr("Go on"), tip)
        self._open = self._button(
            "training_open", self.tr("Open"), self.tr("Open what it has become as a checkpoint, in all views")
        )
        self._remove = self._button("training_remove", self.tr("Delete"), "")
        self._room = PlainLabel(self)
        self._room.setForegroundRole(self.palette().ColorRole.PlaceholderText)
        self._room.setWordWrap(True)
        buttons = QGridLayout()
        buttons.addWidget(self._go_on, 0, 0)
        buttons.addWidget(self._open, 0, 1)
        buttons.addWidget(self._remove, 1, 0, 1, 2)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 8, 4)
        layout.addWidget(self._heading)
        layout.addWidget(self._list, 1)
        layout.addLayout(buttons)
        layout.addWidget(self._room)
        self._records: dict[str, RunRecord] = {}
        self._style = FigureStyle()
        self._list.itemChanged.connect(self._on_list_item_changed)
        self._list.currentRowChanged.connect(self._on_list_current_row_changed)
        for button, act in (
            (self._go_on, self._on_go_on_clicked),
            (self._open, self._on_open_clicked),
            (self._remove, self._on_remove_clicked),
        ):
            button.clicked.connect(act)
        self._offer()

    def _button(self, name: str, text: str, tip: str) -> QPushButton:
        button = QPushButton(text, self)
        button.setObjectName(name)
        button.setToolTip(plain_tip(tip))
        button.setAccessibleName(tip or text)
        return button

    def sizeHint(self) -> QSize:
        return QSize(17 * self.fontMetrics().averageCharWidth() + 60, 200)

    # Data in

    def set_records(self, records: Iterable[RunRecord], style: FigureStyle) -> None:
        """Show these, in this order; ticks and choice stay where they can, and a new one at the top is ticked."""
        ticked, current, self._style = set(self.shown), self.current, style
        self._records = {record.request.folder: record for record in records}
        with QSignalBlocker(self._list):
            self._list.clear()
            for folder in self._records:
                item = QListWidgetItem(self._list)
                item.setData(_FOLDER, folder)
                item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
                item.setCheckState(Qt.CheckState.Checked if folder in ticked else Qt.CheckState.Unchecked)
                self._dress(item)
                if folder == current:
                    self._list.setCurrentItem(item)
        self._tell_room()
        self._offer()

    def show_record(self, record: RunRecord) -> None:
        """A run has come further, or ended."""
        for item in self._items():
            if item.data(_FOLDER) == record.request.folder:
                with QSignalBlocker(self._list):
                    self._dress(item)
        self._offer()

    def choose(self, folder: str, *, is_shown: bool = True) -> None:
        """Choose a run, and tick it."""
        with QSignalBlocker(self._list):
            for item in self._items():
                if item.data(_FOLDER) == folder:
                    self._list.setCurrentItem(item)
                    if is_shown:
                        item.setCheckState(Qt.CheckState.Checked)
        self._offer()

    def show_only(self, folders: Iterable[str]) -> None:
        """Tick these runs, and no others."""
        wanted = set(folders)
        with QSignalBlocker(self._list):
            for item in self._items():
                is_wanted = item.data(_FOLDER) in wanted
                item.setCheckState(Qt.CheckState.Checked if is_wanted else Qt.CheckState.Unchecked)

    @property
    def shown(self) -> tuple[str, ...]:
        """Folders of the runs that are ticked, in order."""
        return tuple(item.data(_FOLDER) for item in self._items() if item.checkState() is Qt.CheckState.Checked)

    @property
    def current(self) -> str:
        """Folder of the run that is chosen; empty where none is."""
        item = self._list.currentItem()
        return item.data(_FOLDER) if item else ""

    def _items(self) -> list[QListWidgetItem]:
        return [item for i in range(self._list.count()) if (item := self._list.item(i)) is not None]

    def _dress(self, item: QListWidgetItem) -> None:
        record = self._records[item.data(_FOLDER)]
        side = round(0.8 * self.fontMetrics().height())
        swatch = QPixmap(side, side)
        swatch.fill(self.palette().color(QPalette.ColorRole.Base))  # an edge, on the colour of what is chosen
        with QPainter(swatch) as painter:
            painter.fillRect(swatch.rect().adjusted(1, 1, -1, -1), QColor(color_of(record.ink, self._style)))
        icon = QIcon(swatch)
        icon.addPixmap(swatch, QIcon.Mode.Selected)  # which Qt would tint
        item.setIcon(icon)
        label = clean(self._label(record.request)).replace(", ", ",\n")
        item.setText(f"{label}\n{self._standing(record)}")
        item.setToolTip(plain_tip(about_run(record)))

    def _label(self, request: TrainingRequest) -> str:
        """Its name; of a comparison what differs alone, as in the plots, for there is no room for more."""
        requests = [one.request for one in self._records.values() if one.request.comparison == request.comparison]
        label = dict(zip((one.folder for one in requests), run_labels(requests), strict=True))[request.folder]
        return label.removeprefix(f"{request.comparison}-")

    def _standing(self, record: RunRecord) -> str:
        share = f"{100 * record.n_done / record.request.plan.n_steps:.0f} %"
        if record.job is not None and not record.job.phase.is_over:
            if record.job.phase is JobPhase.PAUSED:
                return self.tr("{}, paused").format(share)
            if record.job.phase is JobPhase.WAITING:
                return self.tr("waits")
            return self.tr("{}, training").format(share)
        if record.job is not None:
            return self.tr("{}, failed").format(share)
        if record.is_unsaved:
            return self.tr("not begun")
        right = ""
        if record.result is not None and record.result.validations:
            right = self.tr(", {:.0f} % right").format(100 * record.result.validations[-1].measure)
        return (self.tr("done{}") if record.is_finished else self.tr("{} done, stopped")).format(
            right if record.is_finished else share
        )

    def _tell_room(self) -> None:
        n_bytes = sum(record.n_bytes for record in self._records.values())
        text = room_text(n_bytes) if self._records else self.tr("None is kept yet.")
        self._room.setText(text)

    def _offer(self) -> None:
        record = self._records.get(self.current)
        is_idle = record is not None and not record.is_running
        self._go_on.setEnabled(is_idle and not (record is not None and record.is_finished))
        self._open.setEnabled(record is not None and record.n_bytes + record.n_done > 0)
        self._remove.setEnabled(is_idle)
        is_asked = self._asked_to_remove != "" and self._asked_to_remove == self.current
        if not is_asked:
            self._asked_to_remove = ""
        self._remove.setText(self.tr("Really delete?") if is_asked else self.tr("Delete"))
        tip = self.tr("Delete the run and its checkpoint from the disk; asks once more")
        self._remove.setToolTip(plain_tip(tip))

    # What the user does

    def _on_list_item_changed(self, _item: QListWidgetItem) -> None:
        self.shown_changed.emit()

    def _on_list_current_row_changed(self, _row: int) -> None:
        self._offer()
        self.current_changed.emit()

    def _on_go_on_clicked(self) -> None:
        self.go_on_requested.emit(self.current)

    def _on_open_clicked(self) -> None:
        self.open_requested.emit(self.current)

    def _on_remove_clicked(self) -> None:
        if self._asked_to_remove == self.current:
            self._asked_to_remove = ""
            self.remove_requested.emit(self.current)
        else:
            self._asked_to_remove = self.current
        self._offer()
