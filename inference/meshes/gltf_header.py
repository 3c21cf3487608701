"""What a glTF file says that it holds, checked before anything of that size is made.

A header can say that a thousand parts share the same million triangles, or that its numbers are in another file.

References
----------
https://registry.khronos.org/glTF/specs/2.0/glTF-2.0.html
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from inference.context import Refused
from inference.files.json_file import parse_object
from inference.meshes.checks import MAX_BYTES, MAX_VERTICES, check_count
from inference.results.counts import count_of, verb

MAX_ENTRIES = 2_000
ITEM_SIZE = {5120: 1, 5121: 1, 5122: 2, 5123: 2, 5125: 4, 5126: 4}  # bytes, by component type
N_ITEMS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT2": 4, "MAT3": 9, "MAT4": 16}
INSTANCING = "EXT_mesh_gpu_instancing"
# Extensions that are read, and required ones that change colours, not shapes.
READ = {INSTANCING, "KHR_mesh_quantization"}
_HARMLESS = ("KHR_materials_", "KHR_texture_", "EXT_texture_", "KHR_lights_")
_LISTS = ("accessors", "buffers", "bufferViews", "meshes", "nodes", "scenes")
_TRIANGLES, _STRIP, _FAN = 4, 5, 6
_MOST_NAMED = 8  # extensions


def parse_glb(data: bytes, name: str) -> tuple[dict[str, Any], bytes, list[str]]:
    """The header of a binary file, its numbers, and notes on what else it holds.

    Raises
    ------
    Refused
        It is no GLB file of version 2, is cut off, or its header is no JSON object.
    """
    if data[:4] != b"glTF":
        raise Refused(f"{name} is no GLB file: it does not begin with glTF.")
    version, length, n_header = (int.from_bytes(data[i : i + 4], "little") for i in (4, 8, 12))
    if version != 2:
        raise Refused(f"{name} is glTF of version {version}; version 2 is read.")
    if length > len(data) or 20 + n_header > length:
        raise Refused(f"{name} is cut off or damaged: it should have {length:,} bytes and has {len(data):,}.")
    header = parse_gltf(data[20 : 20 + n_header], name)
    n_more = len(data) - length
    notes = [f"{count_of(n_more, 'bytes')} behind the end {verb(n_more)} left aside."] if n_more > 0 else []
    numbers, at, n_others = b"", 20 + n_header, 0
    while at + 8 <= length:
        n = int.from_bytes(data[at : at + 4], "little")
        is_numbers = data[at + 4 : at + 8] == b"BIN\0" and not numbers
        if is_numbers:
            numbers = data[at + 8 : min(at + 8 + n, length)]
        else:
            n_others += 1
        at += 8 + n
    if n_others:
        notes.append(f"{count_of(n_others, 'parts')} of the file of other kinds (chunks) {verb(n_others)} left aside.")
    return header, numbers, notes


def parse_gltf(text: bytes, name: str) -> dict[str, Any]:
    """The header as a JSON object; raises `Refused`."""
    return parse_object(text, f"The header of {name}")


def check_header(header: dict[str, Any], name: str) -> int:
    """The number of triangles that the scene shows; of parts with instances, all of them.

    Raises
    ------
    Refused
        It is compressed, or describes more than it can hold or than is read.
    """
    for kind in _LISTS:
        if len(header.get(kind, [])) > MAX_ENTRIES:
            raise Refused(f"{name} has {len(header[kind]):,} {kind}; at most {MAX_ENTRIES:,} are read.")
    for extension in header.get("extensionsRequired", []):
        if extension not in READ and not extension.startswith(_HARMLESS):
            raise Refused(f"{name} needs the extension {extension!r}, which is not read; save it without.")
    accessors, views = header.get("accessors", []), header.get("bufferViews", [])
    described = sum(_size(one["count"]) * ITEM_SIZE[one["componentType"]] * N_ITEMS[one["type"]] for one in accessors)
    if max(described, sum(_size(view["byteLength"]) for view in views)) > MAX_BYTES:
        raise Refused(f"The header of {name} describes more than {MAX_BYTES:,} bytes, the most that is read.")
    n_by_mesh = [
        sum(_n_triangles(primitive, accessors) for primitive in mesh["primitives"]) for mesh in header.get("meshes", [])
    ]
    nodes = header.get("nodes", [])
    times = {at: n_instances(nodes[at], accessors) for at in shown_nodes(header, name) if "mesh" in nodes[at]}
    check_count(name, "parts", sum(times.values()), MAX_ENTRIES)
    # A part that is shown a thousand times has its vertices a thousand times, also those of no triangle.
    n_vertices = sum(
        n * accessors[primitive["attributes"]["POSITION"]]["count"]
        for at, n in times.items()
        for primitive in header["meshes"][nodes[at]["mesh"]]["primitives"]
    )
    check_count(name, "vertices", n_vertices, MAX_VERTICES)
    return sum(n * n_by_mesh[nodes[at]["mesh"]] for at, n in times.items())


def shown_nodes(header: dict[str, Any], name: str) -> list[int]:
    """Numbers of the parts that the scene shows; raises `Refused` where one has two places."""
    nodes = header.get("nodes", [])
    shown = list(header["scenes"][header.get("scene", 0)].get("nodes", [])) if header.get("scenes") else []
    for at in shown:  # which grows meanwhile
        if len(shown) > len(nodes):
            raise Refused(f"{name} has a part with two places; each part of a scene has one.")
        shown += nodes[at].get("children", [])
    return shown


def n_instances(node: dict[str, Any], accessors: list[dict[str, Any]]) -> int:
    """How often a part is shown."""
    attributes = instances_of(node)
    return min((accessors[at]["count"] for at in attributes.values()), default=1)


def instances_of(node: dict[str, Any]) -> dict[str, int]:
    """Accessors of `TRANSLATION`, `ROTATION` and `SCALE`, a row for each instance; empty where it is shown once."""
    attributes = node.get("extensions", {}).get(INSTANCING, {}).get("attributes", {})
    return {key: at for key, at in attributes.items() if key in ("TRANSLATION", "ROTATION", "SCALE")}


def is_of_triangles(primitive: dict[str, Any]) -> bool:
    """Whether it is drawn as faces, not as points or lines."""
    return primitive.get("mode", _TRIANGLES) in (_TRIANGLES, _STRIP, _FAN)


def aside(header: dict[str, Any], name: str) -> list[str]:
    """What the header holds that makes no polygons, as sentences."""
    nodes, shown = header.get("nodes", []), set(shown_nodes(header, name))
    drawn = [header["meshes"][nodes[at]["mesh"]] for at in shown if "mesh" in nodes[at]]
    primitives = [primitive for mesh in drawn for primitive in mesh["primitives"]]
    counts = Counter(
        {
            "parts that the scene does not show": sum(
                "mesh" in node for at, node in enumerate(nodes) if at not in shown
            ),
            "parts of points or lines": sum(not is_of_triangles(primitive) for primitive in primitives),
            "morph targets": sum(len(primitive.get("targets", [])) for primitive in primitives),
            "skins, without which it is in its pose of rest": len(header.get("skins", [])),
            **{kind: len(header.get(kind, [])) for kind in ("animations", "materials", "images", "cameras")},
        }
    )
    others = sorted({key for primitive in primitives for key in primitive["attributes"] if key != "POSITION"})
    parts = [f"{what} ({n:,})" for what, n in counts.items() if n]
    if others:
        parts.append(f"of vertices {', '.join(others[:_MOST_NAMED])[:200]}")
    notes = [f"Left aside: {'; '.join(parts)}."] if parts else []
    unread = sorted(set(map(str, header.get("extensionsUsed", []))) - READ)
    if unread:
        more = f" and {len(unread) - _MOST_NAMED} more" if len(unread) > _MOST_NAMED else ""
        named = ", ".join(extension[:60] for extension in unread[:_MOST_NAMED])
        notes.append(f"It uses extensions that are not read, so the mesh may look otherwise: {named}{more}.")
    return notes


def _n_triangles(primitive: dict[str, Any], accessors: list[dict[str, Any]]) -> int:
    n_corners = accessors[primitive.get("indices", primitive["attributes"]["POSITION"])]["count"]
    if primitive.get("mode", _TRIANGLES) == _TRIANGLES:
        return n_corners // 3
    return max(n_corners - 2, 0) if is_of_triangles(primitive) else 0


def _size(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise ValueError(f"{value!r} is no size")
    return value
