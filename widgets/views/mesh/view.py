"""A mesh as a model writes it: vertex by vertex, then polygon by polygon."""

from __future__ import annotations

from typing import Any, NamedTuple

from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QFileDialog, QWidget

from inference.results.checkpoint import CheckpointInfo
from inference.results.events import Failure
from inference.results.inputs import MESH_ENDINGS, Input, MeshInput
from inference.results.mesh import (
    MeshRequest,
    MeshResult,
    MeshSample,
    MeshStepRequest,
    MeshStepResult,
    ScoreMeshRequest,
    ScoreMeshResult,
    first_label,
)
from inference.results.request import Request
from widgets.context import ViewContext
from widgets.kit.delay import Delay
from widgets.scene3d.viewer import Renderer
from widgets.selection import Selected
from widgets.subject import Subject
from widgets.view import View
from widgets.views.mesh.figures.sample import MeshSampleFigure
from widgets.views.mesh.growth import FIRST_VERTEX
from widgets.views.mesh.overlay import SidePage
from widgets.views.mesh.presenter import MeshPresenter
from widgets.views.mesh.sample_controls import kept_of, kept_start, read_kept
from widgets.views.mesh.surprisal_panel import dropped_mesh

FIRST_SEED = 0  # on screen without a click

_PATIENCE = 150  # ms: a number is still being typed

MeshSource = MeshRequest | ScoreMeshRequest


class _Shown(NamedTuple):
    """What is shown, to come back to."""

    source: MeshSource
    samples: tuple[MeshSample, ...]
    score: ScoreMeshResult | None


class MeshView(View):
    """Meshes grow from the floor up; beside them what the model expected of each token, what it attended to, and ways
    to complete a mesh or to look at one's own.

    Keys: those of the player; N samples with the next seed.
    """

    def __init__(self, context: ViewContext, parent: QWidget | None = None, *, renderer: Renderer = "auto") -> None:
        super().__init__(context, parent)
        self._checkpoint = ""
        self._source: MeshSource | None = None  # what is asked
        self._is_fresh = False  # nothing of it has come yet
        self._shown: _Shown | None = None
        self._start: MeshInput | None = None  # what is being completed
        self._before: _Shown | None = None  # it was
        self._chosen_input: MeshInput | None = None
        self._score: ScoreMeshResult | None = None
        self._kept: dict[str, Any] = {}  # how the mesh of the last session was sampled, if it was as the controls say
        self._patience = Delay(_PATIENCE, self)
        self._arrival = Delay(0, self)  # of a subject at all views
        self._presenter = MeshPresenter(renderer, self)
        parts = self._presenter.parts
        self.add_page(parts)
        self.add_options(parts.sampling.controls)
        self.add_options(parts.look.controls)
        self.add_options(parts.attention.controls)
        self.add_options(parts.complete.controls)
        parts.show_empty(self.tr("Open a checkpoint that samples meshes."))
        self._connect()
        self.setAcceptDrops(True)
        self.setFocusProxy(self._presenter.parts.scrubber)

    def _connect(self) -> None:
        presenter, parts = self._presenter, self._presenter.parts
        presenter.settled.connect(self._on_presenter_settled)
        presenter.attending_changed.connect(self._on_presenter_attending_changed)
        presenter.active_changed.connect(self._on_presenter_active_changed)
        presenter.image_changed.connect(self.figure_changed)
        parts.sampling.changed.connect(self._patience.start)
        parts.sampling.class_chosen.connect(self._on_sampling_class_chosen)
        self._patience.elapsed.connect(self._on_patience_elapsed)
        self._arrival.elapsed.connect(self._on_arrival_elapsed)
        parts.look.save_requested.connect(self._on_look_save_requested)
        parts.attention.head_chosen.connect(self._on_attention_head_chosen)
        parts.complete.above_requested.connect(self._on_complete_above_requested)
        parts.complete.faces_requested.connect(self._on_complete_faces_requested)
        parts.complete.undo_requested.connect(self._on_complete_undo_requested)
        parts.surprisal.label_chosen.connect(self._on_surprisal_label_chosen)
        parts.surprisal.open_requested.connect(self._on_surprisal_open_requested)

    def options_state(self) -> dict[str, Any]:
        """With whether the mesh is the one that they sample: after a restart it is again, and not just given."""
        kept, subject = self._kept, self.subject
        if self._shown is not None and subject is not None:
            first, source = self._presenter.growths[0].input(), self._wished()
            kept = kept_of(source) if self._shown.source == source and first == subject.input.mesh else {}
        return super().options_state() | kept

    def set_options_state(self, stored: object) -> None:
        super().set_options_state(stored)
        self._kept = read_kept(stored)

    # What is asked

    def set_subject(self, subject: Subject | None) -> None:
        given = subject.input.mesh if subject is not None else None
        if subject is not None and subject.checkpoint.checkpoint != self._checkpoint:
            self._begin(subject.checkpoint, given)
        if given is not None and self.subject is None and not given.vertex_tokens:
            self._chosen_input = None  # coming back to the checkpoint, the other views look at nothing yet
        if given is not None and given.vertex_tokens and given != self._chosen_input:
            self._chosen_input = given
            self._set_source(self._source_of(given))
        elif given is not None and given == self._chosen_input:
            self._pictured = subject  # the input came of the mesh that is shown
        super().set_subject(subject)
        self._arrival.start()

    def _begin(self, info: CheckpointInfo, given: MeshInput | None) -> None:
        """Another checkpoint: something of it is sampled at once, of the last session's mesh the class."""
        parts, classes = self._presenter.parts, info.classes
        label = given.label if given is not None and given.vertex_tokens else None
        parts.sampling.chips.set_classes(classes, (first_label(classes) or 0) if label is None else label)
        if self._checkpoint:  # before the first one, the seed is that of the last session
            parts.sampling.set_seed(FIRST_SEED)
        self._shown = self._before = self._start = self._chosen_input = None
        if given is not None and self._kept and not self._checkpoint:
            self._chosen_input, self._start = given, kept_start(given, self._kept)  # which is sampled again
        self._checkpoint = info.checkpoint
        if self._presenter.growth is None:
            parts.show_empty(self.tr("Asking the model …"))
        self._patience.stop()
        self._set_source(self._wished())

    def _wished(self) -> MeshRequest:
        return self._presenter.parts.sampling.request(self._checkpoint, self._start)

    def _source_of(self, given: MeshInput) -> MeshSource:
        """Of a mesh that was undone or done again: if it was sampled, that is done again, as the controls say then."""
        source = self._presenter.parts.sampling.come_back_to(self._checkpoint, given)
        if source is None or source == self._source:
            return ScoreMeshRequest(self._checkpoint, mesh=given, label=given.label)
        self._patience.stop()
        self._before, self._start = None, source.start if source.start.vertex_tokens else None
        return source

    def _set_source(self, source: MeshSource) -> None:
        if source != self._source:
            self._source, self._is_fresh = source, True
            self.refresh()
        elif not self._is_fresh and isinstance(source, MeshRequest):
            self._presenter.replay()

    def refresh(self, *, again: bool = False) -> None:
        self._is_fresh |= again and self._source is not None
        super().refresh(again=again)

    def requests(self) -> tuple[Request, ...]:
        wanted: list[Request] = [] if self._source is None else [self._source]
        presenter, growth = self._presenter, self._presenter.growth
        if growth is not None and growth.n_vertices and not presenter.is_growing and not self._is_fresh:
            if presenter.parts.page == SidePage.ATTENTION:
                part, place = presenter.attending()
                layer, head = self._layer_and_head(part)
                wanted.append(MeshStepRequest(self._checkpoint, growth.input(), part, layer, head, place))
            elif presenter.parts.page == SidePage.SURPRISAL and isinstance(self._source, MeshRequest):
                wanted.append(ScoreMeshRequest(self._checkpoint, mesh=growth.input(), label=growth.sample.label))
        return tuple(wanted)

    def _layer_and_head(self, part: str) -> tuple[int, int]:
        assert self.subject is not None
        group, now = self.subject.checkpoint.group(part), self.selection.now
        layer = min(now.layer, group.n_layers - 1)
        return layer, min(now.head, group.n_heads[layer] - 1)

    # What comes

    def show_result(self, request: Request, result: object, is_partial: bool) -> None:
        growth = self._presenter.growth
        if isinstance(result, MeshResult) and isinstance(self._source, MeshRequest):
            self._take(result.samples, None)
        elif isinstance(result, ScoreMeshResult) and isinstance(self._source, ScoreMeshRequest):
            self._take((result.sample,), result)
        elif isinstance(request, ScoreMeshRequest) and growth is not None and request.mesh == growth.input():
            assert isinstance(result, ScoreMeshResult)
            self._score = result
            self._tell_surprisal()
        elif isinstance(result, MeshStepResult):
            self._presenter.show_attention(result)

    def show_failure(self, request: Request, failure: Failure) -> None:
        super().show_failure(request, failure)
        if self._presenter.growth is None:
            self._presenter.parts.show_empty(failure.message)
        self._presenter.parts.read_out.show_text(failure.message)
        if self._is_fresh and self._shown is not None:  # what is shown was asked before
            self._come_back_to(self._shown)
            self.refresh()

    def _come_back_to(self, shown: _Shown) -> None:
        """What was shown before is what is asked for again; it need not be sampled anew."""
        self._source, self._is_fresh, self._why_old = shown.source, False, ""
        self._asked = (shown.source,)
        self._answered[type(shown.source)] = (shown.source, False)

    def _take(self, samples: tuple[MeshSample, ...], score: ScoreMeshResult | None) -> None:
        """Show meshes, or more of those that grow."""
        is_new, self._is_fresh, self._score = self._is_fresh, False, score
        self._presenter.show_samples(samples, self.style_now(), is_new=is_new, plays=score is None)
        self._tell_surprisal()
        growth, is_growing, parts = self._presenter.growth, self._presenter.is_growing, self._presenter.parts
        self.context.tell_growing(growth.sample.label if is_growing and growth is not None else None)
        if not is_growing and self._source is not None:
            self._shown = _Shown(self._source, samples, score)
            parts.sampling.note_source(self._source, self._presenter.growths[0].input())
            parts.complete.set_undo(self._before is not None)
            self._choose_input()
            self._tell_unfinished()
            self._offer_heads()
            self.refresh()
        self.figure_changed.emit()

    def _choose_input(self) -> None:
        growth = self._presenter.growth
        if growth is not None and growth.sample.is_finished and growth.input() != self._chosen_input:
            self._chosen_input = growth.input()
            self.selection.update(query=None, key=None)  # a step of another mesh
            self.context.set_input(Input(mesh=self._chosen_input))

    def pictured_title(self) -> str:
        """Of the mesh that can be seen, which may not be the one yet that all views look at."""
        if (growth := self._presenter.growth) is None or self._pictured is None:
            return super().pictured_title()
        return Subject(self._pictured.checkpoint, Input(mesh=MeshInput(growth.sample.label))).title

    def provisional_note(self) -> str:
        """None is needed: a mesh is seen to grow."""
        return ""

    def _tell_unfinished(self) -> None:
        cut = [growth.sample for growth in self._presenter.growths if growth.sample.why_unfinished]
        if cut:
            self.noticed.emit(self.tr("Seed {} was cut off: {}.").format(cut[0].seed, cut[0].why_unfinished))

    def _tell_surprisal(self) -> None:
        is_own = isinstance(self._source, ScoreMeshRequest) and self.subject is not None
        classes = self.subject.checkpoint.classes if is_own and self.subject else ()
        self._presenter.show_surprisal(self._score, classes)

    def figure(self) -> MeshSampleFigure | None:
        return self._presenter.figure()

    # Steps and heads, shared with other views

    def selection_changed(self, now: Selected, old: Selected) -> None:
        growth = self._presenter.growth
        if growth is None or not growth.n_steps:
            return
        query_pos = self.query_pos
        if query_pos is not None and (now.group, now.query) != (old.group, old.query):
            is_elsewhere = (now.group, query_pos) != growth.part_of(self._presenter.step)
            if now.group in ("vertices", "faces") and is_elsewhere:
                self._presenter.go_to(growth.step_of("faces" if now.group == "faces" else "vertices", query_pos))
            elif now.group == "encoder" and 0 <= query_pos - FIRST_VERTEX < growth.n_vertices:
                self._presenter.picks.vertex = query_pos - FIRST_VERTEX
        self._offer_heads()
        self.refresh()

    def _select(self) -> None:
        """Let other views follow what is looked at."""
        growth = self._presenter.growth
        if growth is not None and growth.n_steps and self.subject is not None:
            is_attention = self._presenter.parts.page == SidePage.ATTENTION
            part, place = self._presenter.attending() if is_attention else growth.part_of(self._presenter.step)
            layer, head = self._layer_and_head(part)
            # Not before the other views look at this mesh: theirs may not have so many steps.
            if self.subject.input.mesh == growth.input() and not self._presenter.playback.is_playing:
                self._choose_step(part, layer, head, place)
            self._offer_heads()
            self.follow()

    def _choose_step(self, part: str, layer: int, head: int, place: int) -> None:
        assert self.subject is not None
        group = self.subject.checkpoint.group(part)
        self.selection.choose(group, group=part, layer=layer, head=head, query_pos=place, key_pos=None)

    def _offer_heads(self) -> None:
        growth = self._presenter.growth
        if self.subject is not None and growth is not None and growth.n_steps:
            part, _ = self._presenter.attending()
            layer, head = self._layer_and_head(part)
            group = self.subject.checkpoint.group(part)
            self._presenter.parts.attention.offer_heads(group.n_layers, group.n_heads[layer], layer, head)

    def _on_arrival_elapsed(self) -> None:
        if self._chosen_input is None and not self._is_fresh and not self._presenter.is_growing:
            self._choose_input()
        self._select()

    def _on_presenter_settled(self) -> None:
        self._select()

    def _on_presenter_attending_changed(self) -> None:
        if self._presenter.parts.page == SidePage.ATTENTION:
            self._select()
        else:
            self.refresh()

    def _on_presenter_active_changed(self) -> None:
        self._score = None
        self._tell_surprisal()
        self._choose_input()

    def _on_attention_head_chosen(self, layer: int, head: int) -> None:
        if self._presenter.growth is not None and self._presenter.growth.n_steps:
            part, place = self._presenter.attending()
            self._choose_step(part, layer, head, place)

    # Completing

    def _on_complete_above_requested(self, count: int) -> None:
        if (growth := self._presenter.growth) is not None:
            self._complete(growth.below(self._presenter.parts.complete.height_value), count)

    def _on_complete_faces_requested(self, count: int) -> None:
        if (growth := self._presenter.growth) is not None and (faces := self._presenter.picks.chosen_faces):
            self._complete(growth.before_face(min(faces)), count)

    def _complete(self, start: MeshInput, count: int) -> None:
        """Go on from there; other seeds and numbers go on from there, too, until a class is clicked on."""
        self._before, self._start = self._before or self._shown, start
        self._presenter.parts.sampling.set_count(count)
        self._set_source(self._wished())

    def _on_complete_undo_requested(self) -> None:
        """Show what was there before it was completed; it need not be sampled again."""
        if self._before is not None:
            shown, self._before, self._start = self._before, None, None
            self._presenter.parts.sampling.set_count(len(shown.samples))
            self._come_back_to(shown)
            self._score = shown.score
            self._presenter.show_samples(shown.samples, self.style_now(), is_new=True, plays=False)
            self._take(shown.samples, shown.score)

    # Meshes of the user's, and files

    def open_file(self, path: str) -> None:
        """See how surprising the model finds a mesh file."""
        self._presenter.parts.pages.setCurrentIndex(SidePage.SURPRISAL)
        self._before = self._start = None
        self._set_source(ScoreMeshRequest(self._checkpoint, path, label=self._presenter.parts.sampling.chips.label))

    def _on_surprisal_open_requested(self) -> None:
        kinds = self.tr("Meshes ({})").format(" ".join(f"*{ending}" for ending in MESH_ENDINGS))
        if path := QFileDialog.getOpenFileName(self, self.tr("Open a mesh"), "", kinds)[0]:
            self.open_file(path)

    def _on_surprisal_label_chosen(self, label: int) -> None:
        source = self._source
        if isinstance(source, ScoreMeshRequest):
            mesh = source.mesh and MeshInput(label, source.mesh.vertex_tokens, source.mesh.face_tokens)
            self._set_source(ScoreMeshRequest(source.checkpoint, source.path, mesh, label))

    def _on_look_save_requested(self) -> None:
        if (growth := self._presenter.growth) is not None:
            self.context.save(growth.sample)

    def _on_sampling_class_chosen(self) -> None:
        self._before = self._start = None
        self._patience.start()

    def _on_patience_elapsed(self) -> None:
        if self._checkpoint:
            self._set_source(self._wished())

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if self._checkpoint and dropped_mesh(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        if path := dropped_mesh(event.mimeData()):
            event.acceptProposedAction()
            self.open_file(path)

    # The looks

    def restyle(self) -> None:
        self._presenter.restyle(self.style_now())
        self._tell_surprisal()
