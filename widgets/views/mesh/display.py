"""Meshes and all that is told of them: the picture, the player and the pages. It asks nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent, QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from inference.results.mesh import MeshSample, MeshStepResult, ScoreMeshResult
from widgets.look.theme import FigureStyle
from widgets.player.playback import Playback
from widgets.scene3d.camera import OBLIQUE, Camera
from widgets.scene3d.picking import Hit
from widgets.scene3d.viewer import Renderer
from widgets.views.mesh.arrangement import MeshBoard, Page
from widgets.views.mesh.attention import attention_figure, looked_at
from widgets.views.mesh.coloring import ColorBy
from widgets.views.mesh.descriptions import hit_words, step_words
from widgets.views.mesh.figures.expected import MeshExpected
from widgets.views.mesh.figures.sample import MeshSampleFigure
from widgets.views.mesh.growth import FIRST_VERTEX, Growth
from widgets.views.mesh.marks import Marks
from widgets.views.mesh.meshes_scene import ROWS_FROM, Exhibit

_CALM = 2.0  # the highest speed at which what was expected can be followed in space


class MeshDisplay(QWidget):
    """Signals

    -------
    settled()
        It stands still at a token, maybe another one.
    looking_changed()
        Something else is to be looked up: another page, or another vertex that looks.
    active_changed()
        Another one of several meshes is looked at.
    picture_changed()
        `figure()` gives another picture.
    """

    settled = Signal()
    looking_changed = Signal()
    active_changed = Signal()
    image_changed = Signal()

    def __init__(self, renderer: Renderer, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.board = MeshBoard(renderer)
        self.playback = Playback(self)
        self.marks = Marks()
        self._exhibit = Exhibit()
        self._style = FigureStyle.of(self)
        self._expected: MeshExpected | None = None
        self._goes_on = False  # when it is shown again
        self._are_many = False
        self._fitted: Camera | None = None  # as long as nobody moves it, it follows what grows
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.board)
        self._connect()
        self.setFocusProxy(self.board.lanes)

    def _connect(self) -> None:
        board = self.board
        self.playback.moved.connect(self._on_playback_moved)
        self.playback.playing_changed.connect(self._on_playback_playing_changed)
        board.transport.play_toggled.connect(self.playback.toggle)
        board.transport.stepped.connect(self._on_transport_stepped)
        board.transport.jumped.connect(self._on_transport_jumped)
        board.transport.speed_changed.connect(self.playback.set_speed)
        board.transport.color_changed.connect(self._on_transport_color_changed)
        board.transport.style_changed.connect(board.viewer.set_style)
        board.transport.fit_requested.connect(board.viewer.fit)
        board.transport.turning_changed.connect(board.stage.set_turning)
        board.viewer.style_changed.connect(board.transport.set_style)
        board.viewer.camera_changed.connect(self.image_changed)
        board.viewer.vertex_clicked.connect(self._on_viewer_vertex_clicked)
        board.viewer.face_clicked.connect(self._on_viewer_face_clicked)
        board.viewer.hovered.connect(self._on_viewer_hovered)
        board.lanes.step_chosen.connect(self.go_to)
        board.step_panel.step_chosen.connect(self.go_to)
        board.step_panel.pointed_at.connect(self._on_step_panel_pointed_at)
        board.pages.currentChanged.connect(self._on_pages_current_changed)
        board.attention.looking_changed.connect(self._on_attention_looking_changed)
        board.complete.height_changed.connect(self._on_complete_height_changed)
        board.complete.clear_requested.connect(self._on_complete_clear_requested)

    # What is shown

    @property
    def growths(self) -> tuple[Growth, ...]:
        return self._exhibit.growths

    @property
    def growth(self) -> Growth | None:
        """The mesh that is looked at."""
        return self._exhibit.growth

    @property
    def is_growing(self) -> bool:
        """Whether more is to come of any of them."""
        return self._exhibit.is_growing

    @property
    def step(self) -> int:
        """The token of that mesh that is shown."""
        return self._exhibit.active_step(self.playback.step)

    def show_samples(self, samples: Sequence[MeshSample], style: FigureStyle, *, is_new: bool, plays: bool) -> None:
        """Show meshes, or more of the same; new ones are played from their first drawn token, or stand whole."""
        self._style = style
        if is_new:
            self._exhibit.active = 0
            self._forget_marks()
        self._exhibit.show(samples)
        self.playback.set_steps(self._exhibit.n_steps, is_open=self._exhibit.is_growing)
        self._show_growth()
        if is_new and plays:
            self.replay()
        elif is_new:
            self.playback.pause()
            self.playback.go_to(self._exhibit.n_steps - 1)
        self._show_step()
        if is_new or (not self.is_growing and self.board.viewer.camera == self._fitted):
            self._fit()

    def _fit(self) -> None:
        """Show all; where one becomes many, or many one, from the usual side."""
        viewer, are_many = self.board.viewer, len(self.growths) > 1
        if are_many != self._are_many:
            self._are_many = are_many
            viewer.set_camera(viewer.camera.looking(*(ROWS_FROM if are_many else OBLIQUE)))
            viewer.set_projection("orthographic" if are_many else "perspective")  # many are compared
        viewer.fit()
        self._fitted = viewer.camera

    def replay(self) -> None:
        """Play from the first token that was not given."""
        self.playback.restart(min((growth.first_drawn() for growth in self.growths), default=0))

    def show_attention(self, result: MeshStepResult) -> None:
        """Show what a step looks at."""
        if (growth := self.growth) is not None and growth.n_vertices:
            self.marks.looked = looked_at(growth, result)
            self.board.attention.show_attention(attention_figure(growth, result), self._style)
            self._show_step()
            self.image_changed.emit()

    def show_surprise(self, score: ScoreMeshResult | None, classes: tuple[str, ...]) -> None:
        """Tell what the mesh costs; `classes` are those that it may be taken for."""
        growth = self.growth
        self.board.surprise.offer_classes(classes, growth.sample.label if growth else None)
        if growth is None or not growth.is_growing:
            bits, name, notes = (score.compressed_bits, score.name, score.notes) if score else (None, "", ())
            self.board.surprise.show_growth(growth, bits, self._style, name=name, notes=notes)

    def restyle(self, style: FigureStyle) -> None:
        """The same in other colours or letters."""
        self._style = style
        self.board.restyle(style)
        self._show_growth()
        self._show_step()
        self.image_changed.emit()

    def figure(self) -> MeshSampleFigure | None:
        """The picture, and what was expected where that is shown."""
        if not self._exhibit.n_steps:
            return None
        expected = self._expected if self.board.page == Page.STEP else None
        legend = self._exhibit.legend(self._color_by())
        return MeshSampleFigure(self.board.viewer.figure(), self.growths, legend, expected)

    def _show_growth(self) -> None:
        """Another mesh, or more of it, or other colours."""
        board, growth = self.board, self.growth
        board.step_panel.show_growth(growth, self._style)
        board.lanes.show_growth(growth, self._style)
        board.complete.show_growth(growth)
        board.complete.show_chosen(self.marks.chosen_faces)
        board.stage.show_legend(self._exhibit.legend(self._color_by()), self._style)
        board.draw_bar.show_corrections(sum(one.n_corrected() for one in self.growths))
        board.transport.set_saving(growth is not None and not growth.is_growing and bool(growth.faces))

    def _color_by(self) -> ColorBy:
        """What the colours say; nothing where the lines of attention do."""
        return "plain" if self.board.page == Page.ATTENTION else self.board.transport.color_by

    def _show_step(self) -> None:
        """The mesh as it is at the step where the playback stands."""
        growth, board = self.growth, self.board
        if growth is None or not growth.n_steps:
            return
        is_playing = self.playback.is_playing
        is_calm = not is_playing or 0 < self.playback.speed <= _CALM
        looks = self.marks.looks(board.page, board.complete.height_value, is_calm=is_calm)
        color_by = self._color_by()
        board.viewer.set_scene(
            self._exhibit.scene(self.playback.step, color_by, looks, self._style, is_still=not is_playing)
        )
        board.lanes.show_step(self.step)
        if board.page == Page.STEP:
            self._expected = board.step_panel.show_step(self.step)
        self._read()

    def _read(self, text: str = "") -> None:
        """Say something, or what is shown."""
        growth = self.growth
        if text or (growth is not None and growth.n_steps):
            assert growth is not None
            self.board.read_out.show_text(text or step_words(growth, self.step))

    # The player

    def go_to(self, step: int) -> None:
        """Stand still at a token of the mesh that is looked at."""
        was_playing = self.playback.is_playing
        self.playback.go_to(self._exhibit.common_step(step))
        if not was_playing:
            self.settled.emit()
            self.image_changed.emit()

    def _on_playback_moved(self, _step: int) -> None:
        self._show_step()

    def _on_playback_playing_changed(self, is_playing: bool) -> None:
        self.board.transport.set_playing(is_playing)
        self._show_step()
        if not is_playing:
            self.settled.emit()
            self.image_changed.emit()

    def _on_transport_stepped(self, tokens: int) -> None:
        self.go_to(max(self.step + tokens, 0))

    def _on_transport_jumped(self, is_end: bool) -> None:
        self.go_to(self._exhibit.n_steps - 1 if is_end else 0)

    def _on_transport_color_changed(self) -> None:
        self.restyle(self._style)

    # Under the pointer

    def _activate(self, number: int) -> Growth:
        """Look at one of the meshes."""
        if number != self._exhibit.active:
            self._exhibit.active = number
            self._forget_marks()
            self._show_growth()
            self._show_step()
            self.active_changed.emit()
            self.settled.emit()
        return self.growths[number]

    def _forget_marks(self) -> None:
        self.marks = Marks()
        self.board.step_panel.tokens.show_found(range(0))

    def _on_viewer_vertex_clicked(self, number: int, vertex: int) -> None:
        growth = self._activate(number)
        if self.board.page == Page.ATTENTION and self.board.attention.looking == "encoder":
            self.marks.vertex = vertex
            self.looking_changed.emit()
        else:
            self._find(Hit(number, "vertex", vertex, 0.0), growth)

    def _on_viewer_face_clicked(self, number: int, face: int) -> None:
        growth = self._activate(number)
        if self.board.page == Page.COMPLETE:
            self.marks.toggle_face(face)
            self.board.complete.show_chosen(self.marks.chosen_faces)
            self._show_step()
        else:
            self._find(Hit(number, "face", face, 0.0), growth)

    def _find(self, hit: Hit, growth: Growth) -> None:
        """Mark the tokens of what was clicked on."""
        self.marks.found = hit
        self._show_step()
        self.board.step_panel.tokens.show_found(self.marks.steps_found(growth))
        self._read(hit_words(growth, hit))

    def _on_viewer_hovered(self, hit: Hit | None) -> None:
        if hit is None or not self.playback.is_playing:
            self._read("" if hit is None else hit_words(self.growths[hit.object], hit))

    def _on_step_panel_pointed_at(self, text: str) -> None:
        self._read(text)

    # The pages

    def looking(self) -> tuple[str, int]:
        """The attention group of what looks, and its position there; there is a mesh."""
        growth = self.growth
        assert growth is not None
        if self.board.attention.looking == "step":
            return growth.part_of(self.step)
        vertex = growth.vertex_at(self.step) if self.marks.vertex is None else self.marks.vertex
        return "encoder", FIRST_VERTEX + min(vertex or 0, max(growth.n_vertices - 1, 0))

    def _on_pages_current_changed(self) -> None:
        self.board.stage.show_legend(self._exhibit.legend(self._color_by()), self._style)
        self._show_step()
        self.looking_changed.emit()
        self.image_changed.emit()

    def _on_attention_looking_changed(self) -> None:
        self.marks = replace(self.marks, looked=None)
        self._show_step()
        self.looking_changed.emit()

    def _on_complete_height_changed(self) -> None:
        self._show_step()

    def _on_complete_clear_requested(self) -> None:
        self.marks.chosen_faces = ()
        self.board.complete.show_chosen(())
        self._show_step()

    # Keys

    def keyPressEvent(self, event: QKeyEvent) -> None:
        actions = {
            Qt.Key.Key_Space: self.playback.toggle,
            Qt.Key.Key_N: self.board.draw_bar.next_seed,
            Qt.Key.Key_Comma: self.board.transport.step_back,
            Qt.Key.Key_Period: self.board.transport.step_forth,
        }
        act = actions.get(Qt.Key(event.key()))
        if act is None or event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            super().keyPressEvent(event)
        else:
            act()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.board.tell_renderer()
        if self._goes_on:
            self.playback.play()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._goes_on = self.playback.is_playing
        self.playback.pause()
