"""What is drawn over a mesh: what the model expected, what a head attends to, and what the user has clicked on."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

import numpy as np

from widgets.scene3d.picking import Hit
from widgets.views.mesh.figures.attention import AttendedVertices
from widgets.views.mesh.growth import Growth

OverlayKind = Literal["none", "expected", "attention", "cut"]


class SidePage(IntEnum):
    """What stands beside the image; it also says what is drawn in the image besides the mesh."""

    STEP = 0
    ATTENTION = 1
    COMPLETE = 2
    SURPRISAL = 3


@dataclass(frozen=True, eq=False)
class Overlay:
    """What is drawn besides the mesh.

    Attributes
    ----------
    kind
        `expected`: where the next coordinate was expected, or how probable each vertex was; `attention`: lines to
        what a head attends to; `cut`: the plane above which all is written anew.
    pattern, origin
        For `attention`: weight of every vertex, float [V], and the vertex that attends.
    height
        For `cut`: 0-255, or None.
    chosen_faces
        Polygons that will be written anew.
    found
        Vertices and faces that the user clicked on.
    """

    kind: OverlayKind = "none"
    pattern: np.ndarray | None = None
    origin: int | None = None
    height: int | None = None
    chosen_faces: tuple[int, ...] = ()
    found_vertices: tuple[int, ...] = ()
    found_faces: tuple[int, ...] = ()


@dataclass
class Picks:
    """What the user has chosen.

    Attributes
    ----------
    attended
        What the shown step of the selected head attends to.
    vertex
        The vertex that attends, for the encoder; None is the one of the step.
    chosen_faces
        To be written anew, ascending.
    found
        The vertex or face whose tokens are marked.
    """

    attended: AttendedVertices | None = None
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

    def overlay(self, page: SidePage, height: int, *, is_calm: bool) -> Overlay:
        """What is drawn besides the mesh; `is_calm`: slow enough to follow what was expected."""
        vertices = (self.found.index,) if self.found and self.found.kind == "vertex" else ()
        faces = (self.found.index,) if self.found and self.found.kind == "face" else ()
        if page == SidePage.STEP:
            return Overlay("expected" if is_calm else "none", found_vertices=vertices, found_faces=faces)
        if page == SidePage.ATTENTION and self.attended is not None:
            return Overlay("attention", pattern=self.attended.weights, origin=self.attended.origin)
        if page == SidePage.COMPLETE:
            return Overlay("cut", height=height, chosen_faces=self.chosen_faces)
        return Overlay(found_vertices=vertices, found_faces=faces)
