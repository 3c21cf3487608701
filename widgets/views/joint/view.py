"""Words and image in one model: on the image, as a map, head by head, and what its answers owe to the image."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QSignalBlocker, Slot
from PySide6.QtWidgets import QWidget

from inference.results.events import Failure
from inference.results.hidden_region import HiddenRegionResult
from inference.results.inputs import MOST_REGIONS, Input, RegionsInput
from inference.results.joint import JointResult
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
from widgets.views.joint.alignment_figure import JointAlignmentFigure
from widgets.views.joint.answers_figure import AnswerWord, JointAnswersFigure
from widgets.views.joint.canvas import BoxCanvas
from widgets.views.joint.concepts_figure import ConceptPoint, JointConceptsFigure
from widgets.views.joint.diagram_figure import DiagramStep, JointDiagramFigure
from widgets.views.joint.figure import JointFigure, JointPlace
from widgets.views.joint.grounding_figure import JointGroundingFigure
from widgets.views.joint.heads_figure import JointHeadsFigure
from widgets.views.joint.hidden_figure import JointHiddenFigure, RegionSpot
from widgets.views.joint.map_figure import JointMapFigure
from widgets.views.joint.maps import shown_of
from widgets.views.joint.options import JointOptions
from widgets.views.joint.pages import (
    BESIDE,
    OF_OWN_SCENES,
    SHOWN,
    Answers,
    Chosen,
    JointPicture,
    request_of,
    selected_places,
)


class JointView(View):
    """Point at a word and the parts of the image that it reads brighten; point at a box or a patch and words tint.

    A click pins what is pointed at. A drag over the image draws a box. On the map and among the heads a click selects.
    """

    looks_at_boxes = True

    def __init__(self, context: ViewContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._answers = Answers()
        self._figure: JointPicture | None = None
        self._chosen = Chosen()
        self._checkpoint = ""
        self._canvas = BoxCanvas("joint_canvas", self.tr("Words and image"))
        self._page = self.add_page(Page("joint", self._canvas, self.tr("What is shown"), self.tr("What is pointed at")))
        controls = self._page.controls
        self._options = self.add_options(
            OptionControls(
                controls, "joint", JointOptions, rare=("direction", "rows", "columns", "apart", "boxes", "opacity")
            )
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
            self._checkpoint, self._chosen = checkpoint, Chosen()
        before = self.subject
        if before and subject and (before.checkpoint, before.input) != (subject.checkpoint, subject.input):
            is_same = before.checkpoint == subject.checkpoint
            self._answers.forget_others(self._options.value().show, is_same_checkpoint=is_same)
        super().set_subject(subject)
        self._show_controls()
        if subject is not None and self._figure is None and not self.requests():
            self._page.show_empty(self.tr("Type a text above to see where in the image its words look."))

    def requests(self) -> tuple[Request, ...]:
        request = request_of(self.subject, self._options.value(), self._chosen)
        return () if request is None else (request,)

    def show_result(self, request: Request, result: object, is_partial: bool) -> None:
        before = self._result
        self._answers.keep(result)
        if isinstance(result, JointResult):
            if before is None or result.tokens.words != before.tokens.words:
                self._chosen = replace(self._chosen, pinned=())  # they were places of another sequence
            self._show_levels(result)
            self._show_controls()
            if self._chosen.level < 0:
                self._choose_level(result)
        elif isinstance(result, HiddenRegionResult):
            self._choose_hidden(result)
        self._rebuild()

    def show_failure(self, request: Request, failure: Failure) -> None:
        if self._answers.picture(self._options.value(), self._chosen, self.selection.now) is None:
            # What is seen is a picture of another kind, which says nothing of what was asked for.
            self._figure = self._pictured = None
            self._page.show_empty(failure.message)
            self.figure_changed.emit()
        super().show_failure(request, failure)

    def figure(self) -> JointPicture | None:
        return self._figure

    @property
    def _result(self) -> JointResult | None:
        return self._answers.of(JointResult)

    def _show_level(self, level: int) -> None:
        self._chosen = replace(self._chosen, level=level)
        self.refresh()

    def _choose_level(self, result: JointResult) -> None:
        """The layer that is selected; without a token in it only where words and image meet, which are shown here."""
        now = self.selection.now
        alone = (stream.name for stream in result.streams if stream.reader == stream.read != "both")
        is_wanted = now.group not in alone or bool(selected_places(result, now))
        found = (i for i, each in enumerate(result.levels) if is_wanted and (now.group, now.layer) in each.parts)
        self._show_level(next(found, result.level))

    def selection_changed(self, now: Selected, old: Selected) -> None:
        """Another head, or a layer that is one of its levels."""
        self._show_head()
        if self._result is not None and (now.group, now.layer) != (old.group, old.layer):
            at = (now.group, now.layer)
            own = max(self._chosen.level, 0)
            level = next((i for i, each in enumerate(self._result.levels) if at in each.parts), own)
            if at not in self._result.levels[own].parts and level != own:
                self._show_level(level)
        self._rebuild()

    def restyle(self) -> None:
        if self._figure is not None:
            self._page.show_on(self._canvas, self._figure, self.style_now())

    def _choose_hidden(self, result: HiddenRegionResult) -> None:
        """Hide the first region as long as nobody chose one: what is told of it shows what a click is good for."""
        if self._chosen.hidden is None and len(result.regions) and not result.why_none:
            self._chosen = replace(self._chosen, hidden=0)
            self.refresh()
        elif self._chosen.hidden is not None and self._chosen.hidden >= len(result.regions):
            self._chosen = replace(self._chosen, hidden=-1)

    # The picture

    @property
    def _number(self) -> int:
        """The selected head, as far as there is one."""
        n = self._result.n_heads if self._result else 1
        return max(0, min(self.selection.now.head, n - 1))

    def _rebuild(self) -> None:
        self._figure = self._answers.picture(self._options.value(), self._chosen, self.selection.now)
        self._unpin.setEnabled(bool(self._chosen.pinned))
        if self._figure is None:
            return
        self.restyle()
        self._on_canvas_spot_changed(self._canvas.spot)
        self.figure_changed.emit()

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
        self._head.show_value(self._number, 0, (self._result.n_heads if self._result else 1) - 1)

    def _show_controls(self) -> None:
        options = self._options.value()
        self._options.show_those_of(SHOWN, options.show)
        told = self.subject.checkpoint.told_beside if self.subject else ()
        for name, wanted in BESIDE.items():
            self._options.set_shown(name, wanted in told and options.show not in OF_OWN_SCENES)
        has_maps = options.show in ("image", "map")
        shown = options.attention if self._result is None else shown_of(self._result, options.attention)[0]
        # A plan is one of all layers.
        self._page.controls.set_shown(self._levels, has_maps and shown != "transport")
        self._head.setVisible(has_maps and shown in ("head", "tags"))
        self._unpin.setVisible(options.show == "image")

    # What the user does

    @Slot()
    def _on_options_changed(self) -> None:
        self._show_controls()
        self.refresh()
        self._rebuild()

    @Slot(int)
    def _on_levels_activated(self, level: int) -> None:
        self._chosen = replace(self._chosen, level=level)
        if self._result is not None:
            group, layer = self._result.levels[level].parts[0]
            self.selection.update(group=group, layer=layer)
        self.refresh()

    @Slot(int)
    def _on_head_value_changed(self, head: int) -> None:
        self.selection.update(head=head)

    @Slot()
    def _on_unpin_clicked(self) -> None:
        self._chosen = replace(self._chosen, pinned=())
        self._rebuild()

    @Slot(object)
    def _on_canvas_spot_changed(self, spot: object) -> None:
        figure, text = self._figure, ""
        # A spot of one figure is none of another.
        if isinstance(figure, JointFigure):
            text = self.tr("Point at a word, a box or a part of the image; a click pins it.")
            if isinstance(spot, JointPlace):
                text = figure.describe(spot)
        elif isinstance(figure, JointMapFigure | JointHeadsFigure | JointGroundingFigure | JointAlignmentFigure):
            is_chosen = not isinstance(figure, JointAlignmentFigure)
            text = self.tr("Point at a cell; a click selects it.") if is_chosen else self.tr("Point at a cell.")
            if isinstance(spot, Cell):
                text = figure.describe(spot)
        else:
            text = self._told_of(spot)
        self._page.read_out.show_text("" if self.why_not_current else text)

    def _told_of(self, spot: object) -> str:
        """Of what has spots of its own kind."""
        figure = self._figure
        if isinstance(figure, JointAnswersFigure) and isinstance(spot, AnswerWord):
            return figure.describe(spot)
        if isinstance(figure, JointHiddenFigure) and not figure.result.why_none:
            hint = self.tr("Click a region to hide it, or the hidden one to show it again.")
            return figure.describe(spot) if isinstance(spot, RegionSpot) else hint
        if isinstance(figure, JointConceptsFigure):
            is_point = isinstance(spot, ConceptPoint)
            return figure.describe(spot) if is_point else self.tr("Point at a mark to see what it is.")
        if isinstance(figure, JointDiagramFigure):
            is_step = isinstance(spot, DiagramStep)
            return figure.describe(spot) if is_step else self.tr("Point at a layer; a click shows its map.")
        return ""

    @Slot(object)
    def _on_canvas_spot_chosen(self, spot: object) -> None:
        figure = self._figure
        if isinstance(figure, JointFigure) and isinstance(spot, JointPlace):
            pinned = self._chosen.pinned
            kept = tuple(place for place in pinned if place != spot)
            self._chosen = replace(self._chosen, pinned=kept if spot in pinned else (*kept, spot))
            self._rebuild()
        elif isinstance(figure, JointHeadsFigure | JointGroundingFigure) and isinstance(spot, Cell):
            level, head = figure.place(spot)
            group, layer = figure.all_levels[level].parts[0]
            self._chosen = replace(self._chosen, level=level)
            self.selection.update(group=group, layer=layer, head=head)
            self.refresh()
        elif isinstance(figure, JointHiddenFigure) and isinstance(spot, RegionSpot):
            hidden = -1 if spot.region == self._chosen.hidden else spot.region
            self._chosen = replace(self._chosen, hidden=hidden)
            self.refresh()
        elif isinstance(figure, JointDiagramFigure) and isinstance(spot, DiagramStep):
            group, layer = figure.result.steps[spot.number]
            self._chosen = replace(self._chosen, level=figure.level(spot))
            self.selection.update(group=group, layer=layer)
            self._options.set_value(replace(self._options.value(), show="map"))
        elif isinstance(figure, JointAnswersFigure) and isinstance(spot, AnswerWord):
            is_typed = spot.pos in figure.result.positions and spot.pos not in self.selection.masked
            if is_typed:
                self.noticed.emit(self.tr("This mask was typed; change the sentence to take it away."))
            else:
                self.selection.toggle_mask(spot.pos)
        elif isinstance(figure, JointMapFigure) and isinstance(spot, Cell):
            self._chosen = replace(self._chosen, pinned=(JointPlace(int(figure.rows[spot.row])),))
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
