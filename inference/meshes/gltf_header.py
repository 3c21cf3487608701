"""What a glTF file says that it holds, checked before trimesh builds it.

A header can say that a thousand parts share the same million triangles, or that its numbers are in another file.

References
----------
https://registry.khronos.org/glTF/specs/2.0/glTF-2.0.html
"""

from __future__ import annotations

from typing import Any

from inference.context import Refused
from inference.files.json_file import parse_object
from inference.meshes.checks import MAX_BYTES, MAX_VERTICES, check_count

MAX_ENTRIES = 2_000
_LISTS = ("accessors", "buffers", "bufferViews", "meshes", "nodes", "scenes")
_ITEM_SIZE = {5120: 1, 5121: 1, 5122: 2, 5123: 2, 5125: 4, 5126: 4}  # bytes, by component type
_N_ITEMS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT2": 4, "MAT3": 9, "MAT4": 16}
_TRIANGLES, _STRIP, _FAN = 4, 5, 6
# Required extensions of these kinds change colours, not shapes.
_HARMLESS = ("KHR_materials_", "KHR_texture_", "EXT_texture_", "KHR_lights_")


def check_glb(data: bytes, name: str) -> int:
    """As `check_gltf`, of a binary file."""
    if data[:4] != b"glTF":
        raise Refused(f"{name} is no GLB file: it does not begin with glTF.")
    version, length, n_header = (int.from_bytes(data[i : i + 4], "little") for i in (4, 8, 12))
    if version != 2:
        raise Refused(f"{name} is glTF of version {version}; version 2 is read.")
    if length != len(data) or 20 + n_header > length:
        raise Refused(f"{name} is cut off or damaged: it should have {length:,} bytes and has {len(data):,}.")
    return check_gltf(data[20 : 20 + n_header], name)


def check_gltf(text: bytes, name: str) -> int:
    """The number of triangles that the scene shows.

    Raises
    ------
    Refused
        It names other files, is compressed, or describes more than it can hold.
    """
    header = parse_object(text, f"The header of {name}")
    try:
        return _n_triangles(header, name)
    except (TypeError, KeyError, IndexError, AttributeError, ValueError) as error:
        raise Refused(f"The header of {name} is wrong: {type(error).__name__} {error}.") from error


def _n_triangles(header: dict[str, Any], name: str) -> int:
    for kind in _LISTS:
        if len(header.get(kind, [])) > MAX_ENTRIES:
            raise Refused(f"{name} has {len(header[kind]):,} {kind}; at most {MAX_ENTRIES:,} are read.")
    for extension in header.get("extensionsRequired", []):
        if not extension.startswith(_HARMLESS):
            raise Refused(f"{name} needs the extension {extension!r}, which is not read; save it without.")
    for buffer in header.get("buffers", []):
        if not buffer.get("uri", "data:").startswith("data:"):
            raise Refused(f"{name} keeps its numbers in {buffer['uri'][:80]!r}; save it as one file (GLB).")
    accessors, views = header.get("accessors", []), header.get("bufferViews", [])
    described = sum(_size(one["count"]) * _ITEM_SIZE[one["componentType"]] * _N_ITEMS[one["type"]] for one in accessors)
    if max(described, sum(_size(view["byteLength"]) for view in views)) > MAX_BYTES:
        raise Refused(f"The header of {name} describes more than {MAX_BYTES:,} bytes, the most that is read.")
    n_by_mesh = [
        sum(_n_of(primitive, accessors) for primitive in mesh["primitives"]) for mesh in header.get("meshes", [])
    ]
    nodes = header.get("nodes", [])
    shown = list(header["scenes"][header.get("scene", 0)].get("nodes", [])) if header.get("scenes") else []
    for at in shown:  # which grows meanwhile
        if len(shown) > len(nodes):
            raise Refused(f"{name} has a part with two places; each part of a scene has one.")
        shown += nodes[at].get("children", [])
    parts = [nodes[at]["mesh"] for at in shown if "mesh" in nodes[at]]
    # A part that is shown a thousand times has its vertices a thousand times, also those of no triangle.
    positions = [
        primitive["attributes"]["POSITION"] for part in parts for primitive in header["meshes"][part]["primitives"]
    ]
    n_vertices = sum(accessors[position]["count"] for position in positions)
    check_count(name, "vertices", n_vertices, MAX_VERTICES)
    return sum(n_by_mesh[part] for part in parts)


def _n_of(primitive: dict[str, Any], accessors: list[dict[str, Any]]) -> int:
    mode = primitive.get("mode", _TRIANGLES)
    n_corners = accessors[primitive.get("indices", primitive["attributes"]["POSITION"])]["count"]
    if mode == _TRIANGLES:
        return n_corners // 3
    if mode in (_STRIP, _FAN):
        return max(n_corners - 2, 0)
    return 0


def _size(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise ValueError(f"{value!r} is no size")
    return value
