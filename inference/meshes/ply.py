"""PLY: polygons as text or bytes (Turk, "The PLY Polygon File Format").

trimesh cuts polygons into triangles, and reads no binary file whose polygons differ in size; hence our own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from inference.context import Refused
from inference.meshes.checks import MAX_FACES, MAX_VERTICES, check_count, checked
from inference.meshes.mesh import Mesh
from inference.results.counts import count_of

_MAX_HEADER = 2**16
_TYPES = {
    "char": "i1", "int8": "i1", "uchar": "u1", "uint8": "u1", "short": "i2", "int16": "i2", "ushort": "u2",
    "uint16": "u2", "int": "i4", "int32": "i4", "uint": "u4", "uint32": "u4", "float": "f4", "float32": "f4",
    "double": "f8", "float64": "f8",
}  # fmt: skip
_ORDERS = {"ascii": "", "binary_little_endian": "<", "binary_big_endian": ">"}
_CORNERS = ("vertex_indices", "vertex_index")


@dataclass(frozen=True)
class _Property:
    name: str
    dtype: str
    length_dtype: str = ""  # of a list


@dataclass(frozen=True)
class _Element:
    name: str
    count: int
    properties: list[_Property] = field(default_factory=list)

    @property
    def has_lists(self) -> bool:
        return any(one.length_dtype for one in self.properties)


class _Numbers(Protocol):
    """The numbers behind the header, in turn. Raises EOFError where there are not enough."""

    def take(self, dtype: str, n: int) -> list[float]: ...
    def table(self, element: _Element) -> dict[str, np.ndarray]: ...
    def rest(self) -> str:
        """How much there is left, in words; empty for nothing."""
        ...


def read_ply(data: bytes, name: str) -> Mesh:
    """The polygons of a file; the notes of the mesh say what else it holds.

    Raises
    ------
    Refused
        Its header cannot be read, it is cut off, or it has no polygons.
    """
    order, elements, start = _header(data, name)
    vertices, faces = np.zeros((0, 3)), []
    element, aside = None, [_beside(element) for element in elements]
    try:
        numbers = _Bytes(data, start, order) if order else _Words(data[start:])
        for element in elements:
            if element.name == "face":
                faces = _faces(numbers, element, name)
                if element is elements[-1]:
                    aside.append(numbers.rest())
                break
            if element.has_lists:
                raise Refused(f"{name} has lists of {element.name!r} before its faces, which cannot be read.")
            columns = numbers.table(element)
            if element.name == "vertex":
                if not {"x", "y", "z"} <= columns.keys():
                    raise Refused(f"The vertices of {name} have no x, y and z.")
                vertices = np.stack([columns[axis] for axis in "xyz"], 1).astype(np.float64)
    except EOFError as error:
        what = f"{count_of(element.count, 'entries')} of {element.name!r}" if element else "numbers"
        raise Refused(f"{name} is cut off: it ends within its {what}.") from error
    except (ValueError, OverflowError) as error:
        raise Refused(f"{name} has something among its numbers that is none.") from error
    notes = [f"Left aside: {', '.join(filter(None, aside))}."] if any(aside) else []
    return checked(name, vertices, faces, notes=notes)


def _beside(element: _Element) -> str:
    """What of an element makes no polygons, in words."""
    if element.name not in ("vertex", "face"):
        return f"{count_of(element.count, 'entries')} of {element.name!r}" if element.count else ""
    used = {"x", "y", "z"} if element.name == "vertex" else set(_CORNERS)
    others = [one.name for one in element.properties if one.name not in used]
    return f"{', '.join(others)} of {'vertices' if element.name == 'vertex' else 'faces'}" if others else ""


def _faces(numbers: _Numbers, element: _Element, name: str) -> list[tuple[int, ...]]:
    corners = [one.name in _CORNERS and bool(one.length_dtype) for one in element.properties]
    if sum(corners) != 1:
        raise Refused(f"The faces of {name} have no list vertex_indices.")
    faces = []
    for _ in range(element.count):
        for one, is_corners in zip(element.properties, corners, strict=True):
            n = int(numbers.take(one.length_dtype, 1)[0]) if one.length_dtype else 1
            if n < 0:
                raise Refused(f"Face {len(faces) + 1:,} of {name} has a list of {n} entries.")
            values = numbers.take(one.dtype, n)
            if is_corners:
                faces.append(tuple(map(int, values)))
    return faces


class _Bytes:
    def __init__(self, data: bytes, start: int, order: str) -> None:
        self._data, self._at, self._order = data, start, order

    def take(self, dtype: str, n: int) -> list[float]:
        return self._take(np.dtype(self._order + dtype), n).tolist()

    def table(self, element: _Element) -> dict[str, np.ndarray]:
        dtype = np.dtype([(one.name, self._order + one.dtype) for one in element.properties])
        rows = self._take(dtype, element.count)
        return {one.name: rows[one.name] for one in element.properties}

    def rest(self) -> str:
        n = len(self._data) - self._at
        return f"{count_of(n, 'bytes')} behind the last face" if n > 0 else ""

    def _take(self, dtype: np.dtype, n: int) -> np.ndarray:
        end = self._at + n * dtype.itemsize
        if end > len(self._data):
            raise EOFError
        taken = np.frombuffer(self._data, dtype, n, self._at) if dtype.itemsize else np.zeros(n, dtype)
        self._at = end
        return taken


class _Words:
    def __init__(self, text: bytes) -> None:
        self._numbers = [float(word) for word in text.split()]
        self._at = 0

    def take(self, dtype: str, n: int) -> list[float]:
        taken = self._numbers[self._at : self._at + n]
        if len(taken) < n:
            raise EOFError
        self._at += n
        return taken

    def table(self, element: _Element) -> dict[str, np.ndarray]:
        n = len(element.properties)
        rows = np.array(self.take("", element.count * n)).reshape(element.count, n)
        return {one.name: rows[:, i] for i, one in enumerate(element.properties)}

    def rest(self) -> str:
        n = len(self._numbers) - self._at
        return f"{count_of(n, 'numbers')} behind the last face" if n > 0 else ""


def _header(data: bytes, name: str) -> tuple[str, list[_Element], int]:
    """Byte order ("" for text), elements, and where the numbers begin."""
    if not data.startswith((b"ply\n", b"ply\r")):
        raise Refused(f"{name} is no PLY file: it does not begin with ply.")
    end = data.find(b"end_header", 0, _MAX_HEADER)
    if end < 0:
        raise Refused(f"The header of {name} has no end.")
    order, elements = None, []
    for line in data[:end].decode("utf-8", "replace").splitlines():
        match line.split():
            case ["format", encoding, _] if encoding in _ORDERS:
                order = _ORDERS[encoding]
            case ["element", what, count] if count.isdecimal():
                elements.append(_Element(what, int(count)))
                check_count(name, f"entries of {what!r}", int(count), MAX_FACES if what == "face" else MAX_VERTICES)
            case ["property", "list", length, dtype, what] if elements and {length, dtype} <= _TYPES.keys():
                elements[-1].properties.append(_Property(what, _TYPES[dtype], _TYPES[length]))
            case ["property", dtype, what] if elements and dtype in _TYPES:
                elements[-1].properties.append(_Property(what, _TYPES[dtype]))
            case ["ply" | "comment" | "obj_info", *_] | []:
                pass
            case _:
                raise Refused(f"The header of {name} has a line that cannot be read: {line[:40]!r}.")
    if order is None:
        raise Refused(f"The header of {name} does not say in which format it is.")
    end += len(b"end_header")
    return order, elements, end + (2 if data[end : end + 2] == b"\r\n" else 1)


def ply_bytes(mesh: Mesh) -> bytes:
    """Vertices and polygons as text, digits enough to read the same numbers back."""
    length = "uchar" if max(map(len, mesh.faces), default=0) < 256 else "uint"
    header = [
        "ply", "format ascii 1.0",
        f"element vertex {len(mesh.vertices)}", *(f"property double {axis}" for axis in "xyz"),
        f"element face {len(mesh.faces)}", f"property list {length} int vertex_indices",
        "end_header",
    ]  # fmt: skip
    lines = [f"{x!r} {y!r} {z!r}" for x, y, z in (mesh.vertices + 0.0).tolist()]
    lines += [" ".join(map(str, (len(face), *face))) for face in mesh.faces]
    return "".join(f"{line}\n" for line in (*header, *lines)).encode()
