"""OBJ: polygons as lines of text (Wavefront, "Object Files", appendix B1).

trimesh cuts polygons into triangles when it reads them, and writes triangles; hence our own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np

from inference.context import Refused
from inference.meshes.checks import MAX_FACES, MAX_VERTICES, check_count, checked
from inference.meshes.mesh import Mesh

# What else a file may hold, by the first word of its lines; names of groups and objects are nothing to leave aside.
_OTHERS = {
    b"vn": "normals",
    b"vt": "texture places",
    b"vp": "parameters of curves",
    b"p": "points",
    b"l": "lines",
    b"usemtl": "uses of materials",
    b"mtllib": "files of materials",
    **dict.fromkeys((b"g", b"o", b"s"), ""),
    **dict.fromkeys((b"cstype", b"deg", b"bmat", b"step", b"curv", b"curv2", b"surf", b"parm"), "curves and surfaces"),
    **dict.fromkeys((b"trim", b"hole", b"scrv", b"sp", b"end", b"con"), "curves and surfaces"),
}
_UNKNOWN = "unknown"
_CONTINUED = {b"v", b"f", b"vn", b"vt", b"vp", b"p", b"l", b"curv", b"curv2", b"surf", b"parm"}


def read_obj(data: bytes, name: str) -> Mesh:
    """The polygons of all objects and groups of a file; the notes of the mesh count what else it holds.

    Raises
    ------
    Refused
        It has none, or a line that cannot be read; says which.
    """
    check_count(name, "faces", data.count(b"\nf "), MAX_FACES)
    check_count(name, "vertices", data.count(b"\nv "), MAX_VERTICES)
    vertices: list[list[float]] = []
    faces: list[tuple[int, ...]] = []
    others: Counter[str] = Counter()
    unknown = ""
    for number, line in _lines(data):
        words = line.split()
        if words[0] not in (b"v", b"f"):
            what = _OTHERS.get(words[0])
            others[_UNKNOWN if what is None else what] += 1
            if what is None:
                unknown = unknown or f", the first is line {number:,}: {_shown(line)}"
            continue
        try:
            if words[0] == b"v":
                x, y, z = words[1:4]
                vertices.append([float(x), float(y), float(z)])
                others["colours or weights of vertices"] += len(words) > 4
            else:
                faces.append(tuple(_index(word, len(vertices)) for word in words[1:]))
        except ValueError as error:
            wanted = "three numbers" if words[0] == b"v" else "numbers of vertices"
            raise Refused(f"Line {number:,} of {name} should have {wanted}: {_shown(line)}.") from error
    return checked(name, np.array(vertices, np.float64).reshape(-1, 3), faces, first=1, notes=_notes(others, unknown))


def _lines(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Lines with something on them, and their numbers; lines of numbers go on behind a backslash, names may end so."""
    begun, at = b"", 0
    for number, text in enumerate(data.splitlines(), 1):
        line = text.partition(b"#")[0].rstrip()
        begun, at = (begun + b" " + line, at) if begun else (line, number)
        if line.endswith(b"\\") and begun.split(maxsplit=1)[0] in _CONTINUED:
            begun = begun[:-1]
            continue
        if begun.strip():
            yield at, begun
        begun = b""
    if begun.strip():
        yield at, begun


def _notes(others: Counter[str], unknown: str) -> list[str]:
    n_unknown = others.pop(_UNKNOWN, 0)
    parts = [f"{what} ({n:,})" for what, n in others.items() if n and what]
    notes = [f"Left aside: {', '.join(parts)}."] if parts else []
    if n_unknown:
        is_one = n_unknown == 1
        notes.append(f"{n_unknown:,} {'line is' if is_one else 'lines are'} not understood{unknown}.")
    return notes


def _shown(line: bytes) -> str:
    return repr(line.decode("utf-8", "replace")[:40])


def _index(word: bytes, n_vertices: int) -> int:
    """From 0, of a corner such as `7`, `7/1/2` or `-1`, which is the last vertex before it."""
    index = int(word.partition(b"/")[0])
    return n_vertices + index if index < 0 else index - 1


def obj_bytes(mesh: Mesh) -> bytes:
    """Vertices and polygons as text, digits enough to read the same numbers back."""
    lines = [f"v {x!r} {y!r} {z!r}" for x, y, z in (mesh.vertices + 0.0).tolist()]  # + 0.0: no minus before a zero
    lines += ["f " + " ".join(str(index + 1) for index in face) for face in mesh.faces]
    return "".join(f"{line}\n" for line in lines).encode()
