"""Words and image in one model: on the image, as a map, head by head, and what its answers owe to the image."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PySide6.QtCore import QSignalBlocker, Slot
from PySide6.QtWidgets import QWidget

from inference.results.events import Failure
from inference.results.grounding import GroundingRequest, GroundingResult
from inference.results.inputs import MOST_REGIONS, Input, RegionsInput
from inference.results.joint import JointRequest, JointResult, JointWordsRequest, JointWordsResult
from inference.results.request import Request
from widgets.context import ViewContext
from widgets.figures.panel_figure import Cell
from widgets.kit.number_slider import NumberSlider
from widgets.kit.option_controls import OptionControls
from widgets.kit.page import Page
from widgets.kit.plain import explain_items
from widgets.selection import Selected
from widgets.subject import Subject
from widgets.view import View
from widgets.views.joint.answers_figure import AnswerWord, JointAnswersFigure
from widgets.views.joint.canvas import BoxCanvas
from widgets.views.joint.figure import JointFigure, JointPlace
from widgets.views.joint.grounding_figure import JointGroundingFigure
from widgets.views.joint.heads_figure import JointHeadsFigure
from widgets.views.joint.map_figure import JointMapFigure
from widgets.views.joint.options import JointOptions

_JointPicture = JointFigure | JointMapFigure | JointHeadsFigure | JointGroundingFigure | JointAnswersFigure
# Which options there is a control for, by what is shown; the others say nothing there.
_SHOWN = {
    "image": ("attention", "direction", "apart", "boxes", "opacity"),
    "map": ("attention", "rows", "columns", "apart"),
    "heads": ("crossing", "measure"),
    "grounding": (),
    "answers": (),
}
_OPTIONAL = tuple(dict.fromkeys(name for names in _SHOWN.values() for name in names))


class JointView(View):
    """Point at a word and the parts of the image that it reads brighten; point at a box or a patch and words tint.

    A click pins what is pointed at. A drag over the image draws a box. On the map and among the heads a click selects.
    """

    looks_at_boxes = True

    def __init__(self, context: ViewContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._result: JointResult | None = None
        self._answers: JointWordsResult | None = None
        self._grounding: GroundingResult | None = None
        self._figure: _JointPicture | None = None
        self._level = 0
        self._checkpoint = ""
        self._pinned: tuple[JointPlace, ...] = ()
        self._canvas = BoxCanvas("joint_canvas", self.tr("Words and image"))
        self._page = self.add_page(Page("joint", self._canvas, self.tr("What is shown"), self.tr("What is pointed at")))
        controls = self._page.controls
        self._options = self.add_options(
            OptionControls(controls, "joint", JointOptions, rare=("apart", "boxes", "opacity"))
        )
        self._levels = controls.add_choice("joint_level", self.tr("Layer"), ())
        self._head = NumberSlider("joint_head", self.tr("Head"), 0, 0)
        controls.add_widget(self._head)
        self._unpin = controls.add_button("joint_unpin", self.tr("Unpin"), self.tr("Take away all that is pinned"))
        self._page.show_empty(self.tr("Asking where the words look …"))
        self._show_controls()

        self._options.changed.connect(self._on_options_changed)
        self._levels.activated.connect(self._on_levels_activated)
        self._head.value_changed.connect(self._on_head_value_changed)
        self._unpin.clicked.connect(self._on_unpin_clicked)
        self._canvas.spot_changed.connect(self._on_canvas_spot_changed)
        self._canvas.spot_chosen.connect(self._on_canvas_spot_chosen)
        self._canvas.box_drawn.connect(self._on_canvas_box_drawn)
        self._canvas.box_taken_back.connect(self._on_canvas_box_taken_back)

    # Data in

    def set_subject(self, subject: Subject | None) -> None:
        checkpoint = subject.checkpoint.checkpoint if subject else ""
        if checkpoint != self._checkpoint:
            self._checkpoint, self._level, self._pinned = checkpoint, 0, ()
        super().set_subject(subject)
        if subject is not None and self._figure is None and not self.requests():
            self._page.show_empty(self.tr("Type a text above to see where in the image its words look."))

    def requests(self) -> tuple[Request, ...]:
        subject = self.subject
        if subject is not None and self._options.value().show == "grounding":  # of scenes of its own
            regions = subject.input.regions
            return (
                GroundingRequest(subject.checkpoint.checkpoint, of_detector=regions is None or regions.of_detector),
            )
        text = None if subject is None else subject.input.text
        if subject is None or text is None or not (text.text.strip() or text.token_ids):
            return ()
        of = subject.checkpoint.checkpoint, subject.input
        is_answers = self._options.value().show == "answers"
        return (JointWordsRequest(*of),) if is_answers else (JointRequest(*of, self._level),)

    def show_result(self, request: Request, result: object, is_partial: bool) -> None:
        if isinstance(result, JointWordsResult):
            self._answers = result
        elif isinstance(result, GroundingResult):
            self._grounding = result
        else:
            assert isinstance(result, JointResult)
            if self._result is None or result.tokens.words != self._result.tokens.words:
                self._pinned = ()  # they were places of another sequence
            self._result = result
            self._show_levels(result)
        self._rebuild()

    def show_failure(self, request: Request, failure: Failure) -> None:
        super().show_failure(request, failure)
        if self._figure is None:
            self._page.show_empty(failure.message)

    def figure(self) -> _JointPicture | None:
        return self._figure

    def selection_changed(self, now: Selected, old: Selected) -> None:
        """Another head, or a layer that is one of its levels."""
        self._show_head()
        if self._result is not None and (now.group, now.layer) != (old.group, old.layer):
            at = (now.group, now.layer)
            level = next((i for i, each in enumerate(self._result.levels) if at in each.parts), self._level)
            if at not in self._result.levels[self._level].parts and level != self._level:
                self._level = level
                self.refresh()
        self._rebuild()

    def restyle(self) -> None:
        if self._figure is not None:
            self._page.show_on(self._canvas, self._figure, self.style_now())

    # The picture

    @property
    def _number(self) -> int:
        """The selected head, as far as there is one."""
        n = self._result.n_heads if self._result else 1
        return max(0, min(self.selection.now.head, n - 1))

    def _rebuild(self) -> None:
        options, result = self._options.value(), self._result
        if options.show == "answers":
            self._figure = JointAnswersFigure(self._answers) if self._answers is not None else None
        elif options.show == "grounding":
            found = self._grounding
            self._figure = JointGroundingFigure(found, *self._selected(found)) if found is not None else None
        elif result is None:
            self._figure = None
        elif options.show == "map":
            self._figure = JointMapFigure(result, self._number, options)
        elif options.show == "heads":
            self._figure = JointHeadsFigure(result, self._number, options)
        else:
            self._figure = JointFigure(result, self._number, self._pinned, options)
        self._unpin.setEnabled(bool(self._pinned))
        if self._figure is None:
            return
        self.restyle()
        self._on_canvas_spot_changed(self._canvas.spot)
        self.figure_changed.emit()

    def _selected(self, found: GroundingResult) -> tuple[int, int]:
        """Level and head of what is selected; the best one where that is none that words look at the image with."""
        now = self.selection.now
        level = next((i for i, each in enumerate(found.levels) if (now.group, now.layer) in each.parts), -1)
        is_there = level >= 0 and now.head < found.scores.shape[1] and np.isfinite(found.scores[level, now.head])
        return (level, now.head) if is_there else found.best

    def _show_levels(self, result: JointResult) -> None:
        with QSignalBlocker(self._levels):
            titles = [level.title for level in result.levels]
            if titles != [self._levels.itemText(i) for i in range(self._levels.count())]:
                self._levels.clear()
                self._levels.addItems(titles)
                explain_items(self._levels)
            self._levels.setCurrentIndex(result.level)
        self._show_head()

    def _show_head(self) -> None:
        with QSignalBlocker(self._head):
            self._head.set_range(0, (self._result.n_heads if self._result else 1) - 1)
            self._head.set_value(self._number)

    def _show_controls(self) -> None:
        options = self._options.value()
        for name in _OPTIONAL:
            self._options.set_shown(name, name in _SHOWN[options.show])
        has_maps = options.show in ("image", "map")
        self._page.controls.set_shown(self._levels, has_maps)
        self._head.setVisible(has_maps and options.attention == "head")
        self._unpin.setVisible(options.show == "image")

    # What the user does

    @Slot()
    def _on_options_changed(self) -> None:
        self._show_controls()
        self.refresh()
        self._rebuild()

    @Slot(int)
    def _on_levels_activated(self, level: int) -> None:
        self._level = level
        if self._result is not None:
            group, layer = self._result.levels[level].parts[0]
            self.selection.update(group=group, layer=layer)
        self.refresh()

    @Slot(int)
    def _on_head_value_changed(self, head: int) -> None:
        self.selection.update(head=head)

    @Slot()
    def _on_unpin_clicked(self) -> None:
        self._pinned = ()
        self._rebuild()

    @Slot(object)
    def _on_canvas_spot_changed(self, spot: object) -> None:
        figure, text = self._figure, ""
        # A spot of one figure is none of another.
        if isinstance(figure, JointFigure):
            text = self.tr("Point at a word, a box or a part of the image; a click pins it.")
            if isinstance(spot, JointPlace):
                text = figure.describe(spot)
        elif isinstance(figure, JointMapFigure | JointHeadsFigure | JointGroundingFigure):
            text = self.tr("Point at a cell; a click selects it.")
            if isinstance(spot, Cell):
                text = figure.describe(spot)
        elif isinstance(figure, JointAnswersFigure) and isinstance(spot, AnswerWord):
            text = figure.describe(spot)
        self._page.read_out.show_text("" if self.why_not_current else text)

    @Slot(object)
    def _on_canvas_spot_chosen(self, spot: object) -> None:
        figure = self._figure
        if isinstance(figure, JointFigure) and isinstance(spot, JointPlace):
            kept = tuple(place for place in self._pinned if place != spot)
            self._pinned = kept if spot in self._pinned else (*kept, spot)
            self._rebuild()
        elif isinstance(figure, JointHeadsFigure | JointGroundingFigure) and isinstance(spot, Cell):
            level, head = figure.place(spot)
            group, layer = figure.all_levels[level].parts[0]
            self._level = level
            self.selection.update(group=group, layer=layer, head=head)
            self.refresh()
        elif isinstance(figure, JointAnswersFigure) and isinstance(spot, AnswerWord):
            is_typed = spot.pos in figure.result.positions and spot.pos not in self.selection.masked
            if is_typed:
                self.noticed.emit(self.tr("This mask was typed; change the sentence to take it away."))
            else:
                self.selection.toggle_mask(spot.pos)
        elif isinstance(figure, JointMapFigure) and isinstance(spot, Cell):
            self._pinned = (JointPlace(int(figure.rows[spot.row])),)
            self._options.set_value(replace(self._options.value(), show="image"))

    @Slot(float, float, float, float)
    def _on_canvas_box_drawn(self, x0: float, y0: float, x1: float, y1: float) -> None:
        regions = self._regions()
        if regions is None:
            return
        has_detector = self.subject is not None and bool(self.subject.checkpoint.detector)
        if regions.path or (not has_detector and self._result is not None and len(self._result.places("region"))):
            self.noticed.emit(self.tr("This model reads the regions of a file; a drawn box has no features for it."))
        elif len(regions.boxes) >= MOST_REGIONS:
            self.noticed.emit(self.tr("There are {} boxes already, and no more are read.").format(MOST_REGIONS))
        else:
            self._set_regions(replace(regions, boxes=(*regions.boxes, (x0, y0, x1, y1))))

    @Slot()
    def _on_canvas_box_taken_back(self) -> None:
        regions = self._regions()
        if regions is not None and regions.boxes:
            self._set_regions(replace(regions, boxes=regions.boxes[:-1]))

    def _regions(self) -> RegionsInput | None:
        return None if self.subject is None else self.subject.input.regions or RegionsInput()

    def _set_regions(self, regions: RegionsInput) -> None:
        self.context.set_input(Input(regions=regions))  # all else stays as it is
