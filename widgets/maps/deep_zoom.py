"""A map of any length with its overview, search line and read-out: the part that a view puts on screen."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Signal
from PySide6.QtGui import QImage, QResizeEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from inference.results.maps import TilesResult
from inference.results.request import Request
from widgets.figures.color_bar import ColorBar
from widgets.kit.delay import Delay
from widgets.look.theme import FigureStyle
from widgets.maps.canvas import DeepZoomCanvas
from widgets.maps.coloring import Coloring, coloring_of
from widgets.maps.descriptions import cell_text, rows_text
from widgets.maps.feed import Feed, Source
from widgets.maps.finder import Finder
from widgets.maps.go_to import GoToBar
from widgets.maps.head_map import HeadMap
from widgets.maps.map_figure import MapFigure, caption_of
from widgets.maps.minimap import Minimap
from widgets.maps.scene import MapScene
from widgets.maps.search import NoSuchPlace, place_of
from widgets.maps.tile_cache import MapPiece, PooledHead
from widgets.passed_focus import PassesFocus

_READABLE = 20.0  # pixels a cell, at which a place that was gone to is shown
_BAR = 5.0  # em: the lowest colour bar, with the gap to the minimap below it
_PAUSE = 30  # milliseconds that moves are gathered before tiles are asked for


class DeepZoom(PassesFocus, QWidget):
    """Data in, pixels and signals out, as a view; several heads are looked at from the same place.

    Signals
    -------
    requests_changed()
        `requests()` may have another answer.
    changed(), read_changed()
        Another picture; another value under the pointer.
    cell_chosen(int, int), step_requested(int, int)
        Query and key position; layers and heads to walk.
    noticed(str)
        One sentence for the user.
    """

    requests_changed = Signal()
    changed = Signal()
    read_changed = Signal()
    cell_chosen = Signal(int, int)
    step_requested = Signal(int, int)
    noticed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.feed = Feed()
        self.canvas = DeepZoomCanvas(self)
        self.minimap = Minimap(self.canvas)
        self.bar = GoToBar(self)
        self._finder = Finder()
        self._wanted: tuple[Source, PooledHead] | None = None
        self._map: HeadMap | None = None
        self._style = FigureStyle()
        self._scale = "raw"
        self._cell: tuple[int | None, int | None] = (None, None)
        self._brush: range | None = None
        self._scene: MapScene | None = None
        self._coloring: Coloring | None = None
        self._thumbnail: MapPiece | None = None
        self._asking, self._arrival = Delay(_PAUSE, self), Delay(0, self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.bar)
        layout.addWidget(self.canvas, 1)
        self.setFocusProxy(self.canvas)

        self._arrival.elapsed.connect(self._on_arrival_elapsed)
        self._asking.elapsed.connect(self._want_tiles)
        self._asking.elapsed.connect(self.requests_changed)  # not if the window has gone meanwhile
        self.canvas.viewport_changed.connect(self._on_canvas_viewport_changed)
        self.canvas.cell_hovered.connect(self.read_changed)
        self.canvas.cell_clicked.connect(self.cell_chosen)
        self.canvas.brushed.connect(self._on_canvas_brushed)
        self.canvas.step_requested.connect(self.step_requested)
        self.canvas.cell_step_requested.connect(self._on_canvas_cell_step_requested)
        self.minimap.place_chosen.connect(self._on_minimap_place_chosen)
        self.minimap.pages_requested.connect(self.canvas.turn_pages)
        self.minimap.entered.connect(self.canvas.point_nowhere)
        self.bar.text_changed.connect(self._on_bar_text_changed)
        self.bar.step_requested.connect(self.step_match)
        self.bar.place_typed.connect(self._on_bar_place_typed)
        self.bar.closed.connect(self.canvas.setFocus)

    # Data in

    def show_head(self, source: Source, head: PooledHead) -> None:
        """Look at a head; place and zoom stay, and the old picture until there is a new one."""
        if (source, head) == self._wanted:
            return
        if self._wanted is not None and head.group != self._wanted[1].group:
            self._brush = None
        self._wanted = source, head
        self.feed.show(source, head)
        self.feed.brush(self._brush)
        self._rebuild()
        self._want_tiles()

    def forget(self) -> None:
        """There is another text, or none. The old picture stays until there is a new one."""
        self.feed.forget()
        self._wanted = self._brush = None
        self._finder.forget()

    def select(self, query_pos: int | None, key_pos: int | None) -> None:
        """Frame a row and a column."""
        if (query_pos, key_pos) != self._cell:
            self._cell = (query_pos, key_pos)
            self._rebuild()

    def set_look(self, style: FigureStyle, scale: str) -> None:
        """Colours and letters; `scale` is `raw`, `row` or `log`."""
        self._style, self._scale = style, scale
        self._rebuild()

    def requests(self) -> tuple[Request, ...]:
        """What is wanted and has yet to come."""
        return self.feed.requests()

    def take(self, request: Request, result: object) -> None:
        """Show the answer to one of its requests, or a part of it."""
        self.feed.take(request, result)
        if isinstance(result, TilesResult):
            self._arrival.start_unless_waiting()  # they come one by one, several in a turn
            return
        known = self.feed.map
        if known is not None:
            self._finder.search_in(known.axes)
            self.bar.show_count(self._finder.text)
        self._on_arrival_elapsed()

    def _on_arrival_elapsed(self) -> None:
        self._rebuild()
        self._want_tiles()
        self.requests_changed.emit()

    def give_up(self) -> None:
        """A request failed."""
        self.feed.give_up()

    # What is shown

    def figure(self) -> MapFigure | None:
        """Exactly what is on screen."""
        known = self._map
        if known is None or self._scene is None or self._coloring is None:
            return None
        level, em = known.level(self.canvas.level()), self.canvas.fontMetrics().height()
        values = known.values(level, self._scene.viewport.seen)
        return MapFigure(self._scene, known.head, level, values, self._coloring, em, self._is_coarse(known, level))

    @property
    def caption(self) -> str:
        """What is on screen, in one line."""
        known = self._map
        if known is None or self._scene is None or self._coloring is None:
            return ""
        level = known.level(self.canvas.level())
        return caption_of(self._scene, known.head, level, self._coloring, is_coarse=self._is_coarse(known, level))

    def _is_coarse(self, known: HeadMap, level: int) -> bool:
        """Whether sharper tiles of what is seen are still to come."""
        assert self._scene is not None
        return bool(known.missing(level, known.axes.pyramid.tiles(level, self._scene.viewport.seen)))

    def zoom(self, factor: float) -> None:
        """Show larger or smaller cells."""
        self.canvas.zoom(factor)

    def fit(self) -> None:
        """Show the whole map."""
        self.canvas.fit()

    def read_out(self) -> str:
        """The value under the pointer, else what the brushed rows attend to, else the chosen cell."""
        known = self._map
        if known is None:
            return ""
        reading = self.canvas.pointed()
        if reading is None and self._brush is not None:
            return rows_text(known.axes, self._brush, self.feed.pattern)
        if reading is None and None not in self._cell:
            row, column = (position or 0 for position in self._cell)
            is_inside = row < known.axes.pyramid.n_rows and column < known.axes.pyramid.n_columns
            reading = known.read(0, row, column) if is_inside else None
        if reading is None:
            return self.tr(
                "Point at a cell. Wheel: zoom \N{MIDDLE DOT} drag: move \N{MIDDLE DOT} click: choose \N{MIDDLE DOT} "
                "drag along the queries on the left: what they attend to"
            )
        return cell_text(known, reading)

    def _rebuild(self) -> None:
        """Put what is known on screen."""
        known = self._known()
        if known is None:
            return
        self._map = known
        viewport = self.canvas.viewport
        assert viewport is not None
        level = known.level(self.canvas.level())
        maxima = known.maxima() if self._scale == "row" else None
        self._coloring = coloring_of(self._style, self._scale, known.high(level), maxima)
        title = self.tr("share of row maximum") if self._coloring.maxima else self.tr("attention")
        self._scene = MapScene(
            known.axes,
            viewport,
            ColorBar(self._coloring.high, self._coloring.scale, title),
            *self._cell,
            self._brush,
            self.feed.pattern if self._wanted and known.head == self._wanted[1] else None,
            self._finder.matches,
            known.is_sampled(level, viewport.seen),
        )
        self.canvas.show_scene(self._scene, known, self._coloring, self._style)
        self._show_minimap()
        self.changed.emit()

    def _known(self) -> HeadMap | None:
        """The map to show, with a viewport that fits it: the wanted one if there is anything of it, else the old."""
        for known in (self.feed.map, self._map):
            if known is None:
                continue
            pyramid = known.axes.pyramid
            self.canvas.fill_room(pyramid.n_rows, pyramid.n_columns, has_strip=self._brush is not None)
            assert self.canvas.viewport is not None
            if known.has_any(known.level(self.canvas.level()), self.canvas.viewport.seen):
                return known
        return None

    def _show_minimap(self) -> None:
        self._place_minimap()  # whose size says how far the picture is shrunk
        known = self._map
        overview = known.overview() if known else None
        image: QImage | None = None
        if known is not None and overview is not None and self._coloring is not None:
            high = known.high(overview.level)
            if self._thumbnail is None or self._thumbnail.values is not overview.values:
                # Of its own: the map paints the overview in other colours.
                self._thumbnail = MapPiece(overview.values, overview.level, 0, 0)
            colors = coloring_of(self._style, self._scale, high, self._coloring.maxima)
            image = self._thumbnail.image(colors, self.minimap.shrink(*overview.values.shape), known.head.reduce)
        assert self._scene is not None
        self.minimap.show_scene(self._scene, image, self._style)
        self._place_minimap()

    def _place_minimap(self) -> None:
        em = self.canvas.fontMetrics().height()
        corner = self.canvas.rect().bottomRight()
        gap = round(0.4 * em)
        self.minimap.set_room(corner.y() - gap - self.canvas.room().top() - _BAR * em)
        size = self.minimap.sizeHint()
        self.minimap.setGeometry(
            corner.x() - size.width() - gap, corner.y() - size.height() - gap, size.width(), size.height()
        )
        self.canvas.corner = QRectF(self.minimap.geometry())

    def _want_tiles(self) -> None:
        if self.canvas.viewport is not None and self.feed.map is not None:
            self.feed.look_at(self.canvas.level(), self.canvas.viewport.seen)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_minimap()

    # What the user does

    def step_match(self, step: int) -> None:
        """Go to the next match, or to the one before."""
        if (match := self._finder.step(step)) is not None:
            self._go_to(*match)
        self.bar.show_count(self._finder.text)
        self._rebuild()

    def _go_to(self, row: int | None, column: int | None, scale: float | None = None) -> None:
        viewport = self.canvas.viewport
        if viewport is None:
            return
        seen = viewport.seen
        row_at = (seen.top + seen.bottom) / 2 - 0.5 if row is None else row
        column_at = (seen.left + seen.right) / 2 - 0.5 if column is None else column
        self.canvas.go(viewport.centred(row_at, column_at, scale))

    def _on_bar_text_changed(self, text: str) -> None:
        self._finder.search(text)
        self.step_match(0)

    def _on_bar_place_typed(self, text: str) -> None:
        known = self.feed.map
        if known is None:
            return
        pyramid = known.axes.pyramid
        try:
            row, column = place_of(text, pyramid.n_rows, pyramid.n_columns)
        except NoSuchPlace as refusal:
            self.noticed.emit(str(refusal))
            return
        if column is None and known.axes.are_same:
            column = row
        self._go_to(row, column, _READABLE)
        self.cell_chosen.emit(row, self._cell[1] or 0 if column is None else column)

    def _on_canvas_viewport_changed(self) -> None:
        self._rebuild()
        self._asking.start_unless_waiting()

    def _on_canvas_brushed(self, rows: range | None) -> None:
        self._brush = rows
        self.feed.brush(rows)
        self._rebuild()
        self._asking.start_unless_waiting()

    def _on_canvas_cell_step_requested(self, rows: int, columns: int) -> None:
        viewport = self.canvas.viewport
        if viewport is None:
            return
        row, column = self._cell
        side = 2 ** self.canvas.level()
        seen = viewport.seen
        row = int(seen.top) if row is None else min(max(row + rows * side, 0), viewport.n_rows - 1)
        column = int(seen.left) if column is None else min(max(column + columns * side, 0), viewport.n_columns - 1)
        self.canvas.go(viewport.revealing(row, column))
        self.cell_chosen.emit(row, column)

    def _on_minimap_place_chosen(self, row: float, column: float) -> None:
        if self.canvas.viewport is not None:
            self.canvas.go(self.canvas.viewport.centred(row, column))
