"""A glTF scene written anew with what trimesh reads rightly: float positions, whole indices, one part an instance.

trimesh 5.2 leaves sparse values, normalised numbers and instances aside without a word.
"""

from __future__ import annotations

import json
import struct
from base64 import b64decode
from binascii import Error as NoBase64
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import numpy as np

from inference.context import Refused
from inference.meshes.checks import MAX_BYTES
from inference.meshes.gltf_header import (
    ITEM_SIZE,
    N_ITEMS,
    aside,
    check_header,
    instances_of,
    is_of_triangles,
    n_instances,
    shown_nodes,
)
from inference.results.counts import count_of

_DTYPES = {5120: "<i1", 5121: "<u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_PLACES = ("matrix", "translation", "rotation", "scale")
_FLOAT, _UINT = 5126, 5125
_JSON, _BIN = 0x4E4F534A, 0x004E4942
# How far declared bounds may be from the numbers, in parts of the diagonal: exporters round them.
_ROUNDED = 1e-4

Bounds = tuple[int, tuple[float, ...], tuple[float, ...]]


@dataclass(frozen=True)
class PlainScene:
    """A scene of triangles.

    Attributes
    ----------
    content
        GLB.
    n_triangles
        That it shows.
    bounds
        Number of vertices, lowest and highest corner of each piece that is drawn, before it is put in its place.
    notes
        What was left aside.
    """

    content: bytes
    n_triangles: int
    bounds: frozenset[Bounds]
    notes: tuple[str, ...]


def plain_scene(
    header: dict[str, Any], inside: bytes, name: str, sibling: Callable[[str], bytes], notes: list[str]
) -> PlainScene:
    """The same scene in the plainest glTF.

    Parameters
    ----------
    inside
        Numbers of a binary file; empty for others.
    sibling
        Reads a file that lies beside this one, by its name.
    notes
        What was left aside before.

    Raises
    ------
    Refused
        It names a file elsewhere, describes more than it holds, or its header is wrong.
    """
    try:
        n_triangles = check_header(header, name)
        return _Plain(header, _buffers(header, inside, name, sibling), name).scene(n_triangles, notes)
    except (TypeError, KeyError, IndexError, AttributeError, ValueError, OverflowError) as error:
        raise Refused(f"The header of {name} is wrong: {type(error).__name__} {str(error)[:120]}.") from error


def _buffers(header: dict[str, Any], inside: bytes, name: str, sibling: Callable[[str], bytes]) -> list[bytes]:
    buffers = []
    for buffer in header.get("buffers", []):
        uri = buffer.get("uri")
        if uri is None:
            buffers.append(inside)
        elif uri.startswith("data:"):
            try:
                buffers.append(b64decode(uri.partition(",")[2], validate=True))
            except NoBase64 as error:
                raise Refused(f"{name} is damaged: its numbers are no base64 ({error}).") from error
        else:
            buffers.append(sibling(unquote(uri)))
        if sum(map(len, buffers)) > MAX_BYTES:
            raise Refused(f"The numbers of {name} take more than {MAX_BYTES:,} bytes, the most that is read.")
    return buffers


class _Plain:
    """Collects what is written: each list of numbers once, whatever shares it."""

    def __init__(self, header: dict[str, Any], buffers: list[bytes], name: str) -> None:
        self._header, self._buffers, self._name = header, buffers, name
        self._accessors: list[dict[str, Any]] = header.get("accessors", [])
        self._written = bytearray()
        self._views: list[dict[str, Any]] = []
        self._new: list[dict[str, Any]] = []
        self._places: dict[tuple[int, str], int] = {}  # of what is written already
        self._bounds: set[Bounds] = set()
        self._contradicted: set[int] = set()

    def scene(self, n_triangles: int, notes: list[str]) -> PlainScene:
        old: list[dict[str, Any]] = self._header.get("nodes", [])
        shown = shown_nodes(self._header, self._name)
        meshes: list[dict[str, Any]] = []
        place: dict[int, int] = {}
        for at in sorted({old[node]["mesh"] for node in shown if "mesh" in old[node]}):
            drawn = [self._primitive(one) for one in self._header["meshes"][at]["primitives"] if is_of_triangles(one)]
            if drawn:
                place[at] = len(meshes)
                meshes.append({"primitives": drawn})
        nodes = [{key: node[key] for key in (*_PLACES, "children") if key in node} for node in old]
        for at in shown:
            mesh = place.get(old[at].get("mesh", -1))
            if mesh is None:
                continue
            parts = self._instances(old[at])
            if parts is None:
                nodes[at]["mesh"] = mesh
            else:
                added = range(len(nodes), len(nodes) + len(parts))
                nodes[at]["children"] = [*nodes[at].get("children", []), *added]
                nodes += [{"mesh": mesh, **part} for part in parts]
        scenes = self._header.get("scenes")
        content = {
            "asset": {"version": "2.0"},
            "scene": 0,
            "scenes": [{"nodes": scenes[self._header.get("scene", 0)].get("nodes", []) if scenes else []}],
            "nodes": nodes,
            "meshes": meshes,
            "accessors": self._new,
            "bufferViews": self._views,
            "buffers": [{"byteLength": len(self._written)}],
        }
        more = aside(self._header, self._name)
        if n := len(self._contradicted):
            lists = count_of(n, "lists")
            more.append(f"The bounds that it declares are not those of its numbers (in {lists} of positions).")
        return PlainScene(_glb(content, bytes(self._written)), n_triangles, frozenset(self._bounds), (*notes, *more))

    def _primitive(self, primitive: dict[str, Any]) -> dict[str, Any]:
        at = primitive["attributes"]["POSITION"]
        positions = self._values(at).astype(np.float32)
        if positions.shape[1] != len("xyz"):
            raise ValueError(f"positions have {positions.shape[1]} numbers instead of 3")
        if len(positions):
            self._bounds.add(bounds_of(positions))
            self._check_declared(at)
        plain: dict[str, Any] = {"attributes": {"POSITION": self._write(at, positions, "VEC3", _FLOAT)}}
        if "indices" in primitive:
            indices = self._raw(primitive["indices"]).astype(np.uint32)
            plain["indices"] = self._write(primitive["indices"], indices, "SCALAR", _UINT)
        return plain | ({"mode": primitive["mode"]} if "mode" in primitive else {})

    def _check_declared(self, at: int) -> None:
        """The bounds that an accessor declares are those of its numbers before they are normalised."""
        accessor, raw = self._accessors[at], self._raw(at).astype(np.float64)
        room = _ROUNDED * max(float(np.linalg.norm(np.ptp(raw, 0))), 1e-30)
        for key, found in (("min", raw.min(0)), ("max", raw.max(0))):
            declared = np.array(accessor.get(key, found), np.float64)
            if declared.shape != found.shape or (np.abs(declared - found) > room).any():
                self._contradicted.add(at)

    def _instances(self, node: dict[str, Any]) -> list[dict[str, Any]] | None:
        """Where each instance is, within the part; None where it has none."""
        attributes = instances_of(node)
        if not attributes:
            return None
        rows = {key.lower(): self._values(at).astype(np.float64).tolist() for key, at in attributes.items()}
        n = n_instances(node, self._accessors)
        return [{key: values[i] for key, values in rows.items()} for i in range(n)]

    def _values(self, at: int) -> np.ndarray:
        """[count, n] with normalised numbers as what they stand for (glTF 2.0, section 3.6.2.2)."""
        raw = self._raw(at)
        if not self._accessors[at].get("normalized") or raw.dtype.kind == "f":
            return raw
        return np.maximum(raw.astype(np.float64) / np.iinfo(raw.dtype).max, -1.0)

    def _raw(self, at: int) -> np.ndarray:
        """[count, n] as they are stored, sparse ones in their places."""
        accessor = self._accessors[at]
        count, kind, n = accessor["count"], accessor["componentType"], N_ITEMS[accessor["type"]]
        if "bufferView" in accessor:
            values = self._rows(accessor["bufferView"], accessor.get("byteOffset", 0), count, kind, n)
        else:
            values = np.zeros((count, n), _DTYPES[kind])
        if sparse := accessor.get("sparse"):
            indices, changed = sparse["indices"], sparse["values"]
            size = sparse["count"]
            if not 0 <= size <= count:
                raise ValueError(f"{size!r} sparse values of {count}")
            rows = self._rows(
                indices["bufferView"], indices.get("byteOffset", 0), size, indices["componentType"], 1
            ).reshape(-1)
            values = values.copy()
            values[rows] = self._rows(changed["bufferView"], changed.get("byteOffset", 0), size, kind, n)
        return values

    def _rows(self, view: int, offset: int, count: int, kind: int, n: int) -> np.ndarray:
        one = self._header["bufferViews"][view]
        begin, size = one.get("byteOffset", 0), one["byteLength"]
        data = self._buffers[one["buffer"]]
        row = ITEM_SIZE[kind] * n
        stride = one.get("byteStride", row)
        numbers = (begin, size, offset, stride)
        if not all(type(number) is int and number >= 0 for number in numbers) or begin + size > len(data):
            raise ValueError(f"bufferView {view} reaches beyond its buffer of {len(data):,} bytes")
        if count and offset + stride * (count - 1) + row > size:
            raise ValueError(f"bufferView {view} is too short for {count_of(count, 'entries')}")
        if not count:
            return np.zeros((0, n), _DTYPES[kind])
        item = ITEM_SIZE[kind]
        return np.ndarray((count, n), _DTYPES[kind], data, begin + offset, (stride, item))

    def _write(self, at: int, values: np.ndarray, kind: str, component: int) -> int:
        if (at, kind) not in self._places:
            content = np.ascontiguousarray(values).tobytes()
            self._views.append({"buffer": 0, "byteOffset": len(self._written), "byteLength": len(content)})
            self._written += content
            self._places[at, kind] = len(self._new)
            self._new.append(
                {"bufferView": len(self._views) - 1, "componentType": component, "count": len(values), "type": kind}
            )
        return self._places[at, kind]


def bounds_of(positions: np.ndarray) -> Bounds:
    """Number of vertices, lowest and highest corner, in float32; positions are [vertex, 3], at least one."""
    low, high = (np.asarray(end, np.float32).tolist() for end in (positions.min(0), positions.max(0)))
    return len(positions), tuple(low), tuple(high)


def _glb(header: dict[str, Any], numbers: bytes) -> bytes:
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 4)
    numbers += bytes(-len(numbers) % 4)
    length = 12 + 8 + len(text) + 8 + len(numbers)
    start = struct.pack("<4sIIII", b"glTF", 2, length, len(text), _JSON)
    return start + text + struct.pack("<II", len(numbers), _BIN) + numbers
