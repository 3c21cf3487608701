"""What the user has clicked on in the picture, and what a head looks at."""

from __future__ import annotations

from dataclasses import dataclass

from widgets.scene3d.picking import Hit
from widgets.views.mesh.arrangement import Page
from widgets.views.mesh.attention import Looked
from widgets.views.mesh.growth import Growth
from widgets.views.mesh.mesh_at_step import Looks


@dataclass
class Marks:
    """Attributes

    ----------
    looked
        What the shown step of the selected head looks at.
    vertex
        The vertex that looks, for the encoder; None is the one of the step.
    chosen_faces
        To be written anew, ascending.
    found
        The vertex or face whose tokens are marked.
    """

    looked: Looked | None = None
    vertex: int | None = None
    chosen_faces: tuple[int, ...] = ()
    found: Hit | None = None

    def toggle_face(self, face: int) -> None:
        """Choose a face, or not."""
        self.chosen_faces = tuple(sorted(set(self.chosen_faces) ^ {face}))

    def steps_found(self, growth: Growth) -> range:
        """The tokens of what was clicked on."""
        if self.found is None:
            return range(0)
        is_vertex = self.found.kind == "vertex"
        return growth.steps_of_vertex(self.found.index) if is_vertex else growth.steps_of_face(self.found.index)

    def looks(self, page: Page, height: int, *, is_calm: bool) -> Looks:
        """What is drawn besides the mesh; `is_calm`: slow enough to follow what was expected."""
        vertices = (self.found.index,) if self.found and self.found.kind == "vertex" else ()
        faces = (self.found.index,) if self.found and self.found.kind == "face" else ()
        if page == Page.STEP:
            return Looks("expected" if is_calm else "none", found_vertices=vertices, found_faces=faces)
        if page == Page.ATTENTION and self.looked is not None:
            return Looks("attention", pattern=self.looked.weights, origin=self.looked.origin)
        if page == Page.COMPLETE:
            return Looks("cut", height=height, chosen_faces=self.chosen_faces)
        return Looks(found_vertices=vertices, found_faces=faces)
