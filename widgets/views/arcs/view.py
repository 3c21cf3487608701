"""The view of attention as lines between two token columns."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtGui import QFontMetricsF, QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSlider, QVBoxLayout, QWidget

from inference.results.attention import AttentionRequest, AttentionResult
from inference.results.events import Failure
from inference.results.lines import LinesRequest, LinesResult
from inference.results.request import Request
from inference.results.tokens import Tokens
from widgets.context import ViewContext
from widgets.kit.control_bar import ControlBar
from widgets.kit.group_choice import GroupChoice
from widgets.kit.head_steps import layer_and_head, walk
from widgets.kit.line_label import LineLabel
from widgets.kit.text_length import WHOLE, most_tokens
from widgets.selection import Selected
from widgets.subject import Subject
from widgets.view import View
from widgets.views.arcs.canvas import ArcsCanvas
from widgets.views.arcs.feed import ArcsFeed
from widgets.views.arcs.figure import ArcsFigure, has_two_segments
from widgets.views.arcs.head_chips import HeadChips
from widgets.views.arcs.layout import Focus
from widgets.views.arcs.long_arcs import LongArcsFigure

_PAUSE = 40  # milliseconds that moves are gathered before lines are asked for
_N_STRONGEST = 5
# What the slider offers: fine where weak lines crowd, coarse where few are left.
THRESHOLDS = (0.0, 0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


class ArcsView(View):
    """The heads of a layer as lines from each token to those that it looks at; hovering a token shows its lines alone.

    A click on the left selects the query, on the right the key; a second click selects none. Of long texts the lines
    of what is on screen are asked for.
    """

    def __init__(self, context: ViewContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._result: AttentionResult | LinesResult | None = None
        self._clicked: Focus | None = None
        self._feed = ArcsFeed()
        self._lengths: dict[str, int] = {}  # of the longer column, by group, as far as known
        self._asking = QTimer(self, interval=_PAUSE, singleShot=True)

        controls = ControlBar(self)
        self._group = GroupChoice(controls, "arcs_group", context.selection)
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
        self._read_out = LineLabel(self.tr("What is shown"), self)
        self._read_out.setObjectName("arcs_read_out")
        column.addWidget(self._read_out)
        self._fit_letters()
        self._redraw()

        self._which.currentIndexChanged.connect(self._on_which_changed)
        self._segments.currentIndexChanged.connect(self._on_control_changed)
        self._threshold.valueChanged.connect(self._on_threshold_value_changed)
        self._hide_special.toggled.connect(self._on_control_changed)
        self._pin.toggled.connect(self._on_control_changed)
        self._chips.toggled.connect(self._on_control_changed)
        self._chips.chosen.connect(self._on_chips_chosen)
        self._canvas.clicked.connect(self._on_canvas_clicked)
        self._canvas.hovered.connect(self._on_canvas_hovered)
        self._canvas.scrolled.connect(self._on_canvas_scrolled)
        self._asking.timeout.connect(self.refresh)

    @property
    def canvas(self) -> ArcsCanvas:
        """Where the lines are."""
        return self._canvas

    @property
    def chips(self) -> HeadChips:
        """The heads in their colours."""
        return self._chips

    # What a view answers

    def set_subject(self, subject: Subject | None) -> None:
        old = self.subject
        if old is None or subject is None or (old.checkpoint, old.input.unmasked()) != (
            subject.checkpoint, subject.input.unmasked()
        ):  # fmt: skip
            self._lengths.clear()  # which masks do not change
            self._canvas.go_to_start()
        if old != subject:
            self._feed.forget()
        self._group.offer(subject.checkpoint if subject else None)
        super().set_subject(subject)

    def requests(self) -> tuple[Request, ...]:
        assert self.subject
        checkpoint, input = self.subject.checkpoint.checkpoint, self.subject.input
        group, layer, head = layer_and_head(self.subject.checkpoint, self.selection)
        if self._lengths.get(group, most_tokens(input)) <= WHOLE:
            return (AttentionRequest(checkpoint, input, group, layers=(layer,)),)
        heads = (head,) if self._which.currentData() else ()
        about = LinesRequest(checkpoint, input, group, layer, heads, 0, 0, THRESHOLDS[self._threshold.value()])
        self._feed.look_at(about, self._canvas.rows_on_screen())
        return self._feed.requests()

    def show_result(self, request: Request, result: object, is_partial: bool) -> None:
        if isinstance(result, LinesResult):
            length = max(len(result.query_tokens), len(result.key_tokens))
            if not self._feed.take(result):
                return
            self._lengths[result.group] = length
            if length <= WHOLE:  # the text was shorter than it looked
                self.refresh()
                return
            self._result = self._feed.lines
        elif isinstance(result, AttentionResult):
            self._lengths[result.group] = max(len(result.query_tokens), len(result.key_tokens))
            self._result = result
        assert self._result is not None
        if isinstance(result, AttentionResult) or len(self._result.heads) > 1 or not self._chips.heads_on:
            self._chips.set_heads(self._result.heads)
        has_pair = has_two_segments(self._result.query_tokens) and has_two_segments(self._result.key_tokens)
        if not has_pair:
            self._segments.setCurrentIndex(0)
        self._segments.setEnabled(has_pair)
        is_long = isinstance(result, LinesResult)
        self._redraw(goes_on=is_long)
        if is_long:
            self.refresh()

    def show_failure(self, request: Request, failure: Failure) -> None:
        self._feed.give_up()
        super().show_failure(request, failure)

    def figure(self) -> ArcsFigure | None:
        figure = self._canvas.figure
        return figure.seen(self._canvas.rows_on_screen()) if isinstance(figure, LongArcsFigure) else figure

    def selection_changed(self, now: Selected, old: Selected) -> None:
        self.refresh()
        if (now.head, now.query, now.key) != (old.head, old.query, old.key):
            self._redraw()
        query_pos = self.query_pos
        if now.query != old.query and query_pos is not None and isinstance(self._result, LinesResult):
            self._canvas.ensure_visible(Focus("query", min(query_pos, len(self._result.query_tokens) - 1)))

    # What the user does

    def _redraw(self, *, goes_on: bool = False) -> None:
        """Show what is known; `goes_on` if nothing but more lines came."""
        threshold = THRESHOLDS[self._threshold.value()]
        self._threshold_value.setText(self.tr("{share:.1%}").format(share=threshold))
        is_single = bool(self._which.currentData())
        if self._result is None:
            return
        result = self._result
        head = min(self.selection.now.head, result.heads[-1])
        title = self.tr("Layer {layer}, head {head}") if is_single else self.tr("Layer {layer}")
        layer = result.layer if isinstance(result, LinesResult) else result.layers[0]
        self._chips.set_title(title.format(layer=layer, head=head), shows_chips=not is_single)
        self._chips.set_selected(head)
        are_all_on = self._chips.heads_on == result.heads
        heads = (head,) if is_single else None if are_all_on else self._chips.heads_on
        shown = (heads, threshold, self._segments.currentData(), self._pinned(), self._hide_special.isChecked())
        selected = (self.query_pos, self.key_pos)
        if isinstance(result, LinesResult):
            figure = LongArcsFigure(result, *shown, selected, self._canvas.rows_on_screen(), self._feed.row)
            old = self._canvas.figure
            if goes_on and isinstance(old, LongArcsFigure):
                self._canvas.go_on(figure, has_same_lines=old.result is result)
            else:
                self._canvas.set_figure(figure)
        else:
            self._canvas.set_figure(ArcsFigure(result, *shown, selected))
        self._read()
        self.figure_changed.emit()

    def _read(self) -> None:
        """What is shown, or what the token pointed at looks at most."""
        figure = self.figure()
        if figure is None:
            return
        token = figure.focus
        strongest = [line for line, _ in zip(figure.lines.each(), range(_N_STRONGEST), strict=False)]
        if token is None or not strongest:
            self._read_out.show_text(figure.caption)
            return
        others = [
            f"{figure.word(Focus('key', key) if token.side == 'query' else Focus('query', query))} "
            f"({key if token.side == 'query' else query}) {weight:.3g}"
            for query, key, _, weight in strongest
        ]
        text = self.tr("{} ({}) looks most at") if token.side == "query" else self.tr("{} ({}) is looked at most by")
        start = text.format(figure.word(token), token.pos)
        self._read_out.show_text("  \N{MIDDLE DOT}  ".join((f"{start}  {others[0]}", *others[1:])))

    def _pinned(self) -> Focus | None:
        """The selected token, the key if that was clicked last, where only its lines are wanted."""
        if not self._pin.isChecked() or self._result is None:
            return None
        query = Focus("query", self.query_pos) if self.query_pos is not None else None
        key = Focus("key", self.key_pos) if self.key_pos is not None else None
        focus = key if key and key == self._clicked else query or key
        if focus is None:
            return None
        tokens: Tokens = self._result.query_tokens if focus.side == "query" else self._result.key_tokens
        return focus if focus.pos < len(tokens) else None

    def _on_canvas_clicked(self, token: Focus) -> None:
        self._clicked = token
        if token.side == "query":
            self.choose(query_pos=None if self.query_pos == token.pos else token.pos)
        else:
            self.choose(key_pos=None if self.key_pos == token.pos else token.pos)

    def _on_control_changed(self) -> None:
        self._redraw()

    def _on_which_changed(self) -> None:
        self._redraw()
        self.refresh()

    def _on_threshold_value_changed(self) -> None:
        self._redraw()
        self._ask_soon()

    def _on_canvas_hovered(self, token: Focus | None) -> None:
        self._read()
        self.figure_changed.emit()
        if isinstance(self._result, LinesResult):
            self._feed.point_at(token.pos if token is not None and token.side == "query" else None)
            self._ask_soon()

    def _on_canvas_scrolled(self) -> None:
        if isinstance(self._result, LinesResult):
            self._ask_soon()

    def _ask_soon(self) -> None:
        """Moves are gathered before something is asked for."""
        if not self._asking.isActive():
            self._asking.start()

    def _on_chips_chosen(self, head: int) -> None:
        self.selection.update(head=head)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows walk through heads and layers, with Ctrl through the query tokens; Escape selects no token."""
        ctrl = event.modifiers() & Qt.KeyboardModifier.ControlModifier
        if self.subject and walk(event, self.subject.checkpoint, self.selection):
            return
        if event.key() == Qt.Key.Key_Escape:
            self.choose(query_pos=None, key_pos=None)
        elif self._result and ctrl and event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            step = 1 if event.key() == Qt.Key.Key_Down else -1
            now = self.query_pos
            pos = 0 if now is None else min(max(now + step, 0), len(self._result.query_tokens) - 1)
            self.choose(query_pos=pos)
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
