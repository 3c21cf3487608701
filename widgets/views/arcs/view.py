"""Attention as lines between two columns, of queries and of keys."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget

from inference.results.attention import AttentionRequest, AttentionResult
from inference.results.events import Failure
from inference.results.lines import LinesRequest, LinesResult
from inference.results.request import Request
from inference.results.tokens import Tokens
from widgets.context import ViewContext
from widgets.figures.places import place_name
from widgets.kit.delay import Delay
from widgets.kit.group_choice import GroupChoice
from widgets.kit.head_steps import layer_and_head, walk
from widgets.kit.option_controls import OptionControls
from widgets.kit.page import Page
from widgets.kit.plain import tip_with_terms
from widgets.kit.text_length import WHOLE, most_tokens
from widgets.selection import Selected
from widgets.subject import Subject
from widgets.view import View
from widgets.views.arcs.canvas import ArcsCanvas
from widgets.views.arcs.columns import has_two_segments
from widgets.views.arcs.feed import ArcsFeed
from widgets.views.arcs.figure import ArcsFigure
from widgets.views.arcs.head_chips import HeadChips
from widgets.views.arcs.lines import Focus
from widgets.views.arcs.long_arcs import LongArcsFigure
from widgets.views.arcs.options import ArcsOnly, ArcsOptions
from widgets.views.arcs.threshold_slider import THRESHOLDS, ThresholdSlider

_PAUSE = 40  # milliseconds that moves are gathered before lines are asked for
_N_STRONGEST = 3  # as many as a line of a small window holds
_PATCHES = ("patches", "all patches", "film", "pixels")  # names of axes along an image; those of stages are numbered
_MIXED = ("both", "coordinates", "items", "pointers")  # of words with parts of an image or a film, and along a mesh
_MANY = 40  # places of these, whose lines all together are a fog


class ArcsView(View):
    """The heads of a layer as lines from each token to those that it attends to; hovering one shows its lines alone.

    A click on the left selects the query, on the right the key; a second click selects none. Of long texts the lines
    of what is on screen are asked for.
    """

    def __init__(self, context: ViewContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._result: AttentionResult | LinesResult | None = None
        self._clicked: Focus | None = None
        self._is_fog = False  # all lines together would be
        self._is_at_start = True  # nothing of this input and group was shown yet
        self._fitted = ArcsOptions().threshold  # to how many patches there are
        self._feed = ArcsFeed()
        self._lengths: dict[str, int] = {}  # of the longer column, by group, as far as known
        self._asking = Delay(_PAUSE, self)

        self._canvas = ArcsCanvas(self)
        self._canvas.setObjectName("arcs_canvas")
        self._canvas.setAccessibleName(self.tr("Attention arcs"))
        self._page = self.add_page(
            Page("arcs", self._canvas, self.tr("What is shown"), self.tr("Strongest lines"), has_long_read_out=True)
        )
        self._page.show_empty(self.tr("Asking the model …"))
        controls = self._page.controls
        self._group = GroupChoice(controls, "arcs_group", context.selection)
        self._only = self.add_options(OptionControls(controls, "arcs_only", ArcsOnly))
        self._threshold = ThresholdSlider()
        controls.add_widget(self._threshold)
        rare = ("segments", "hide_special")
        self._options = self.add_options(
            OptionControls(controls, "arcs", ArcsOptions, leave_out=("threshold",), rare=rare)
        )
        self._chips = HeadChips(controls)
        controls.add_widget(self._chips)
        self._options.control("segments").setEnabled(False)
        self._threshold.set_value(self._options.value().threshold)

        self._only.changed.connect(self._on_only_changed)
        self._options.changed.connect(self._on_options_changed)
        self._threshold.value_changed.connect(self._on_threshold_value_changed)
        self._chips.toggled.connect(self._on_chips_toggled)
        self._chips.chosen.connect(self._on_chips_chosen)
        self._canvas.clicked.connect(self._on_canvas_clicked)
        self._canvas.hovered.connect(self._on_canvas_hovered)
        self._canvas.scrolled.connect(self._on_canvas_scrolled)
        self._asking.elapsed.connect(self._on_asking_elapsed)
        self.standing_changed.connect(self._read)

    @property
    def canvas(self) -> ArcsCanvas:
        """Where the lines are."""
        return self._canvas

    @property
    def chips(self) -> HeadChips:
        """The heads in their colours."""
        return self._chips

    # Data in

    def set_subject(self, subject: Subject | None) -> None:
        old = self.subject
        if old is None or subject is None or (old.checkpoint, old.input.unmasked()) != (
            subject.checkpoint, subject.input.unmasked()
        ):  # fmt: skip
            self._lengths.clear()  # which masks do not change
            self._canvas.go_to_start()
            self._is_at_start = True
        if old != subject:
            self._feed.forget()
        self._group.offer(subject.checkpoint if subject else None)
        super().set_subject(subject)
        self._begin_with_one_place()

    @property
    def _is_of_patches(self) -> bool:
        group = self.group
        return group is not None and (group.query_axis in _PATCHES or group.query_axis.startswith("stage_"))

    def _begin_with_one_place(self) -> None:
        """Every patch attends a little to every other: the lines of all of them are a fog."""
        if (group := self.group) is None:
            return
        is_mixed, length = group.query_axis in _MIXED, self._lengths.get(group.name)
        if is_mixed and length is None:
            return  # how many there are is known with the first answer
        is_fog = self._is_of_patches or (is_mixed and length is not None and length > _MANY)
        if is_fog != self._is_fog:
            self._is_fog = is_fog
            self._only.set_value(replace(self._only.value(), token=is_fog), quietly=True)
            self._fit_threshold(None)
        elif not is_fog and not is_mixed:
            self._fit_threshold(None)

    def _fit_threshold(self, n_keys: int | None) -> None:
        """Draw what is above the mean; None is for words, of which weak lines are drawn too.

        Of hundreds of patches none may get the share that is a weak one among words. What the user chose stays.
        """
        usual, now = ArcsOptions().threshold, self._options.value().threshold
        if now not in (usual, self._fitted):
            return
        fitting = usual
        if n_keys is not None and self._is_fog:
            fitting = min(next(each for each in THRESHOLDS if each * n_keys >= 1), usual)
        elif n_keys is not None:
            fitting = next((each for each in THRESHOLDS if each * n_keys >= 1.5 and each >= usual), usual)
        self._fitted = fitting
        self._options.set_value(replace(self._options.value(), threshold=self._fitted), quietly=True)
        self._threshold.set_value(self._fitted)

    def requests(self) -> tuple[Request, ...]:
        assert self.subject is not None
        checkpoint, input = self.subject.checkpoint.checkpoint, self.subject.input
        group, layer, head = layer_and_head(self.subject.checkpoint, self.selection)
        if self._lengths.get(group, most_tokens(input)) <= WHOLE:
            return (AttentionRequest(checkpoint, input, group, layers=(layer,)),)
        heads = (head,) if self._only.value().head else ()
        about = LinesRequest(checkpoint, input, group, layer, heads, 0, 0, self._options.value().threshold)
        self._feed.look_at(about, self._canvas.rows_on_screen())
        return self._feed.requests()

    def is_detail(self, request: Request) -> bool:
        return isinstance(request, LinesRequest) and self._feed.is_more(request)

    def show_result(self, request: Request, result: object, is_partial: bool) -> None:
        assert isinstance(result, AttentionResult | LinesResult)
        length = max(len(result.query_tokens), len(result.key_tokens))
        self._lengths[result.group] = length
        if isinstance(request, LinesRequest) and isinstance(result, LinesResult):
            self._feed.take(request, result)
            if length <= WHOLE:  # the text was shorter than it looked
                self.keep_picture()
                self.refresh()
                return
            result = self._feed.lines or result
        self._result = result
        if isinstance(result, AttentionResult) and self.group is not None:
            self._begin_with_one_place()
            if self._is_fog or self.group.query_axis in _MIXED:
                self._fit_threshold(len(result.key_tokens))
        if isinstance(result, AttentionResult) or len(result.heads) > 1 or not self._chips.heads_on:
            self._chips.set_heads(result.heads)
        self._offer_segments(has_pair=has_two_segments(result.query_tokens) and has_two_segments(result.key_tokens))
        self._page.show_canvas()
        is_long = isinstance(result, LinesResult)
        self._redraw(goes_on=is_long)
        self._canvas.lines_go_up = self.group is not None and self.group.is_causal
        if self._is_at_start and (pinned := self._pinned()) is not None:
            self._canvas.ensure_visible(pinned)
        self._is_at_start = False
        if is_long:
            self.refresh()

    def show_failure(self, request: Request, failure: Failure) -> None:
        self._feed.give_up()
        super().show_failure(request, failure)

    def figure(self) -> ArcsFigure | None:
        figure = self._canvas.figure
        return figure.seen(self._canvas.rows_on_screen()) if isinstance(figure, LongArcsFigure) else figure

    def selection_changed(self, now: Selected, old: Selected) -> None:
        if now.group != old.group:
            self._is_at_start = True
            self._begin_with_one_place()
        self.refresh()
        if (now.head, now.query, now.key) != (old.head, old.query, old.key):
            self._redraw()
        query_pos = self.query_pos
        if now.query != old.query and query_pos is not None and isinstance(self._result, LinesResult):
            self._canvas.ensure_visible(Focus("query", min(query_pos, len(self._result.query_tokens) - 1)))

    # The picture

    def _offer_segments(self, *, has_pair: bool) -> None:
        if not has_pair:
            self._options.set_value(replace(self._options.value(), segments="all"), quietly=True)
        self._options.control("segments").setEnabled(has_pair)

    def _redraw(self, *, goes_on: bool = False, is_restyled: bool = False) -> None:
        """Show what is known; `goes_on` if nothing but more lines came."""
        result, options = self._result, self._options.value()
        if result is None:
            return
        is_single = self._only.value().head
        head = min(self.selection.now.head, result.heads[-1])
        title = self.tr("Layer {layer}, head {head}") if is_single else self.tr("Layer {layer}")
        layer = result.layer if isinstance(result, LinesResult) else result.layers[0]
        self._chips.set_title(title.format(layer=layer, head=head), shows_chips=not is_single)
        self._chips.set_selected(head)
        are_all_on = self._chips.heads_on == result.heads
        heads = (head,) if is_single else None if are_all_on else self._chips.heads_on
        shown = (options, heads, self._pinned(), (self.query_pos, self.key_pos))
        if isinstance(result, LinesResult):
            figure = LongArcsFigure(result, *shown, self._canvas.rows_on_screen(), self._feed.row)
            old = self._canvas.figure
            if goes_on and isinstance(old, LongArcsFigure):
                self._canvas.go_on(figure, has_same_lines=old.result is result)
            else:
                self._canvas.show_figure(figure, self.style_now())
        else:
            figure, old = ArcsFigure(result, *shown), self._canvas.figure
            if old is not None and not is_restyled and figure.take_lines_of(old):
                self._canvas.go_on(figure, has_same_lines=True)
            else:
                self._canvas.show_figure(figure, self.style_now())
        self._read()
        self.figure_changed.emit()

    def restyle(self) -> None:
        self._threshold.fit_letters()
        self._chips.restyle(self.style_now())
        self._redraw(is_restyled=True)

    def _read(self) -> None:
        """What is shown, and what the token pointed at attends to most; no numbers beside old lines."""
        figure = self.figure()
        if figure is None:
            return
        self._page.caption.show_text(figure.caption)
        self._page.read_out.show_text("" if self.is_dimmed else self._strongest(figure))

    def _strongest(self, figure: ArcsFigure) -> str:
        token = figure.focus
        if token is None:
            one = place_name(self.group.query_axis if self.group is not None else "text").one
            return self.tr("Point at a {} to see its lines alone.").format(one)
        strongest = list(figure.lines.strongest(_N_STRONGEST).each())
        if not strongest:
            return self.tr("{} ({}) has no lines.").format(figure.quoted(token), token.pos)
        of_head = self.tr(", head {}") if len(figure.shown_heads) > 1 else ""
        is_query = token.side == "query"
        others = []
        for query, key, head, weight in strongest:
            other = Focus("key", key) if is_query else Focus("query", query)
            # The words of patches are places themselves.
            place = "" if self._is_of_patches else f" ({other.pos})"
            others.append(f"{figure.quoted(other)}{place} {weight:.3g}{of_head.format(head)}")
        text = self.tr("{} ({}) attends most to") if is_query else self.tr("{} ({}) is attended to most by")
        start = text.format(figure.quoted(token), token.pos)
        return "  \N{MIDDLE DOT}  ".join((f"{start}  {others[0]}", *others[1:]))

    def _pinned(self) -> Focus | None:
        """The selected token, the key if that was clicked last, where only its lines are wanted; of patches any."""
        if not self._only.value().token or self._result is None:
            return None
        query = Focus("query", self.query_pos) if self.query_pos is not None else None
        key = Focus("key", self.key_pos) if self.key_pos is not None else None
        focus = key if key and key == self._clicked else query or key
        if focus is None and self._is_fog and self.group is not None:
            focus = Focus("query", self._result.query_tokens.default_query(is_causal=self.group.is_causal))
        if focus is None:
            return None
        tokens: Tokens = self._result.query_tokens if focus.side == "query" else self._result.key_tokens
        return focus if focus.pos < len(tokens) else None

    # What the user does

    def _on_canvas_clicked(self, token: Focus) -> None:
        self._clicked = token
        if token.side == "query":
            self.choose(query_pos=None if self.query_pos == token.pos else token.pos)
        else:
            self.choose(key_pos=None if self.key_pos == token.pos else token.pos)

    def _on_only_changed(self) -> None:
        self._redraw()
        self.refresh()

    def _on_options_changed(self) -> None:
        self._threshold.set_value(self._options.value().threshold)
        self._redraw()
        self.want_again()
        self._ask_soon()

    def _on_threshold_value_changed(self, threshold: float) -> None:
        self._options.set_value(replace(self._options.value(), threshold=threshold))

    def _on_chips_toggled(self) -> None:
        self._redraw()

    def _on_chips_chosen(self, head: int) -> None:
        self.selection.update(head=head)

    def _on_canvas_hovered(self, token: Focus | None) -> None:
        self._read()
        figure = self._canvas.figure
        special = figure.tokens(token.side).special(token.pos) if figure and token else ""
        self._canvas.setToolTip(tip_with_terms("", special))
        self.figure_changed.emit()
        if isinstance(self._result, LinesResult):
            self._feed.point_at(token.pos if token is not None and token.side == "query" else None)
            self._ask_soon()

    def _on_canvas_scrolled(self) -> None:
        if isinstance(self._result, LinesResult):
            self._ask_soon()

    def _ask_soon(self) -> None:
        """Moves are gathered before something is asked for."""
        self._asking.start_unless_waiting()

    def _on_asking_elapsed(self) -> None:
        self._read()  # other rows are on screen
        self.follow()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows walk through heads and layers, with Ctrl through the query tokens; Escape selects no token."""
        ctrl = event.modifiers() & Qt.KeyboardModifier.ControlModifier
        if self.subject and walk(event, self.subject.checkpoint, self.selection):
            return
        if event.key() == Qt.Key.Key_Escape and (self.query_pos, self.key_pos) != (None, None):
            self.choose(query_pos=None, key_pos=None)
        elif self._result and ctrl and event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            step = 1 if event.key() == Qt.Key.Key_Down else -1
            now = self.query_pos
            pos = 0 if now is None else min(max(now + step, 0), len(self._result.query_tokens) - 1)
            self.choose(query_pos=pos)
            self._canvas.ensure_visible(Focus("query", pos))
        else:
            super().keyPressEvent(event)
