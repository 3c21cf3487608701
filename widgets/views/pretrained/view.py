"""The family tree of pretrained language models."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QWidget

from inference.results.events import Failure
from inference.results.inputs import Input, TextInput
from inference.results.request import Request
from inference.results.tokenization import ALGORITHMS, CutRequest, CutResult
from widgets.context import ViewContext
from widgets.kit.figure_scroll import FigureScroll
from widgets.kit.option_controls import OptionControls
from widgets.kit.page import Page
from widgets.kit.pointed_canvas import PointedCanvas
from widgets.subject import Subject
from widgets.view import View
from widgets.views.pretrained.command import PretrainedOptions
from widgets.views.pretrained.figure import FamilyTree
from widgets.views.pretrained.models import BUNDLED, kin_of, model_of


class PretrainedView(View):
    """A tree of models; a click on one tells what went into it.

    It begins with that of the open checkpoint, or its nearest kin.
    """

    def __init__(self, context: ViewContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._cut_by = ("", "")  # of which checkpoint, and what
        self._canvas = PointedCanvas("pretrained_canvas", self.tr("Family tree of language models"))
        self._scroll = FigureScroll(self._canvas)
        page = Page("pretrained", self._scroll, self.tr("What is shown"), self.tr("A model in a line"))
        page.is_of_subject = False
        self._page = self.add_page(page)
        self._options = self.add_options(OptionControls(page.controls, "pretrained", PretrainedOptions))
        self._open = page.controls.add_button(
            "pretrained_open", "", self.tr("Open the small model of this kind that comes with Headlight")
        )
        self._options.changed.connect(self._rebuild)
        self._scroll.verticalScrollBar().rangeChanged.connect(self._show_chosen)  # also once it has a size at all
        self._open.clicked.connect(self._on_open_clicked)
        context.checkpoints_changed.connect(self._offer)
        self._canvas.spot_changed.connect(self._on_canvas_spot_changed)
        self._canvas.spot_chosen.connect(self._on_canvas_spot_chosen)
        self._rebuild()

    def requests(self) -> tuple[Request, ...]:
        """What cuts the texts of the open checkpoint: all else is the same whatever is looked at."""
        if self.subject is None or not self.subject.checkpoint.has_tokenizer:
            return ()
        return (CutRequest(self.subject.checkpoint.checkpoint, Input(text=TextInput("a"))),)

    def show_result(self, request: Request, result: object, is_partial: bool) -> None:
        assert isinstance(request, CutRequest)
        assert isinstance(result, CutResult)
        many = self.tr("{:,} tokens").format(result.n_vocabulary)
        kind = self.tr(", {}").format(self.tr(ALGORITHMS[result.algorithm])) if result.algorithm else ""
        self._cut_by = (request.checkpoint, many + kind)
        self._rebuild()

    def show_failure(self, request: Request, failure: Failure) -> None:
        """The card tells nothing of tokens then."""

    def set_subject(self, subject: Subject | None) -> None:
        before = self.subject.checkpoint.checkpoint if self.subject is not None else ""
        super().set_subject(subject)
        if subject is not None and subject.checkpoint.checkpoint != before:
            of = model_of(subject.checkpoint.architecture) or kin_of(subject.checkpoint.architecture)
            if of is not None:
                self._choose(of.key)
            self._scroll.verticalScrollBar().setValue(0)  # where another model was marked
        self._rebuild()
        self._show_chosen()

    def figure(self) -> FamilyTree | None:
        figure = self._canvas.figure
        return figure if isinstance(figure, FamilyTree) else None

    def restyle(self) -> None:
        self._rebuild()
        self._show_chosen()

    @Slot()
    def _show_chosen(self) -> None:
        """Scroll to the model that is marked, where the tree has no room."""
        if (figure := self.figure()) is not None:
            box = figure.boxes(self._canvas.figure_rect(), self._canvas.style_now)[figure.chosen].toRect()
            self._scroll.ensureVisible(box.center().x(), box.center().y(), box.width() // 2, 3 * box.height())

    def _choose(self, key: str) -> None:
        self._options.set_value(replace(self._options.value(), model=key))

    def _rebuild(self) -> None:
        now = self.subject.checkpoint if self.subject else None
        cut_by = self._cut_by[1] if now is not None and self._cut_by[0] == now.checkpoint else ""
        figure = FamilyTree(self._options.value().model, now, cut_by)
        self._page.show_on(self._scroll, figure, self.style_now())
        self._on_canvas_spot_changed(self._canvas.spot)
        self._offer()
        self.figure_changed.emit()

    @property
    def _bundled(self) -> str:
        """The bundled checkpoint of the chosen model; empty where there is none."""
        name = BUNDLED.get(self._options.value().model, "")
        return name if name in self.context.checkpoints else ""

    def _offer(self) -> None:
        name = self._bundled
        self._open.setVisible(bool(name))
        self._open.setText(self.tr("Open {}").format(name))
        self._open.setEnabled(self.subject is None or self.subject.checkpoint.checkpoint != name)

    def _on_canvas_spot_changed(self, spot: str | None) -> None:
        figure = self.figure()
        text = self.tr("Point at a model for what it changed; a click tells what went into it.")
        if figure is not None and spot is not None:
            text = figure.describe(spot)
        self._page.read_out.show_text(text)

    def _on_canvas_spot_chosen(self, spot: str) -> None:
        self._choose(spot)

    def _on_open_clicked(self) -> None:
        self.context.open_checkpoint(self._bundled)
