"""OBJ: polygons as lines of text (Wavefront, "Object Files", appendix B1).

trimesh cuts polygons into triangles when it reads them, and writes triangles; hence our own.
"""

from __future__ import annotations

import numpy as np

from inference.context import Refused
from inference.meshes.checks import MAX_FACES, MAX_VERTICES, check_count, checked
from inference.meshes.mesh import Mesh


def read_obj(data: bytes, name: str) -> Mesh:
    """The polygons of all objects and groups of a file; colours, normals and materials are left aside.

    Raises
    ------
    Refused
        It has none, or a line that cannot be read; says which.
    """
    check_count(name, "faces", data.count(b"\nf "), MAX_FACES)
    check_count(name, "vertices", data.count(b"\nv "), MAX_VERTICES)
    vertices: list[list[float]] = []
    faces: list[tuple[int, ...]] = []
    for number, line in enumerate(data.replace(b"\\\n", b"  ").splitlines(), 1):
        words = line.partition(b"#")[0].split()
        if not words or words[0] not in (b"v", b"f"):
            continue
        try:
            if words[0] == b"v":
                x, y, z = words[1:4]
                vertices.append([float(x), float(y), float(z)])
            else:
                faces.append(tuple(_index(word, len(vertices)) for word in words[1:]))
        except ValueError as error:
            wanted = "three numbers" if words[0] == b"v" else "numbers of vertices"
            shown = line.decode("utf-8", "replace")[:40]
            raise Refused(f"Line {number:,} of {name} should have {wanted}: {shown!r}.") from error
    return checked(name, np.array(vertices, np.float64).reshape(-1, 3), faces, first=1)


def _index(word: bytes, n_vertices: int) -> int:
    """From 0, of a corner such as `7`, `7/1/2` or `-1`, which is the last vertex before it."""
    index = int(word.partition(b"/")[0])
    return n_vertices + index if index < 0 else index - 1


def obj_bytes(mesh: Mesh) -> bytes:
    """Vertices and polygons as text, digits enough to read the same numbers back."""
    lines = [f"v {x!r} {y!r} {z!r}" for x, y, z in (mesh.vertices + 0.0).tolist()]  # + 0.0: no minus before a zero
    lines += ["f " + " ".join(str(index + 1) for index in face) for face in mesh.faces]
    return "".join(f"{line}\n" for line in lines).encode()
