"""What the model is asked to sample: the class, the seed, how it samples, and how many."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PySide6.QtCore import QObject, Signal

from inference.results.inputs import MeshInput
from inference.results.mesh import MeshRequest
from widgets.kit.control_bar import ControlBar
from widgets.kit.option_controls import OptionControls
from widgets.kit.plain import PlainLabel
from widgets.options import MOST_SEED
from widgets.views.mesh.class_chips import ClassChips
from widgets.views.mesh.options import MeshOptions

_MOST_SOURCES = 200  # as many meshes as steps can be undone


class SampleControls(QObject):
    """Adds its controls to a bar; the class chips stand apart.

    Signals
    -------
    changed()
        Another number.
    class_chosen()
        A class was clicked on, maybe the same again.
    """

    changed = Signal()
    class_chosen = Signal()

    def __init__(self, bar: ControlBar) -> None:
        super().__init__(bar)
        self.chips = ClassChips()
        self.controls = OptionControls(bar, "mesh", MeshOptions, leave_out=("top_k",))
        self._next = bar.add_button("mesh_next", self.tr("Next seed"), self.tr("Sample with the next seed (N)"))
        self._sources: dict[MeshInput, MeshRequest] = {}  # how a mesh was sampled, the latest time
        self._corrections = PlainLabel()
        self._corrections.setObjectName("mesh_corrections")
        bar.add_widget(self._corrections)
        self.controls.changed.connect(self.changed)
        self.chips.class_chosen.connect(self.class_chosen)
        self._next.clicked.connect(self.next_seed)

    def options(self) -> MeshOptions:
        """What the controls say now."""
        return self.controls.value()

    def request(self, checkpoint: str, start: MeshInput | None) -> MeshRequest:
        """What they say, from some tokens on; else from the chosen class."""
        options = self.options()
        return MeshRequest(
            checkpoint,
            start or MeshInput(self.chips.label),
            seed=options.seed,
            count=options.count,
            temperature=options.temperature,
            top_p=options.top_p,
            with_masks=options.masks,
            top_k=options.top_k,
        )

    def note_source(self, source: object, mesh: MeshInput) -> None:
        """This was asked, and this the first mesh that came."""
        if isinstance(source, MeshRequest):
            self._sources[mesh] = source
            if len(self._sources) > _MOST_SOURCES:
                del self._sources[next(iter(self._sources))]

    def come_back_to(self, checkpoint: str, mesh: MeshInput) -> MeshRequest | None:
        """Say what was said when a mesh was sampled, and how it was asked; None where it was not. Tells nobody."""
        asked = self._sources.get(mesh)
        if asked is None or asked.checkpoint != checkpoint:
            return None
        said = {name: getattr(asked, name) for name in ("seed", "count", "temperature", "top_p", "top_k")}
        self.controls.set_value(replace(self.options(), masks=asked.with_masks, **said), quietly=True)
        self.chips.choose(asked.start.label)
        return asked

    def set_seed(self, seed: int) -> None:
        """Show another seed; tells nobody."""
        self.controls.set_value(replace(self.options(), seed=seed), quietly=True)

    def set_count(self, count: int) -> None:
        """Show another number of meshes; tells nobody."""
        self.controls.set_value(replace(self.options(), count=count), quietly=True)

    def next_seed(self) -> None:
        """Sample other ones: behind the last seed that was used."""
        options = self.options()
        self.controls.set_value(replace(options, seed=(options.seed + options.count) % (MOST_SEED + 1)))

    def show_corrections(self, n: int) -> None:
        """How often a sampled token was forbidden, in what is shown."""
        text = self.tr("{} sampled again") if self.options().masks else self.tr("{} forbidden sampled")
        self._corrections.setText(text.format(n))
        self._corrections.setToolTip(
            self.tr("Samples that could not lead to a mesh: with masks they are sampled again, without they stay.")
        )


def kept_of(request: MeshRequest) -> dict[str, Any]:
    """What a session keeps of how its mesh was sampled, beside what the controls say."""
    start = request.start
    cut = {"start": [len(start.vertex_tokens), len(start.face_tokens)]} if start.vertex_tokens else {}
    return {"is_sampled": True} | cut


def read_kept(stored: object) -> dict[str, Any]:
    """That, of all that a session tells; nothing where the mesh was not sampled."""
    if not isinstance(stored, dict) or stored.get("is_sampled") is not True:
        return {}
    return {name: stored[name] for name in ("is_sampled", "start") if name in stored}


def kept_start(mesh: MeshInput, kept: dict[str, Any]) -> MeshInput | None:
    """What of a mesh it was completed from; None where it was not, or nothing sensible is told."""
    match kept.get("start"):
        case [int(n_vertex), int(n_face)] if n_vertex > 0 and n_face >= 0:
            return MeshInput(mesh.label, mesh.vertex_tokens[:n_vertex], mesh.face_tokens[:n_face])
    return None
