"""OFF: polygons as a table of text (Geomview, "OFF Files"). trimesh cuts them into triangles; hence our own."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

import numpy as np

from inference.context import Refused
from inference.meshes.checks import MAX_FACES, MAX_VERTICES, check_count, checked
from inference.meshes.mesh import Mesh
from inference.results.counts import count_of

Number = TypeVar("Number", int, float)

# What is more than x, y, z of a vertex stands behind them. ModelNet40 writes the counts right behind the word.
_HEADER = re.compile(rb"(ST)?(C)?(N)?OFF(?![A-Za-z_])[ \t]*")
_OF_VERTICES = ("texture places", "colours", "normals")


def read_off(data: bytes, name: str) -> Mesh:
    """The polygons of a text file; the notes of the mesh say what else it holds.

    Raises
    ------
    Refused
        It is of another kind, cut off, or has a line that cannot be read; says which.
    """
    lines = [
        (number, text) for number, line in enumerate(data.splitlines(), 1) if (text := line.partition(b"#")[0].strip())
    ]
    header = _HEADER.match(lines[0][1]) if lines else None
    if header is None:
        raise Refused(f"{name} is no OFF file: it does not begin with OFF.")
    if rest := lines[0][1][header.end() :]:  # the counts may stand in the first line
        lines[0] = (lines[0][0], rest)
    else:
        del lines[0]
    if rest.startswith(b"BINARY"):
        raise Refused(f"{name} is a binary OFF file; OFF is read as text.")
    counts = _numbers(lines[0], 2, int, name) if lines else []
    if not counts or min(counts) < 0:
        raise Refused(f"{name} does not say how many vertices and faces it has.")
    n_vertices, n_faces = counts
    check_count(name, "vertices", n_vertices, MAX_VERTICES)
    check_count(name, "faces", n_faces, MAX_FACES)
    body = lines[1:]
    if len(body) < n_vertices + n_faces:
        raise Refused(
            f"{name} is cut off: it should have {count_of(n_vertices, 'vertices')} and {count_of(n_faces, 'faces')}, "
            f"but has {count_of(len(body), 'lines')} for them."
        )
    vertices = [_numbers(line, 3, float, name) for line in body[:n_vertices]]
    rows = body[n_vertices : n_vertices + n_faces]
    faces = [_face(line, name) for line in rows]
    aside = [f"{what} of vertices" for what, there in zip(_OF_VERTICES, header.groups(), strict=True) if there]
    if n_coloured := sum(len(line.split()) > 1 + len(face) for (_, line), face in zip(rows, faces, strict=True)):
        aside.append(f"colours of {count_of(n_coloured, 'faces')}")
    if n_more := len(body) - n_vertices - n_faces:
        aside.append(f"{count_of(n_more, 'lines')} behind the last face")
    notes = [f"Left aside: {', '.join(aside)}."] if aside else []
    return checked(name, np.array(vertices, np.float64).reshape(-1, 3), faces, notes=notes)


def _face(line: tuple[int, bytes], name: str) -> tuple[int, ...]:
    (size,) = _numbers(line, 1, int, name)
    return tuple(_numbers(line, 1 + max(size, 0), int, name)[1:])


def _numbers(line: tuple[int, bytes], count: int, kind: Callable[[bytes], Number], name: str) -> list[Number]:
    """The first numbers of a line."""
    number, text = line
    try:
        numbers = [kind(word) for word in text.split(maxsplit=count)[:count]]
    except ValueError:
        numbers = []
    if len(numbers) < count:
        shown = text.decode("utf-8", "replace")[:40]
        raise Refused(f"Line {number:,} of {name} should begin with {count_of(count, 'numbers')}: {shown!r}.")
    return numbers


def off_bytes(mesh: Mesh) -> bytes:
    """Vertices and polygons as text, digits enough to read the same numbers back."""
    lines = ["OFF", f"{len(mesh.vertices)} {len(mesh.faces)} 0"]
    lines += [f"{x!r} {y!r} {z!r}" for x, y, z in (mesh.vertices + 0.0).tolist()]
    lines += [" ".join(map(str, (len(face), *face))) for face in mesh.faces]
    return "".join(f"{line}\n" for line in lines).encode()
