"""What is selected, with its numbers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QItemSelectionModel, Qt, QTimer, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from inference.results.checkpoint import CheckpointInfo
from inference.results.request import Request
from widgets.context import ViewContext
from widgets.figures.counts import weight
from widgets.figures.head_measures import DASH, measure_name, number_with_unit
from widgets.figures.places import nothing_selected, place_name
from widgets.kit.clean import isolated
from widgets.kit.delay import Delay
from widgets.kit.figure import Figure
from widgets.kit.head_steps import layer_and_head
from widgets.kit.labels import make_selectable
from widgets.kit.number_box import NumberBox
from widgets.kit.plain import PlainLabel, explain_controls, explain_items
from widgets.selection import Selected
from widgets.subject import Subject
from widgets.view import View

# Imported once there is a subject, which the first picture of the window does not have.
if TYPE_CHECKING:
    from inference.results.heads import HeadsRequest, HeadsResult
    from inference.results.maps import RowsRequest, RowsResult

N_KEYS = 12
_THIS_ROW = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
_MEASURES = ("entropy", "distance", "previous", "next", "same", "cls", "sep")
_NOTHING = (None, None, None, None)  # stands there: of which heads and row, and for which choices of a head and a token


class DetailsPanel(View):
    """The selected layer, head and token: measures of the head, and what the token attends to most.

    Layer and head can be typed; a click on a row selects that key.
    """

    def __init__(self, context: ViewContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self.setObjectName("details")
        self._checkpoint: CheckpointInfo | None = None
        self._heads: tuple[HeadsRequest, HeadsResult] | None = None
        self._row: tuple[RowsRequest, RowsResult] | None = None
        self._only_group = PlainLabel(self)  # where there is nothing to choose
        self._only_group.setObjectName("details_only_group")
        self._group = QComboBox(self)
        self._group.setObjectName("details_group")
        self._group.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self._group.setAccessibleName(self.tr("Attention group"))
        self._group.activated.connect(self._on_group_activated)
        self._layer, self._head = self._spin_box("details_layer"), self._spin_box("details_head")
        self._layer.setAccessibleName(self.tr("Layer"))
        self._head.setAccessibleName(self.tr("Head"))
        self._layer.valueChanged.connect(self._on_layer_value_changed)
        self._head.valueChanged.connect(self._on_head_value_changed)
        self._values = {name: PlainLabel(DASH, self) for name in _MEASURES}
        self._filled: tuple[object, object, object, object] = _NOTHING
        self._token, self._sentence = PlainLabel(self), PlainLabel(self)
        self._sentence.setObjectName("details_sentence")
        for line in (self._token, self._sentence, self._values["distance"]):  # in coordinates, which is a long word
            line.setWordWrap(True)
        make_selectable(self._token, self._sentence, *self._values.values())
        self._keys = QTableWidget(0, 3, self)
        self._keys.setObjectName("details_keys")
        self._keys.setAccessibleName(self.tr("Strongest keys of the selected token"))
        self._keys.setHorizontalHeaderLabels([self.tr("attends to"), self.tr("at"), self.tr("weight")])
        explain_controls(self)
        self._keys.verticalHeader().setVisible(False)
        header = self._keys.horizontalHeader()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(2, QHeaderView.ResizeMode.ResizeToContents)
        self._keys.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._keys.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self._keys.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        self._keys.setTabKeyNavigation(False)
        self._keys.cellClicked.connect(self._on_keys_cell_clicked)
        self._chosen, self._measures = QFormLayout(), QFormLayout()
        self._measures.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        self._chosen.addRow(PlainLabel(self.tr("Attention"), self), self._only_group)
        self._chosen.addRow(self._group)  # a line of its own: it is as wide as the longest title
        self._chosen.addRow(PlainLabel(self.tr("Layer"), self), self._layer)
        self._chosen.addRow(PlainLabel(self.tr("Head"), self), self._head)
        for name, value in self._values.items():
            self._measures.addRow(PlainLabel(measure_name(name), self), value)
        self._numbers = QWidget(self)  # what is dimmed; layer and head can be typed all the same
        column = QVBoxLayout(self._numbers)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._sentence)
        column.addLayout(self._measures)
        column.addWidget(self._token)
        column.addWidget(self._keys, 1)
        layout = QVBoxLayout(self)
        layout.addLayout(self._chosen)
        layout.addWidget(self._numbers, 1)
        self.standing_changed.connect(self._fill)
        self._soon = Delay(0, self)
        self._soon.elapsed.connect(self._on_soon_elapsed)

    def _spin_box(self, name: str) -> NumberBox:
        box = NumberBox(self)
        box.setObjectName(name)
        return box

    def set_subject(self, subject: Subject | None) -> None:
        if subject is not None:
            self._checkpoint = subject.checkpoint
        self._fill_controls()
        super().set_subject(subject)
        self._fill()

    def set_checkpoint(self, info: CheckpointInfo) -> None:
        """Offer layers and heads of an open checkpoint also where its input cannot be looked at."""
        if info != self._checkpoint:
            self._checkpoint = info
            self.set_subject(None)

    def _fill_controls(self) -> None:
        info = self._checkpoint
        groups = info.attending if info is not None else ()
        if [group.title for group in groups] != [self._group.itemText(i) for i in range(self._group.count())]:
            self._group.clear()
            self._group.addItems([group.title for group in groups])
            self._fit_group()
        self._group.setVisible(len(groups) > 1)
        self._only_group.setVisible(len(groups) < 2)
        self._only_group.setText(groups[0].title if groups else DASH)
        explain_items(self._group)
        for box in (self._layer, self._head):
            box.setEnabled(bool(groups) or info is None)
        now = self.selection.now
        if not groups or info is None:
            return
        group = info.group(now.group)
        self._group.setCurrentText(group.title)
        layer = group.nearest(now.layer)
        for box, value, n in ((self._layer, layer, group.n_layers), (self._head, now.head, group.n_heads[layer])):
            box.blockSignals(True)
            box.setRange(0, n - 1)
            box.setSuffix(self.tr("  of 0–{}").format(n - 1))
            box.setValue(value)
            box.blockSignals(False)

    def requests(self) -> tuple[Request, ...]:
        assert self.subject
        info, now = self.subject.checkpoint, self.selection.now
        if "attention" not in info.capabilities:
            return ()
        from inference.results.heads import HeadsRequest
        from inference.results.maps import RowsRequest

        # While another checkpoint is opened, what is selected may be what only that one has.
        group, layer, head = layer_and_head(info, self.selection)
        common = (info.checkpoint, self.subject.input, group)
        query = now.query_pos(info.group(group))
        if query is None:
            return (HeadsRequest(*common),)
        # One row, however long the text is.
        return HeadsRequest(*common), RowsRequest(*common, layer, head, query, query + 1)

    def is_detail(self, request: Request) -> bool:
        from inference.results.maps import RowsRequest

        return isinstance(request, RowsRequest)

    def show_result(self, request: Request, result: object, is_partial: bool) -> None:
        from inference.results.heads import HeadsRequest, HeadsResult
        from inference.results.maps import RowsRequest, RowsResult

        if isinstance(request, HeadsRequest) and isinstance(result, HeadsResult):
            self._heads = request, result
        elif isinstance(request, RowsRequest) and isinstance(result, RowsResult):
            self._row = request, result
        self._fill()

    def take_remembered(self, request: Request, result: object, where_from: str) -> None:
        """Not shown: all that stands here are numbers, and those of an old answer are none."""

    def figure(self) -> Figure | None:
        return None

    def picture(self) -> QWidget:
        return self._numbers

    def clear_numbers(self) -> None:
        self._filled = _NOTHING
        self._fill_measures(None)
        self._fill_keys(None, None)

    @Slot()
    def _fit_group(self) -> None:
        self._group.setMinimumWidth(self._group.sizeHint().width())

    def restyle(self) -> None:
        # While the panel is hidden, what is in it gets its letters later than the panel.
        QTimer.singleShot(0, self._fit_group)
        self._align()
        self._filled = _NOTHING  # letters are of another size
        self._fill()

    def _align(self) -> None:
        """Both forms have their fields below each other."""
        forms = (self._chosen, self._measures)
        titles = [form.itemAt(row, QFormLayout.ItemRole.LabelRole) for form in forms for row in range(form.rowCount())]
        labels = [label for title in titles if title is not None and isinstance(label := title.widget(), PlainLabel)]
        widest = max(self.fontMetrics().horizontalAdvance(label.text()) for label in labels)
        if all(label.minimumWidth() == widest for label in labels):
            return  # to lay them out takes longer than to fill them
        for label in labels:
            label.setMinimumWidth(widest)
            label.setIndent(label.indent())  # else Qt goes on with the width that it had before

    def selection_changed(self, now: Selected, old: Selected) -> None:
        self._soon.start_unless_waiting()  # the views come first, whose picture the user waits for

    def _on_soon_elapsed(self) -> None:
        self._fill_controls()
        self.follow()
        self._fill()

    # Numbers: none but those that are asked for

    def _fill(self) -> None:
        wanted = self.requests() if self.subject and not self.is_dimmed else ()
        heads = self._heads[1] if self._heads and self._heads[0] in wanted else None
        row = self._row[1] if self._row and self._row[0] in wanted else None
        # Told several times of one choice; each filling lays the panel out anew.
        now = self.selection.now
        old_heads, old_row, old_head, old_token = self._filled
        of_head, of_token = (now.group, now.layer, now.head), (now.group, now.query, now.key)
        self._filled = heads, row, of_head, of_token
        if old_heads is not heads or old_head != of_head:
            self._fill_measures(heads)
        if old_heads is not heads or old_row is not row or old_token != of_token:
            self._fill_keys(heads, row)

    def _fill_measures(self, heads: HeadsResult | None) -> None:
        now = self.selection.now
        axis = heads.axes[0] if heads else "text"
        for name, label in self._values.items():
            table = heads.measures.get(name) if heads else None
            is_there = table is not None and now.layer < table.shape[0] and now.head < table.shape[1]
            value = float(table[now.layer, now.head]) if is_there and table is not None else math.nan
            if heads is not None:
                if name in ("cls", "sep"):  # of which there is nothing to tell without such a token
                    self._measures.setRowVisible(label, name in heads.marks)
                title = self._measures.labelForField(label)
                assert isinstance(title, PlainLabel)
                title.setText(measure_name(name, axis, heads.marks))
            label.setText(number_with_unit(name, value, axis))
            if label.wordWrap():  # at spaces alone: its words are never cut
                words = label.text().split()
                label.setMinimumWidth(max(map(self.fontMetrics().horizontalAdvance, words), default=0))
        if heads is not None:  # measures of an image have other names than those of a text
            self._align()
        self._sentence.setText(self._sentence_of(heads) if heads is not None else "")
        self._sentence.setVisible(bool(self._sentence.text()))

    def _sentence_of(self, heads: HeadsResult) -> str:
        from widgets.figures.head_sentence import head_sentence

        now, shape = self.selection.now, heads.measures["entropy"].shape
        is_there = now.layer < shape[0] and now.head < shape[1]
        return head_sentence(heads, (now.layer, now.head), ("distance",)) if is_there else ""

    def _fill_keys(self, heads: HeadsResult | None, row: RowsResult | None) -> None:
        self._keys.setRowCount(0)
        if heads is None:
            self._token.setText("")
            return
        query, words = self.query_pos, heads.key_tokens.words
        if query is None or query >= len(heads.query_tokens):
            group = self.subject.checkpoint.group(self.selection.now.group) if self.subject else None
            example = heads.query_tokens.default_query(is_causal=group is not None and group.is_causal)
            self._token.setText(nothing_selected(heads.axes[0], heads.query_tokens.words[example], example))
            return
        what = place_name(heads.axes[0]).step
        self._token.setText(self.tr("“{}” ({} {})").format(isolated(heads.query_tokens.words[query]), what, query))
        if row is None:
            return
        strongest = (-row.pattern).argsort(kind="stable")[:N_KEYS]
        self._keys.setRowCount(len(strongest))
        for line, key in enumerate(strongest):
            word = QTableWidgetItem(words[key])
            word.setData(Qt.ItemDataRole.UserRole, int(key))
            self._keys.setItem(line, 0, word)
            for column, text in ((1, str(key)), (2, weight(float(row.pattern[key])))):
                number = QTableWidgetItem(text)
                number.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                self._keys.setItem(line, column, number)
            self._keys.setRowHeight(line, int(1.6 * self.fontMetrics().height()))
            if key == self.key_pos:
                # Not `selectRow`, which heeds the keys that are held: Shift is, where arrows move the selected cell.
                self._keys.setCurrentItem(word, _THIS_ROW)

    # What the user does

    def _on_group_activated(self, index: int) -> None:
        if self._checkpoint is not None:
            self.selection.update(group=self._checkpoint.attending[index].name)

    def _on_layer_value_changed(self, layer: int) -> None:
        if self._checkpoint is not None:
            now = self.selection.now
            self.selection.update(layer=self._checkpoint.group(now.group).toward(now.layer, layer))
            self._fill_controls()

    def _on_head_value_changed(self, head: int) -> None:
        self.selection.update(head=head)

    def _on_keys_cell_clicked(self, row: int, _column: int) -> None:
        item = self._keys.item(row, 0)
        if item is not None:
            self.choose(key_pos=item.data(Qt.ItemDataRole.UserRole))
