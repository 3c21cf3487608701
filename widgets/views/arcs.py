"""The view of attention as lines between two token columns."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QFontMetricsF, QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSlider, QVBoxLayout, QWidget

from inference.results import AttentionRequest, AttentionResult
from widgets.arcs_canvas import ArcsCanvas
from widgets.control_bar import ControlBar
from widgets.figures.arcs import ArcsFigure, Focus, has_two_segments
from widgets.head_chips import HeadChips
from widgets.selection import Selected, Selection
from widgets.view import View
from widgets.walk import layer_and_head, walk

# What the slider offers: fine where weak lines crowd, coarse where few are left.
THRESHOLDS = (0.0, 0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


class ArcsView(View):
    """The heads of a layer as lines from each token to those that it looks at; hovering a token shows its lines alone.

    A click on the left selects the query, on the right the key; a second click selects none.
    """

    def __init__(self, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(selection, parent)
        self._result: AttentionResult | None = None
        self._clicked: Focus | None = None

        controls = ControlBar(self)
        self._which = controls.add_choice(
            "arcs_heads", self.tr("Sho&w:"), ((self.tr("All heads"), False), (self.tr("Selected head"), True))
        )
        self._segments = controls.add_choice(
            "arcs_segments",
            self.tr("S&entences:"),
            ((self.tr("All"), "all"), ("A → A", "AA"), ("A → B", "AB"), ("B → A", "BA"), ("B → B", "BB")),
        )
        self._segments.setToolTip(self.tr("Only lines from one sentence to another, where the input has two"))
        self._segments.setEnabled(False)
        self._threshold = QSlider(Qt.Orientation.Horizontal)
        self._threshold.setObjectName("arcs_threshold")
        self._threshold.setRange(0, len(THRESHOLDS) - 1)
        self._threshold.setValue(THRESHOLDS.index(0.02))
        self._threshold.setPageStep(1)
        self._threshold.setAccessibleName(self.tr("Weakest line shown"))
        self._threshold.setToolTip(self.tr("Weakest line shown, as a share of what a token gives away"))
        self._threshold_value = QLabel()
        weakest = QWidget(controls)
        row = QHBoxLayout(weakest)
        row.setContentsMargins(0, 0, 0, 0)
        label = QLabel(self.tr("Weakest &line:"))
        label.setBuddy(self._threshold)
        for widget in (label, self._threshold, self._threshold_value):
            row.addWidget(widget)
        controls.add_widget(weakest)
        self._hide_special = controls.add_check(
            "arcs_hide_special",
            self.tr("&Hide special tokens"),
            self.tr("Leave out lines from and to [CLS], [SEP] and their like"),
        )
        self._pin = controls.add_check(
            "arcs_only_selected",
            self.tr("&Only selected token"),
            self.tr("Draw only the lines of the token that was clicked last"),
        )
        self._chips = HeadChips(self)
        self._canvas = ArcsCanvas(self)
        self._canvas.setObjectName("arcs_canvas")
        self._canvas.setAccessibleName(self.tr("Attention arcs"))
        self._canvas.set_figure(None, self.tr("Lines between tokens appear here."))
        self.setFocusProxy(self._canvas)

        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for widget in (controls, self._chips):
            column.addWidget(widget)
        column.addWidget(self._canvas, 1)
        self._fit_letters()
        self._redraw()

        self._which.currentIndexChanged.connect(self._redraw)
        self._segments.currentIndexChanged.connect(self._redraw)
        self._threshold.valueChanged.connect(self._redraw)
        self._hide_special.toggled.connect(self._redraw)
        self._pin.toggled.connect(self._redraw)
        self._chips.toggled.connect(self._redraw)
        self._chips.chosen.connect(self._on_chips_chosen)
        self._canvas.clicked.connect(self._on_canvas_clicked)
        self._canvas.hovered.connect(self._on_canvas_hovered)

    @property
    def canvas(self) -> ArcsCanvas:
        """Where the lines are."""
        return self._canvas

    @property
    def chips(self) -> HeadChips:
        """The heads in their colours."""
        return self._chips

    # What a view answers

    def requests(self) -> tuple[object, ...]:
        assert self.subject
        group, layer, _head = layer_and_head(self.subject.checkpoint, self.selection)
        return (AttentionRequest(self.subject.checkpoint.checkpoint, self.subject.input, group, layers=(layer,)),)

    def show_result(self, result: object) -> None:
        assert isinstance(result, AttentionResult)
        self._result = result
        self._chips.set_heads(result.heads)
        has_pair = has_two_segments(result.query_tokens) and has_two_segments(result.key_tokens)
        if not has_pair:
            self._segments.setCurrentIndex(0)
        self._segments.setEnabled(has_pair)
        self._redraw()

    def figure(self) -> ArcsFigure | None:
        return self._canvas.figure

    def selection_changed(self, now: Selected, old: Selected) -> None:
        if (now.group, now.layer) != (old.group, old.layer):
            self.refresh()
        if (now.head, now.query_pos, now.key_pos) != (old.head, old.query_pos, old.key_pos):
            self._redraw()

    # What the user does

    def _redraw(self) -> None:
        threshold = THRESHOLDS[self._threshold.value()]
        self._threshold_value.setText(self.tr("{share:.1%}").format(share=threshold))
        is_single = bool(self._which.currentData())
        if self._result is None:
            return
        head = min(self.selection.now.head, self._result.heads[-1])
        title = self.tr("Layer {layer}, head {head}") if is_single else self.tr("Layer {layer}")
        self._chips.set_title(title.format(layer=self._result.layers[0], head=head), shows_chips=not is_single)
        self._chips.set_selected(head)
        are_all_on = self._chips.heads_on == self._result.heads
        heads = (head,) if is_single else None if are_all_on else self._chips.heads_on
        now = self.selection.now
        self._canvas.set_figure(
            ArcsFigure(
                self._result,
                heads,
                threshold,
                self._segments.currentData(),
                self._pinned(),
                self._hide_special.isChecked(),
                (now.query_pos, now.key_pos),
            )
        )
        self.figure_changed.emit()

    def _pinned(self) -> Focus | None:
        """The selected token, the key if that was clicked last, where only its lines are wanted."""
        if not self._pin.isChecked() or self._result is None:
            return None
        now = self.selection.now
        query = Focus("query", now.query_pos) if now.query_pos is not None else None
        key = Focus("key", now.key_pos) if now.key_pos is not None else None
        focus = key if key and key == self._clicked else query or key
        if focus is None:
            return None
        tokens = self._result.query_tokens if focus.side == "query" else self._result.key_tokens
        return focus if focus.pos < len(tokens) else None

    def _on_canvas_clicked(self, token: Focus) -> None:
        self._clicked = token
        now = self.selection.now
        if token.side == "query":
            self.selection.update(query_pos=None if now.query_pos == token.pos else token.pos)
        else:
            self.selection.update(key_pos=None if now.key_pos == token.pos else token.pos)

    def _on_canvas_hovered(self, _token: Focus | None) -> None:
        self.figure_changed.emit()

    def _on_chips_chosen(self, head: int) -> None:
        self.selection.update(head=head)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows walk through heads and layers, with Ctrl through the query tokens; Escape selects no token."""
        ctrl = event.modifiers() & Qt.KeyboardModifier.ControlModifier
        if self.subject and walk(event, self.subject.checkpoint, self.selection):
            return
        if event.key() == Qt.Key.Key_Escape:
            self.selection.update(query_pos=None, key_pos=None)
        elif self._result and ctrl and event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            step = 1 if event.key() == Qt.Key.Key_Down else -1
            now = self.selection.now.query_pos
            pos = 0 if now is None else min(max(now + step, 0), len(self._result.query_tokens) - 1)
            self.selection.update(query_pos=pos)
            self._canvas.ensure_visible(Focus("query", pos))
        else:
            super().keyPressEvent(event)

    def _fit_letters(self) -> None:
        em = QFontMetricsF(self.font()).height()
        self._threshold.setFixedWidth(round(9 * em))
        self._threshold_value.setFixedWidth(round(3.4 * em))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange and hasattr(self, "_threshold"):
            self._fit_letters()
