"""The view of scaled dot-product attention with the real numbers of one query."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget

from inference.results.events import Failure
from inference.results.request import Request
from inference.results.scaled_dot import ScaledDotRequest, ScaledDotResult
from inference.results.tokens import Tokens
from widgets.context import ViewContext
from widgets.kit.clean import isolated
from widgets.kit.group_choice import GroupChoice
from widgets.kit.head_steps import layer_and_head, walk
from widgets.kit.option_controls import OptionControls
from widgets.kit.page import Page
from widgets.kit.plain import explain_items, tip_with_terms
from widgets.selection import Selected
from widgets.subject import Subject
from widgets.view import View
from widgets.views.scaled_dot.canvas import ScaledDotCanvas
from widgets.views.scaled_dot.figure import ScaledDotFigure
from widgets.views.scaled_dot.options import ScaledDotOptions
from widgets.views.scaled_dot.steps import explain_dot, steps_of


class ScaledDotView(View):
    """softmax(q Kᵀ / √dₖ) V of the selected head and query, number by number; hovering a key writes out its product.

    A click on a row selects its key, a second click none. Space and 1 to 9 walk through the steps, 0 shows all.
    """

    def __init__(self, context: ViewContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._result: ScaledDotResult | None = None
        self._tokens: Tokens | None = None  # of the queries of what is looked at; None: not known yet
        self._group = ""  # whose query tokens these are
        self._is_probing = False  # asks of whichever token there is, to learn how many there are

        self._canvas = ScaledDotCanvas(self)
        self._canvas.setObjectName("scaled_dot_canvas")
        self._canvas.setAccessibleName(self.tr("Dot products of a query"))
        self._page = self.add_page(
            Page("scaled_dot", self._canvas, self.tr("What is shown"), self.tr("Dot product of a key"))
        )
        self._page.show_empty(self.tr("Asking the model …"))
        controls = self._page.controls
        self._groups = GroupChoice(controls, "scaled_dot_group", context.selection)
        self._query = controls.add_choice("scaled_dot_query", self.tr("&Query"), ())
        self._steps = controls.add_choice("scaled_dot_step", self.tr("&Step"), ((self.tr("All steps"), None),))
        previous = controls.add_button("scaled_dot_previous", "◀", self.tr("Previous step"))
        following = controls.add_button("scaled_dot_next", "▶", self.tr("Next step (Space)"))
        self._options = self.add_options(OptionControls(controls, "scaled_dot", ScaledDotOptions, leave_out=("step",)))
        self._steps.setToolTip(self.tr("1 to 9 choose a step, 0 shows all"))

        self._query.activated.connect(self._on_query_activated)
        self._steps.activated.connect(self._on_steps_activated)
        previous.clicked.connect(self.previous_step)
        following.clicked.connect(self.next_step)
        self._options.changed.connect(self._on_options_changed)
        self._canvas.clicked.connect(self._on_canvas_clicked)
        self._canvas.hovered.connect(self._on_canvas_hovered)
        self.standing_changed.connect(self._read)

    @property
    def canvas(self) -> ScaledDotCanvas:
        """Where the numbers are."""
        return self._canvas

    @property
    def step(self) -> int | None:
        """The step that is explained, counted from 1; None: all."""
        figure = self._canvas.figure
        return figure.step if figure is not None else None

    # Data in

    def set_subject(self, subject: Subject | None) -> None:
        self._tokens, self._is_probing = None, False
        self._groups.offer(subject.checkpoint if subject else None)
        super().set_subject(subject)
        if self.is_dimmed:  # the words are those of the old text
            self._query.clear()

    def requests(self) -> tuple[Request, ...]:
        assert self.subject
        group, layer, head = layer_and_head(self.subject.checkpoint, self.selection)
        if group != self._group:
            self._group, self._tokens = group, None
        subject = self.subject
        return (ScaledDotRequest(subject.checkpoint.checkpoint, subject.input, group, layer, head, self._wanted()),)

    def show_result(self, request: Request, result: object, is_partial: bool) -> None:
        assert isinstance(result, ScaledDotResult)
        self._is_probing = False
        self._group, self._tokens = result.group, result.query_tokens
        old, self._result = self._result, result
        is_other = old is None or old.query_tokens.words != result.query_tokens.words
        is_same_row = old is not None and not is_other and _row(old) == _row(result)
        if is_other or self._query.count() != len(result.query_tokens):
            self._query.clear()
            self._query.addItems([f"{pos}  {isolated(word)}" for pos, word in enumerate(result.query_tokens.words)])
        self._query.setCurrentIndex(result.query_pos)
        self._list_steps()
        self._page.show_canvas()
        self._redraw()
        if not is_same_row:
            self._canvas.go_to_most()

    def show_failure(self, request: Request, failure: Failure) -> None:
        if self._tokens is None and not self._is_probing and self.query_pos is not None:
            # The selected token may be one of a longer input: ask again for one that every input has.
            self._is_probing = True
            self.refresh()
            return
        super().show_failure(request, failure)
        if self._page.is_empty:
            self._page.show_empty(failure.message)

    def figure(self) -> ScaledDotFigure | None:
        return self._canvas.figure

    def selection_changed(self, now: Selected, old: Selected) -> None:
        if now.key != old.key:
            self._redraw()
        if (now.group, now.layer, now.head, now.query) != (old.group, old.layer, old.head, old.query):
            self.refresh()

    def _wanted(self) -> int | None:
        """The selected query; None where there is none, or it is one of a longer input."""
        selected = self.query_pos
        is_one = not self._is_probing if self._tokens is None else selected is not None and selected < len(self._tokens)
        return selected if is_one else None

    # Steps

    def set_step(self, step: int | None) -> None:
        """Explain one step, counted from 1, or show all alike."""
        n_steps = self._steps.count() - 1
        chosen = step if step is not None and 1 <= step <= n_steps else 0
        self._options.set_value(replace(self._options.value(), step=chosen))

    def next_step(self) -> None:
        """The step after this one; all steps after the last."""
        self.set_step((self.step or 0) + 1)

    def previous_step(self) -> None:
        """The step before this one; the last before all."""
        n_steps = self._steps.count() - 1
        self.set_step(n_steps if self.step is None else self.step - 1)

    def _list_steps(self) -> None:
        assert self._result
        titles = [f"{number}  {step.title}" for number, step in enumerate(steps_of(self._result), 1)]
        titles.insert(0, self.tr("All steps"))
        was = [self._steps.itemText(index) for index in range(self._steps.count())]
        if titles != was:
            self._steps.clear()
            self._steps.addItems(titles)
            explain_items(self._steps)
            if len(was) > 1:  # of another kind of head: the number would mean another step
                self._options.set_value(replace(self._options.value(), step=0), quietly=True)

    # The picture

    def _redraw(self) -> None:
        if self._result is None:
            return
        figure = ScaledDotFigure(self._result, self._options.value(), self.key_pos)
        self._canvas.show_figure(figure, self.style_now())
        self._page.caption.show_text(figure.caption)
        self._steps.setCurrentIndex(figure.step or 0)
        self._read()
        self.figure_changed.emit()

    def restyle(self) -> None:
        self._redraw()

    def _read(self) -> None:
        """The product of the hovered key, or else of the selected one; none beside old numbers."""
        key = self._canvas.hovered_key if self._canvas.hovered_key is not None else self.key_pos
        if self.is_dimmed or self._result is None:
            self._page.read_out.show_text("")
        elif key is None or key >= len(self._result.key_tokens):
            self._page.read_out.show_text(self.tr("Point at a key to see its dot product written out."))
        else:
            word = isolated(self._result.key_tokens.words[key])
            self._page.read_out.show_text(f"“{word}”:  {explain_dot(self._result, key)}")

    # What the user does

    def _on_query_activated(self, pos: int) -> None:
        self.choose(query_pos=pos)

    def _on_steps_activated(self, step: int) -> None:
        self.set_step(step or None)

    def _on_options_changed(self) -> None:
        was_sorted = self._canvas.figure is not None and self._canvas.figure.options.by_weight
        self._redraw()
        if self._options.value().by_weight != was_sorted:
            self._canvas.go_to_most()

    def _on_canvas_hovered(self, key: int | None) -> None:
        self._read()
        figure = self._canvas.figure
        special = "" if figure is None or key is None else figure.result.key_tokens.special(key)
        self._canvas.setToolTip(tip_with_terms("", special))

    def _on_canvas_clicked(self, key: int) -> None:
        self.choose(key_pos=None if self.key_pos == key else key)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows walk through heads and layers, with Ctrl through the keys; Space and digits through the steps."""
        key = event.key()
        ctrl = event.modifiers() & Qt.KeyboardModifier.ControlModifier
        if self.subject and walk(event, self.subject.checkpoint, self.selection):
            return
        if key == Qt.Key.Key_Space:
            self.next_step()
        elif key == Qt.Key.Key_Escape and self.step is not None:
            self.set_step(None)
        elif Qt.Key.Key_0 <= key <= Qt.Key.Key_9:
            self.set_step(int(event.text() or 0) or None)
        elif self._canvas.figure and ctrl and key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self._walk_keys(1 if key == Qt.Key.Key_Down else -1)
        else:
            super().keyPressEvent(event)

    def _walk_keys(self, step: int) -> None:
        """The key in the row below or above."""
        assert self._canvas.figure
        order = self._canvas.figure.order.tolist()
        now = self.key_pos
        row = min(max(order.index(now) + step, 0), len(order) - 1) if now in order else 0
        self.choose(key_pos=order[row])
        self._canvas.ensure_visible(order[row])


def _row(result: ScaledDotResult) -> tuple[str, int, int, int]:
    """Whose numbers they are."""
    return result.group, result.layer, result.head, result.query_pos
