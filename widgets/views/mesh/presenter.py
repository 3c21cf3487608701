"""Shows meshes and all that is told of them in the widgets of the view, and plays them. It asks nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from inference.results.mesh import MeshSample, MeshStepResult, ScoreMeshResult
from widgets.look.theme import FigureStyle
from widgets.player.playback import Playback
from widgets.scene3d.camera import OBLIQUE, Camera
from widgets.scene3d.picking import Hit
from widgets.scene3d.viewer import Renderer
from widgets.views.mesh.coloring import ColorBy
from widgets.views.mesh.figures.attention import attended_vertices, attention_figure
from widgets.views.mesh.figures.expected import MeshExpected
from widgets.views.mesh.figures.sample import MeshSampleFigure
from widgets.views.mesh.growth import FIRST_VERTEX, Growth
from widgets.views.mesh.overlay import Picks, SidePage
from widgets.views.mesh.parts import MeshParts
from widgets.views.mesh.read_out import hit_text, step_text
from widgets.views.mesh.scene import ROWS_FROM, ShownMeshes

_CALM = 2.0  # the highest speed at which what was expected can be followed in space


class MeshPresenter(QObject):
    """Signals

    -------
    settled()
        It stands still at a token, maybe another one.
    attending_changed()
        Other attention is to be looked up: another page, or another vertex that attends.
    active_changed()
        Another one of several meshes is looked at.
    image_changed()
        `figure()` gives another image.
    """

    settled = Signal()
    attending_changed = Signal()
    active_changed = Signal()
    image_changed = Signal()

    def __init__(self, renderer: Renderer, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.playback = Playback(self)
        self.parts = MeshParts(renderer, self.playback)
        self.picks = Picks()
        self._meshes = ShownMeshes()
        self._style = FigureStyle.of(self.parts)
        self._expected: MeshExpected | None = None
        self._are_many = False
        self._fitted: Camera | None = None  # as long as nobody moves it, it follows what grows
        self._connect()

    def _connect(self) -> None:
        parts = self.parts
        parts.veil.dimmed.connect(self.playback.hold)
        self.playback.moved.connect(self._on_playback_moved)
        self.playback.playing_changed.connect(self._on_playback_playing_changed)
        parts.player.step_requested.connect(self.go_to)
        parts.look.color_changed.connect(self._on_look_color_changed)
        parts.look.style_changed.connect(parts.viewer.set_style)
        parts.look.fit_requested.connect(parts.viewer.fit)
        parts.look.turning_changed.connect(parts.viewer_panel.turntable.set_turning)
        parts.viewer.style_changed.connect(parts.look.set_style)
        parts.viewer.camera_changed.connect(self.image_changed)
        parts.viewer.vertex_clicked.connect(self._on_viewer_vertex_clicked)
        parts.viewer.face_clicked.connect(self._on_viewer_face_clicked)
        parts.viewer.hovered.connect(self._on_viewer_hovered)
        parts.step_panel.step_chosen.connect(self.go_to)
        parts.step_panel.pointed_at.connect(self._on_step_panel_pointed_at)
        parts.pages.currentChanged.connect(self._on_pages_current_changed)
        parts.attention.attending_changed.connect(self._on_attention_attending_changed)
        parts.complete.height_changed.connect(self._on_complete_height_changed)
        parts.complete.clear_requested.connect(self._on_complete_clear_requested)

    # What is shown

    @property
    def growths(self) -> tuple[Growth, ...]:
        return self._meshes.growths

    @property
    def growth(self) -> Growth | None:
        """The mesh that is looked at."""
        return self._meshes.growth

    @property
    def is_growing(self) -> bool:
        """Whether more is to come of any of them."""
        return self._meshes.is_growing

    @property
    def step(self) -> int:
        """The token of that mesh that is shown."""
        return self._meshes.active_step(self.playback.step)

    def show_samples(self, samples: Sequence[MeshSample], style: FigureStyle, *, is_new: bool, plays: bool) -> None:
        """Show meshes, or more of the same; new ones are played from their first sampled token, or stand whole."""
        self._style = style
        self.parts.show_canvas()
        self.parts.veil.lift()
        if is_new:
            self._meshes.active = 0
            self._forget_marks()
        self._meshes.show(samples)
        self.playback.set_range(0, self._meshes.n_steps - 1, is_open=self._meshes.is_growing)
        self._show_growth()
        if is_new and plays:
            self.replay()
        elif is_new:
            self.playback.pause()
            self.playback.go_to(self._meshes.n_steps - 1)
        self._show_step()
        if is_new or (not self.is_growing and self.parts.viewer.camera == self._fitted):
            self._fit()

    def _fit(self) -> None:
        """Show all; where one becomes many, or many one, from the usual side."""
        viewer, are_many = self.parts.viewer, len(self.growths) > 1
        if are_many != self._are_many:
            self._are_many = are_many
            viewer.set_camera(viewer.camera.looking(*(ROWS_FROM if are_many else OBLIQUE)))
            viewer.set_projection("orthographic" if are_many else "perspective")  # many are compared
        viewer.fit()
        self._fitted = viewer.camera

    def replay(self) -> None:
        """Play from the first token that was not given."""
        self.playback.restart(min((growth.first_sampled() for growth in self.growths), default=0))

    def show_attention(self, result: MeshStepResult) -> None:
        """Show what a step attends to."""
        if (growth := self.growth) is not None and growth.n_vertices:
            self.picks.attended = attended_vertices(growth, result)
            self.parts.attention.show_attention(attention_figure(growth, result), self._style)
            self._show_step()
            self.image_changed.emit()

    def show_surprisal(self, score: ScoreMeshResult | None, classes: tuple[str, ...]) -> None:
        """Tell what the mesh costs; `classes` are those that it may be taken for."""
        growth = self.growth
        self.parts.surprisal.offer_classes(classes, growth.sample.label if growth else None)
        if growth is not None and growth.is_growing:
            self.parts.surprisal.show_growing()
        else:
            bits, name, notes = (score.compressed_bits, score.name, score.notes) if score else (None, "", ())
            self.parts.surprisal.show_growth(growth, bits, self._style, name=name, notes=notes)

    def restyle(self, style: FigureStyle) -> None:
        """The same in other colours or letters."""
        self._style = style
        self.parts.restyle(style)
        self._show_growth()
        self._show_step()
        self.image_changed.emit()

    def figure(self) -> MeshSampleFigure | None:
        """The image, and what was expected where that is shown."""
        if not self._meshes.n_steps:
            return None
        expected = self._expected if self.parts.page == SidePage.STEP else None
        legend = self._meshes.legend(self._color_by())
        return MeshSampleFigure(self.parts.viewer.figure(), self.growths, legend, expected, self._meshes.active)

    def _show_growth(self) -> None:
        """Another mesh, or more of it, or other colours."""
        parts, growth = self.parts, self.growth
        parts.step_panel.show_growth(growth, self._style)
        parts.show_lanes(growth, self._style)
        parts.complete.show_growth(growth)
        parts.complete.show_chosen(self.picks.chosen_faces)
        parts.viewer_panel.show_legend(self._meshes.legend(self._color_by()), self._style)
        parts.sampling.show_corrections(sum(one.n_corrected() for one in self.growths))
        parts.look.set_saving(growth is not None and not growth.is_growing and bool(growth.faces))

    def _color_by(self) -> ColorBy:
        """What the colours say; nothing where the lines of attention do."""
        return "plain" if self.parts.page == SidePage.ATTENTION else self.parts.look.color_by

    def _show_step(self) -> None:
        """The mesh as it is at the step where the playback stands."""
        growth, parts = self.growth, self.parts
        if growth is None or not growth.n_steps:
            return
        is_playing = self.playback.is_playing
        is_calm = not is_playing or 0 < self.playback.speed <= _CALM
        overlay = self.picks.overlay(parts.page, parts.complete.height_value, is_calm=is_calm)
        color_by = self._color_by()
        parts.viewer.set_scene(
            self._meshes.scene(self.playback.step, color_by, overlay, self._style, is_still=not is_playing)
        )
        parts.player.show_step(self.step)
        if parts.page == SidePage.STEP:
            self._expected = parts.step_panel.show_step(self.step)
        self._read()

    def _read(self, text: str = "") -> None:
        """Say something, or what is shown."""
        growth = self.growth
        if self.parts.veil.is_dimmed:
            return  # no numbers beside an old picture
        if text or (growth is not None and growth.n_steps):
            assert growth is not None
            self.parts.read_out.show_text(text or step_text(growth, self.step))

    # The player

    def go_to(self, step: int) -> None:
        """Stand still at a token of the mesh that is looked at."""
        was_playing = self.playback.is_playing
        self.playback.go_to(self._meshes.common_step(step))
        if not was_playing:
            self.settled.emit()
            self.image_changed.emit()

    def _on_playback_moved(self, _step: int) -> None:
        self._show_step()

    def _on_playback_playing_changed(self, is_playing: bool) -> None:
        self._show_step()
        if not is_playing:
            self.settled.emit()
            self.image_changed.emit()

    def _on_look_color_changed(self) -> None:
        self.restyle(self._style)

    # Under the pointer

    def _activate(self, number: int) -> Growth:
        """Look at one of the meshes."""
        if number != self._meshes.active:
            self._meshes.active = number
            self._forget_marks()
            self._show_growth()
            self._show_step()
            self.active_changed.emit()
            self.settled.emit()
        return self.growths[number]

    def _forget_marks(self) -> None:
        self.picks = Picks()
        self.parts.step_panel.tokens.show_found(range(0))

    def _on_viewer_vertex_clicked(self, number: int, vertex: int) -> None:
        growth = self._activate(number)
        if self.parts.page == SidePage.ATTENTION and self.parts.attention.attending == "encoder":
            self.picks.vertex = vertex
            self.attending_changed.emit()
        else:
            self._find(Hit(number, "vertex", vertex, 0.0), growth)

    def _on_viewer_face_clicked(self, number: int, face: int) -> None:
        growth = self._activate(number)
        if self.parts.page == SidePage.COMPLETE:
            self.picks.toggle_face(face)
            self.parts.complete.show_chosen(self.picks.chosen_faces)
            self._show_step()
        else:
            self._find(Hit(number, "face", face, 0.0), growth)

    def _find(self, hit: Hit, growth: Growth) -> None:
        """Mark the tokens of what was clicked on."""
        self.picks.found = hit
        self._show_step()
        self.parts.step_panel.tokens.show_found(self.picks.steps_found(growth))
        self._read(hit_text(growth, hit))

    def _on_viewer_hovered(self, hit: Hit | None) -> None:
        if hit is None or not self.playback.is_playing:
            self._read("" if hit is None else hit_text(self.growths[hit.object], hit))

    def _on_step_panel_pointed_at(self, text: str) -> None:
        self._read(text)

    # The pages

    def attending(self) -> tuple[str, int]:
        """The attention group of what attends, and its position there; there is a mesh."""
        growth = self.growth
        assert growth is not None
        if self.parts.attention.attending == "step":
            return growth.part_of(self.step)
        vertex = growth.vertex_at(self.step) if self.picks.vertex is None else self.picks.vertex
        return "encoder", FIRST_VERTEX + min(vertex or 0, max(growth.n_vertices - 1, 0))

    def _on_pages_current_changed(self) -> None:
        self.parts.viewer_panel.show_legend(self._meshes.legend(self._color_by()), self._style)
        self._show_step()
        self.attending_changed.emit()
        self.image_changed.emit()

    def _on_attention_attending_changed(self) -> None:
        self.picks = replace(self.picks, attended=None)
        self._show_step()
        self.attending_changed.emit()

    def _on_complete_height_changed(self) -> None:
        self._show_step()

    def _on_complete_clear_requested(self) -> None:
        self.picks.chosen_faces = ()
        self.parts.complete.show_chosen(())
        self._show_step()
