"""What a translation model looked at while it learned."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from inference.results.checkpoint import AttentionGroup
from inference.results.request import Request
from inference.results.training_stages import TrainingStagesRequest, TrainingStagesResult
from widgets.context import ViewContext
from widgets.figures.panel_figure import Cell
from widgets.kit.clean import clean
from widgets.kit.figure_scroll import FigureScroll
from widgets.kit.number_slider import NumberSlider
from widgets.kit.option_controls import OptionControls
from widgets.kit.page import Page
from widgets.kit.pointed_canvas import PointedCanvas
from widgets.selection import Selected
from widgets.subject import Subject
from widgets.view import View
from widgets.views.training_stages.figure import TrainingStagesFigure
from widgets.views.training_stages.options import TrainingStagesOptions


class TrainingStagesView(View):
    """A map a stage of the attention to the source, of one of the sentences that were kept."""

    def __init__(self, context: ViewContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._result: TrainingStagesResult | None = None
        self._canvas = PointedCanvas("training_stages_canvas", self.tr("Along training"))
        self._scroll = FigureScroll(self._canvas)
        page = Page("training_stages", self._scroll, self.tr("What is shown"), self.tr("Number pointed at"))
        self._page = self.add_page(page)
        self._sentence = page.controls.add_choice("training_stages_sentence", self.tr("Sentence"), ())
        self._options = self.add_options(OptionControls(page.controls, "training_stages", TrainingStagesOptions))
        self._layer = NumberSlider("training_stages_layer", self.tr("Layer"), 0, 0)
        self._head = NumberSlider("training_stages_head", self.tr("Head"), 0, 0)
        page.controls.add_widget(self._layer)
        page.controls.add_widget(self._head)
        page.show_empty(self.tr("Reading the stages …"))
        self._sentence.activated.connect(self.refresh)
        self._options.changed.connect(self._rebuild)
        self._layer.value_changed.connect(self._on_number_changed)
        self._head.value_changed.connect(self._on_number_changed)
        self._canvas.spot_changed.connect(self._on_canvas_spot_changed)

    def set_subject(self, subject: Subject | None) -> None:
        if subject is None or self.subject is None or subject.checkpoint != self.subject.checkpoint:
            self._sentence.clear()  # until it is known what another checkpoint kept
        super().set_subject(subject)

    def requests(self) -> tuple[Request, ...]:
        assert self.subject is not None
        return (TrainingStagesRequest(self.subject.checkpoint.checkpoint, max(0, self._sentence.currentIndex())),)

    def show_result(self, request: Request, result: object, is_partial: bool) -> None:
        assert isinstance(result, TrainingStagesResult)
        self._result = result
        if self._sentence.count() != len(result.sentences):
            self._sentence.clear()
            self._sentence.addItems([clean(sentence) for sentence in result.sentences])
        self._sentence.setCurrentIndex(result.sentence)
        self._rebuild()

    def figure(self) -> TrainingStagesFigure | None:
        figure = self._canvas.figure
        return figure if isinstance(figure, TrainingStagesFigure) else None

    def selection_changed(self, now: Selected, old: Selected) -> None:
        self._rebuild()

    def restyle(self) -> None:
        self._rebuild()

    def pictured_title(self) -> str:
        """The picture is of the checkpoint alone, whatever is typed."""
        return clean(self._pictured.checkpoint.name) if self._pictured is not None else ""

    def _rebuild(self) -> None:
        if (result := self._result) is None:
            return
        n_layers, n_heads = result.pattern.shape[1:3]
        now, options = self.selection.now, self._options.value()
        layer, head = min(now.layer, n_layers - 1), min(now.head, n_heads - 1)
        self._layer.show_value(layer, 0, n_layers - 1)
        self._head.show_value(head, 0, n_heads - 1)
        self._layer.setVisible(options.attention != "diagonal")
        self._head.setVisible(options.attention == "head")
        figure = TrainingStagesFigure(result, options, layer, head)
        self._page.show_on(self._scroll, figure, self.style_now())
        self._on_canvas_spot_changed(self._canvas.spot)
        self.figure_changed.emit()

    @property
    def _cross(self) -> AttentionGroup | None:
        groups = self.subject.checkpoint.groups if self.subject else ()
        return next((group for group in groups if group.query_axis != group.key_axis), None)

    def _on_number_changed(self) -> None:
        if (group := self._cross) is not None:
            self.selection.choose(group, group=group.name, layer=self._layer.value(), head=self._head.value())

    def _on_canvas_spot_changed(self, cell: Cell | None) -> None:
        figure = self.figure()
        text = self.tr(
            "Diagonal: attention within one place of the same relative position. Point at a cell for its number."
        )
        if figure is not None and cell is not None:
            text = figure.describe(cell)
        self._page.read_out.show_text("" if self.why_not_current else text)
