"""A mesh that a model sampled, as a file: the mesh, its image, its growth, or all its numbers."""

from __future__ import annotations

import os
from pathlib import Path

from app.export import export, film_encoding, film_files
from app.export.formats import BY_MESH_COMMAND, FORMATS, ending_of
from app.export.mesh_film import film_of_mesh
from app.export.mesh_look import MeshLook
from app.export.saving import ExportError, replace_file
from inference.context import Refused
from inference.meshes.files import mesh_bytes
from inference.meshes.mesh import Mesh
from inference.meshes.tokens import dequantise
from inference.results.mesh import MeshSample
from widgets.scene3d.scene_figure import MeshFigure
from widgets.views.mesh.figures.sample import MeshSampleFigure
from widgets.views.mesh.growth import Growth
from widgets.views.mesh.overlay import Overlay
from widgets.views.mesh.scene import ShownMeshes


def check(path: str | os.PathLike[str], kind: str = "", *, may_replace: bool = True) -> tuple[Path, str]:
    """Where a mesh would be written, and as what, seen before anything is computed.

    Parameters
    ----------
    kind
        Of `BY_MESH_COMMAND`; if not given, the ending of `path` says it.

    Raises
    ------
    ExportError
        The ending is none of these, the folder is missing, or what it takes to make such a film.
    """
    place = Path(path)
    kind = kind or place.suffix.lower().removeprefix(".")
    if kind not in BY_MESH_COMMAND or (kind == "frames" and place.suffix.lower() == ".frames"):
        known = ", ".join(ending_of(one) for one in BY_MESH_COMMAND if one != "frames")
        raise ExportError(f"{path}: {place.suffix or 'no ending'} is not among {known}.")
    if FORMATS[kind].holds == "film":
        return film_files.check(place, kind, may_replace=may_replace)
    return export.check(place, {ending_of(kind)}, may_replace=may_replace), kind


def write(
    sample: MeshSample,
    path: str | os.PathLike[str],
    kind: str = "",
    look: MeshLook | None = None,
    report: film_encoding.ReportFrames = lambda _done, _total: None,
    *,
    may_replace: bool = True,
    notes: tuple[str, ...] = (),
) -> None:
    """Write a mesh as the ending of `path`, or `kind`, says: whole, or not at all.

    The same mesh gives the same bytes, but for MP4 and WebM.

    Parameters
    ----------
    report
        Called with how many images of a film are done, and how many there are.
    notes
        What was left aside or assumed: in images, films and numbers. A mesh itself has no place for it.

    Raises
    ------
    ExportError
        It cannot be written; what was there before is still there then.
    """
    place, kind = check(path, kind, may_replace=may_replace)
    look = look or MeshLook()
    growth = Growth(sample)
    if not growth.n_vertices:
        raise ExportError("The mesh has no vertices, so there is nothing to write.")
    holds = FORMATS[kind].holds
    if holds in ("image", "numbers"):
        width = look.size[0] if kind == "png" else None
        export.save(_figure(sample, look), place, style=look.style(), width=width, may_replace=may_replace, notes=notes)
        return
    with export.told_as_export_errors(place):
        if holds == "film":
            film_files.write(film_of_mesh(sample, look, notes), place, kind, report, may_replace=may_replace)
        else:
            replace_file(place, _mesh(growth, kind), may_replace=may_replace)


def _mesh(growth: Growth, kind: str) -> bytes:
    if not growth.faces:
        raise ExportError("The mesh has no faces, so there is nothing to write.")
    try:
        return mesh_bytes(Mesh(dequantise(growth.values), growth.faces), kind)
    except Refused as error:
        raise ExportError(str(error)) from error


def _figure(sample: MeshSample, look: MeshLook) -> MeshSampleFigure:
    meshes = ShownMeshes()
    meshes.show((sample,))
    scene = meshes.scene(meshes.n_steps - 1, look.color_by, Overlay(), look.style(), is_still=True)
    image = MeshFigure(scene, look.camera_for(scene), look.mesh_style, look.size[0] / look.size[1])
    return MeshSampleFigure(image, meshes.growths, meshes.legend(look.color_by))
