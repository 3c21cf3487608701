"""Home: the lecture and the checkpoints as cards."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from inference.results.request import Request
from resources import HOME_PICTURES, bundled_checkpoints
from widgets.context import ViewContext
from widgets.kit.clean import clean
from widgets.kit.figure_scroll import FigureScroll
from widgets.kit.page import Page
from widgets.kit.plain import plain_tip
from widgets.kit.pointed_canvas import PointedCanvas
from widgets.subject import Subject
from widgets.view import View
from widgets.views.home.cards import BY_NAME, parts_at_hand
from widgets.views.home.figure import HomeFigure
from widgets.views.home.pictures import CardPictures


class _CardsCanvas(PointedCanvas):
    """Paints the cards in sight, not all of them: there are more than fit on any screen.

    Signals
    -------
    stepped()
        The arrow keys went to another card.
    """

    stepped = Signal()

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
            painter.setClipRect(QRectF(event.rect()))
            painter.fillRect(event.rect(), self.style_now.theme.paper)
            if self.figure is not None:
                self.figure.paint(painter, self.figure_rect(), self.style_now)
                self.paint_over(painter, self.figure)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        before = self.spot
        super().keyPressEvent(event)
        if self.spot != before:
            self.stepped.emit()


class HomeView(View):
    """Cards in the order of the lecture; a click or Enter opens what a card shows, with its checkpoint and input."""

    def __init__(self, context: ViewContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self._pictures = CardPictures(HOME_PICTURES, self)
        self._canvas = _CardsCanvas("home_canvas", self.tr("Cards of the lecture"))
        self._scroll = FigureScroll(self._canvas)
        page = Page("home", self._scroll, "", self.tr("The card pointed at"))
        page.is_of_subject = False
        self._recent = page.controls.add_choice("home_recent", self.tr("Recent"), ())
        self._page = self.add_page(page)
        self._figure: HomeFigure | None = None
        self._pictures.arrived.connect(self._canvas.update)
        self._canvas.spot_changed.connect(self._on_canvas_spot_changed)
        self._canvas.spot_chosen.connect(self._on_canvas_spot_chosen)
        self._canvas.stepped.connect(self._on_canvas_stepped)
        self._recent.activated.connect(self._on_recent_activated)
        context.checkpoints_changed.connect(self._on_context_checkpoints_changed)
        self._offer_recent()
        self._rebuild()

    def requests(self) -> tuple[Request, ...]:
        return ()  # its pictures were computed when it was made

    def set_subject(self, subject: Subject | None) -> None:
        super().set_subject(subject)
        self._rebuild()

    def figure(self) -> HomeFigure | None:
        """With all pictures, also those that were not in sight yet."""
        shown = self._figure
        return HomeFigure(shown.parts, self._pictures, shown.open_checkpoint, is_whole=True) if shown else None

    def restyle(self) -> None:
        self._rebuild()

    def _rebuild(self) -> None:
        now = self.subject.checkpoint.checkpoint if self.subject is not None else ""
        self._figure = HomeFigure(parts_at_hand(bundled_checkpoints()), self._pictures, now)
        self._page.show_on(self._scroll, self._figure, self.style_now())
        self._scroll.verticalScrollBar().setSingleStep(self._canvas.fontMetrics().height())
        self._on_canvas_spot_changed(self._canvas.spot)
        self.figure_changed.emit()

    def _offer_recent(self) -> None:
        """The checkpoints that are at hand and have no card."""
        others = [place for place in self.context.checkpoints if place not in bundled_checkpoints()]
        self._recent.clear()
        self._recent.addItem(self.tr("choose one"), "")
        for place in others:
            self._recent.addItem(clean(Path(place).name), place)
            self._recent.setItemData(self._recent.count() - 1, plain_tip(place), Qt.ItemDataRole.ToolTipRole)
        self._page.controls.set_shown(self._recent, bool(others))

    def _on_context_checkpoints_changed(self) -> None:
        self._offer_recent()
        self._rebuild()

    def _on_recent_activated(self) -> None:
        place = self._recent.currentData()
        self._recent.setCurrentIndex(0)
        if place:
            self.context.open_checkpoint(place)

    def _on_canvas_spot_changed(self, spot: str | None) -> None:
        text = self.tr("Click a card, or walk with the arrow keys and press Enter.")
        if self._figure is not None and spot is not None:
            text = self._figure.describe(spot)
        self._page.read_out.show_text(text)
        self._canvas.setAccessibleDescription(text)

    def _on_canvas_spot_chosen(self, spot: str) -> None:
        self.context.open_example(BY_NAME[spot].example)

    def _on_canvas_stepped(self) -> None:
        """The whole card is brought into sight."""
        if self._figure is None or self._canvas.spot is None:
            return
        box = self._figure.boxes(self._canvas.figure_rect(), self._canvas.style_now)[self._canvas.spot].toRect()
        center, size = box.center(), box.size()
        self._scroll.ensureVisible(center.x(), center.y(), size.width() // 2 + 8, size.height() // 2 + 8)
