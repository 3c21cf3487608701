"""A mesh that a model drew, as a file: the mesh, its image, its growth, or all its numbers."""

from __future__ import annotations

import os
import secrets
import shutil
from contextlib import suppress
from pathlib import Path

import numpy as np

from app.export import export, film_files, render
from app.export.export import ExportError
from app.export.mesh_film import MOST_SECONDS, Film, growing_seconds
from app.export.mesh_formats import FORMATS, ending_of
from app.export.mesh_look import MeshLook
from inference.context import Refused
from inference.meshes.files import mesh_bytes
from inference.meshes.mesh import Mesh
from inference.meshes.tokens import dequantise
from inference.results.mesh import MeshSample
from widgets.views.mesh.figures.mesh import MeshFigure
from widgets.views.mesh.figures.sample import MeshSampleFigure
from widgets.views.mesh.growth import Growth
from widgets.views.mesh.overlay import Overlay
from widgets.views.mesh.scene import ShownMeshes

Report = film_files.Report


def check(path: str | os.PathLike[str], kind: str = "") -> tuple[Path, str]:
    """Where a mesh would be written, and as what, seen before anything is computed.

    Parameters
    ----------
    kind
        Of `FORMATS`; if not given, the ending of `path` says it.

    Raises
    ------
    ExportError
        The ending is none of these, the folder is missing, or what it takes to make such a film.
    """
    place = Path(path)
    kind = kind or place.suffix.lower().removeprefix(".")
    if kind not in FORMATS or (kind == "frames" and place.suffix.lower() == ".frames"):
        known = ", ".join(ending_of(one) for one in FORMATS if one != "frames")
        raise ExportError(f"{path}: {place.suffix or 'no ending'} is not among {known}.")
    if kind == "frames":
        if place.is_dir() and any(place.iterdir()):
            raise ExportError(f"{path} could not be written: the folder is not empty.")
        if not place.parent.is_dir():
            raise ExportError(f"{path} could not be written: the folder {place.parent} does not exist.")
        return place, kind
    try:
        film_files.check_video(kind)
    except film_files.NoVideo as error:
        raise ExportError(str(error)) from error
    return export.check(place, {ending_of(kind)}), kind


def write(
    sample: MeshSample,
    path: str | os.PathLike[str],
    kind: str = "",
    look: MeshLook | None = None,
    report: Report = lambda _done, _total: None,
) -> None:
    """Write a mesh as the ending of `path`, or `kind`, says: whole, or not at all.

    The same mesh gives the same bytes, but for MP4 and WebM.

    Parameters
    ----------
    report
        Called with how many images of a film are done, and how many there are.

    Raises
    ------
    ExportError
        It cannot be written; what was there before is still there then.
    """
    place, kind = check(path, kind)
    look = look or MeshLook()
    holds = FORMATS[kind].holds
    growth = Growth(sample)
    if not growth.n_vertices:
        raise ExportError("The mesh has no vertices, so there is nothing to write.")
    try:
        if holds == "image":
            width = look.size[0] if kind == "png" else None
            export.save(_figure(sample, look), place, style=look.style(), width=width)
        elif kind == "frames":
            _write_folder(place, film_files.pngs(_film(sample, look), report))
        else:
            export.replace_file(place, _content(sample, growth, kind, look, report))
    except (Refused, film_files.NoVideo) as error:
        raise ExportError(str(error)) from error
    except MemoryError as error:
        raise ExportError(f"There is not enough memory to write {place.name}.") from error
    except OSError as error:
        raise ExportError(f"{path} could not be written: {export.why_not_written(error, place)}.") from error


def _content(sample: MeshSample, growth: Growth, kind: str, look: MeshLook, report: Report) -> bytes:
    if FORMATS[kind].holds == "mesh":
        if not growth.faces:
            raise ExportError("The mesh has no faces, so there is nothing to write.")
        return mesh_bytes(Mesh(dequantise(growth.values), growth.faces), kind)
    if kind == "npz":
        return render.npz(_arrays(sample, growth, look))
    film = _film(sample, look)
    if kind == "gif":
        return film_files.gif(film, report)
    if kind == "webp":
        return film_files.webp(film, report)
    return film_files.video(film, kind, report)


def _film(sample: MeshSample, look: MeshLook) -> Film:
    seconds = growing_seconds(Growth(sample).n_steps, look)
    if seconds > MOST_SECONDS:
        raise ExportError(
            f"The film would last {seconds:,.0f} seconds; at most {MOST_SECONDS} are written, so choose a higher speed."
        )
    return Film(sample, look)


def _figure(sample: MeshSample, look: MeshLook) -> MeshSampleFigure:
    meshes = ShownMeshes()
    meshes.show((sample,))
    scene = meshes.scene(meshes.n_steps - 1, look.color_by, Overlay(), look.style(), is_still=True)
    image = MeshFigure(scene, look.camera_for(scene), look.mesh_style, look.size[0] / look.size[1])
    return MeshSampleFigure(image, meshes.growths, meshes.legend(look.color_by))


def _arrays(sample: MeshSample, growth: Growth, look: MeshLook) -> dict[str, np.ndarray]:
    """What the view's own NPZ holds, and the polygons."""
    label = -1 if sample.label is None else sample.label
    return _figure(sample, look).numbers().arrays | {
        "face_starts": np.cumsum([0, *map(len, growth.faces)]),
        "face_vertices": np.array([corner for face in growth.faces for corner in face], np.int64),
        "label": np.array(label),
        "seed": np.array(sample.seed),
    }


def _write_folder(place: Path, files: dict[str, bytes]) -> None:
    temporary = place.parent / f".headlight-{secrets.token_hex(4)}.tmp"
    try:
        temporary.mkdir()
        for name, content in files.items():
            with (temporary / name).open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        if place.is_dir():
            place.rmdir()  # it is empty, or this fails
        temporary.rename(place)
    except BaseException:
        with suppress(OSError):
            shutil.rmtree(temporary)
        raise
