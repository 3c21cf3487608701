"""What a file holds beside its polygons is read, or counted and said; one odd part costs no mesh."""

from __future__ import annotations

import base64
import json
import os
import struct

import numpy as np
import pytest
import trimesh
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inference.context import Refused
from inference.meshes.files import mesh_bytes, read_mesh
from tests.inference.solids import CUBE
from tests.places import CASES

BOX = np.array([[0.0, 0, 0], [2, 1, 3]])
MESHES = CASES / "meshes"


def ends(mesh):
    return np.array([mesh.vertices.min(0), mesh.vertices.max(0)])


def read(path, **options):
    """As it stands in the file: no axis turned, nothing merged."""
    return read_mesh(path, up="z", merge_degrees=None, **options)


@pytest.mark.parametrize(
    ("name", "n_faces", "note"),
    [
        ("plain.obj", 6, ""),
        ("plain.glb", 12, ""),
        ("usemtl_backslash.obj", 6, "Left aside: uses of materials (1)."),
        ("continued_crlf.obj", 6, ""),
        ("two_corner.obj", 6, "1 face has fewer than three corners and is left aside."),
        ("off_glued.off", 6, ""),
        ("nan_vertex.ply", 6, "1 vertex of no face is no number and is left aside."),
        ("binary_trailing.stl", 12, "8 bytes behind the end are left aside."),
        ("trailing.glb", 12, "4 bytes behind the end are left aside."),
        ("scene.gltf", 12, ""),
        ("quantized.glb", 12, ""),
    ],
)
def test_the_box_is_read_whatever_stands_beside_it(name, n_faces, note):
    mesh = read(MESHES / name)
    assert len(mesh.faces) == n_faces
    assert ends(mesh) == pytest.approx(BOX, abs=1e-3)
    assert mesh.notes == ((note,) if note else ())
    assert len(read_mesh(MESHES / name).faces) == 6  # polygons again
    assert read_mesh(MESHES / name).notes == mesh.notes


def test_sparse_values_are_in_their_places():
    mesh = read(MESHES / "sparse.gltf")
    assert ends(mesh).tolist() == [[0, 0, 0], [20, 1, 3]]
    assert mesh.notes == ()


def test_every_instance_is_there():
    mesh = read(MESHES / "instanced.glb")
    assert len(mesh.faces) == 3 * 12
    assert ends(mesh).tolist() == [[0, 0, 0], [20, 1, 3]]


def test_a_mark_in_front_is_skipped():
    mesh = read(MESHES / "bom_spare_vertex.obj")
    assert len(mesh.vertices) == 9
    assert mesh.faces == read(MESHES / "plain.obj").faces


@pytest.mark.parametrize("kind", ["obj", "ply", "off", "stl", "gltf"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_mark_in_front_of_any_text(saved, kind, encoding):
    if kind == "gltf":
        files = trimesh.creation.box((1, 2, 3)).scene().export(file_type="gltf", embed_buffers=True)
        text = files["model.gltf"]
    elif kind == "stl":
        text = trimesh.creation.box((1, 2, 3)).export(file_type="stl_ascii").encode()
    else:
        text = mesh_bytes(CUBE, kind)
    plain = read_mesh(saved(f"a.{kind}", text))
    if kind == "stl" and encoding == "utf-16":
        return  # no program writes it so
    marked = read_mesh(saved(f"b.{kind}", text.decode().encode(encoding)))
    assert marked.faces == plain.faces
    assert (marked.vertices == plain.vertices).all()


# glTF


def gltf(change, positions=None, kind="<f4"):
    """The box as glTF text whose header was changed; positions are what its numbers are."""
    positions = np.array(read(MESHES / "plain.obj").vertices if positions is None else positions, kind)
    triangles = np.array([[0, 2, 1], [0, 3, 2], [4, 5, 6], [4, 6, 7], [0, 1, 5], [0, 5, 4]], "<u2")
    content = positions.tobytes() + triangles.tobytes()
    header = {
        "asset": {"version": "2.0"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}, "indices": 1}]}],
        "accessors": [
            {"bufferView": 0, "componentType": 5126, "count": len(positions), "type": "VEC3"},
            {"bufferView": 1, "componentType": 5123, "count": 18, "type": "SCALAR"},
        ],
        "bufferViews": [
            {"buffer": 0, "byteOffset": 0, "byteLength": positions.nbytes},
            {"buffer": 0, "byteOffset": positions.nbytes, "byteLength": triangles.nbytes},
        ],
        "buffers": [{"byteLength": len(content), "uri": "data:;base64," + base64.b64encode(content).decode()}],
    }
    change(header)
    return json.dumps(header)


def _bounds(header):
    header["accessors"][0] |= {"min": [0, 0, 0], "max": [20, 1, 3]}


def _extension(header):
    header["extensionsUsed"] = ["VENDOR_bent", "KHR_materials_unlit"]


def _targets(header):
    header["meshes"][0]["primitives"][0]["targets"] = [{"POSITION": 0}]
    header["animations"] = [{}]


def _lines(header):
    header["meshes"][0]["primitives"].append({"attributes": {"POSITION": 0}, "mode": 1})


def _hidden(header):
    header["nodes"].append({"mesh": 0})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_bounds, "The bounds that it declares are not those of its numbers (in 1 list of positions)."),
        (_extension, "It uses extensions that are not read, so the mesh may look otherwise: KHR_materials_unlit, VEND"),
        (_targets, "Left aside: morph targets (1); animations (1)."),
        (_lines, "Left aside: parts of points or lines (1)."),
        (_hidden, "Left aside: parts that the scene does not show (1)."),
    ],
)
def test_what_of_gltf_is_not_read_is_said(saved, change, said):
    mesh = read(saved("a.gltf", gltf(change)))
    assert len(mesh.faces) == 6
    assert mesh.notes[0].startswith(said)


@pytest.mark.parametrize(("component", "kind", "most"), [(5121, "u1", 255), (5122, "<i2", 32767), (5120, "i1", 127)])
def test_normalised_numbers_are_from_zero_to_one(saved, component, kind, most):
    box = read(MESHES / "plain.obj").vertices / 3
    unit = box * most

    def change(header):
        header["accessors"][0] |= {"componentType": component, "normalized": True}
        header["extensionsRequired"] = header["extensionsUsed"] = ["KHR_mesh_quantization"]

    mesh = read(saved("a.gltf", gltf(change, unit.round(), kind)))
    assert mesh.vertices == pytest.approx(box, abs=0.51 / most)
    assert mesh.notes == ()


def test_instances_turn_and_grow(saved):
    places = np.array([[5.0, 0, 0], [0, 7, 0]], "<f4")
    turns = np.array([[0, 0, 0, 1], [0, 0, np.sqrt(0.5), np.sqrt(0.5)]], "<f4")
    content = places.tobytes() + turns.tobytes()

    def change(header):
        header["buffers"].append({"byteLength": 56, "uri": "data:;base64," + base64.b64encode(content).decode()})
        header["bufferViews"] += [
            {"buffer": 1, "byteOffset": 0, "byteLength": 24},
            {"buffer": 1, "byteOffset": 24, "byteLength": 32},
        ]
        header["accessors"] += [
            {"bufferView": 2, "componentType": 5126, "count": 2, "type": "VEC3"},
            {"bufferView": 3, "componentType": 5126, "count": 2, "type": "VEC4"},
        ]
        attributes = {"TRANSLATION": 2, "ROTATION": 3}
        header["nodes"][0]["extensions"] = {"EXT_mesh_gpu_instancing": {"attributes": attributes}}

    mesh = read(saved("a.gltf", gltf(change)))
    box = read(MESHES / "plain.obj").vertices
    turned = box @ np.array([[0.0, 1, 0], [-1, 0, 0], [0, 0, 1]]) + [0, 7, 0]
    shown = sorted(mesh.vertices.round(5).tolist())
    expected = sorted(np.concatenate([box + np.array([5, 0, 0]), turned]).round(5).tolist())
    assert np.array(shown) == pytest.approx(np.array(expected), abs=1e-5)


@pytest.mark.parametrize(
    "uri", ["../scene.bin", "/etc/passwd", "sub/scene.bin", "..%2Fscene.bin", "file:///etc/passwd", "a\\scene.bin", ""]
)
def test_numbers_elsewhere_are_refused(tmp_path, saved, uri):
    (tmp_path / "scene.bin").write_bytes((MESHES / "scene.bin").read_bytes())
    folder = tmp_path / "folder"
    folder.mkdir()
    path = folder / "a.gltf"
    path.write_text((MESHES / "scene.gltf").read_text().replace("scene.bin", uri.replace("\\", "\\\\")))
    with pytest.raises(Refused, match=r"keeps its numbers in .*same folder"):
        read_mesh(path)


def test_a_link_that_leads_away_is_refused(tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    (tmp_path / "elsewhere.bin").write_bytes((MESHES / "scene.bin").read_bytes())
    os.symlink(tmp_path / "elsewhere.bin", folder / "scene.bin")
    (folder / "a.gltf").write_bytes((MESHES / "scene.gltf").read_bytes())
    with pytest.raises(Refused, match="which is not a file in the same folder"):
        read_mesh(folder / "a.gltf")


def test_a_large_file_beside_it_is_refused(tmp_path, monkeypatch):
    (tmp_path / "scene.bin").write_bytes(bytes(2000))
    (tmp_path / "a.gltf").write_bytes((MESHES / "scene.gltf").read_bytes())
    monkeypatch.setattr("inference.meshes.triangle_files.MAX_BYTES", 1000)
    with pytest.raises(Refused, match=r"scene.bin has 2,000 bytes; at most 1,000"):
        read_mesh(tmp_path / "a.gltf")


def test_what_trimesh_gives_is_held_against_the_file(monkeypatch):
    """A reader that forgets half of the numbers is found out."""
    load = trimesh.load_scene

    def halved(*args, **options):
        scene = load(*args, **options)
        for part in scene.geometry.values():
            part.vertices = part.vertices * 0.5
        return scene

    monkeypatch.setattr(trimesh, "load_scene", halved)
    with pytest.raises(Refused, match="its numbers are read otherwise than they are written"):
        read_mesh(MESHES / "plain.glb")


# Other formats


def test_an_unused_vertex_may_be_anything_and_a_used_one_not(saved):
    text = "v 0 0 0\nv nan 0 inf\nv 1 0 0\nv 0 1 0\nf 1 3 4\n"
    mesh = read(saved("a.obj", text))
    assert mesh.faces == ((0, 1, 2),)
    assert mesh.vertices.tolist() == [[0, 0, 0], [1, 0, 0], [0, 1, 0]]
    with pytest.raises(Refused, match=r"Vertex 2 of b\.obj has the coordinate nan"):
        read(saved("b.obj", text.replace("f 1 3 4", "f 1 2 4")))


def test_what_of_obj_is_not_read_is_counted(saved):
    text = "v 0 0 0\nv 1 0 0\nv 0 1 0\nvn 0 0 1\nvn 0 1 0\nvt 0 0\ng part\nl 1 2\nhello there\nf 1 2 3\nf 1 1 2\n"
    assert read(saved("a.obj", text)).notes == (
        "Left aside: normals (2), texture places (1), lines (1).",
        "1 line is not understood, the first is line 9: 'hello there'.",
        "1 face has fewer than three places and is left aside.",
    )


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_only_lines_of_numbers_go_on_behind_a_backslash(saved, end):
    lines = ["mtllib C:\\a\\", "v 0 \\", "0 0", "v 1 0 0", "v 0 1 0", "usemtl a\\", "f 1 2 \\", "3", "g a\\", "f 3 2 1"]
    assert read(saved("a.obj", end.join(lines))).faces == ((0, 1, 2), (2, 1, 0))


def test_what_of_ply_is_not_read_is_said(saved):
    text = mesh_bytes(CUBE, "ply").decode()
    text = text.replace("element face", "property uchar red\nelement face").replace(
        "end_header", "element edge 1\nproperty int vertex1\nend_header"
    )
    head, _, body = text.partition("end_header\n")
    rows = body.splitlines()
    rows = [row + " 7" if at < len(CUBE.vertices) else row for at, row in enumerate(rows)]
    mesh = read(saved("a.ply", f"{head}end_header\n" + "\n".join([*rows, "3"])))
    assert mesh.notes == ("Left aside: red of vertices, 1 entry of 'edge'.",)
    assert read(saved("b.ply", mesh_bytes(CUBE, "ply") + b"1 2 3\n")).notes == (
        "Left aside: 3 numbers behind the last face.",
    )


def test_what_of_off_is_not_read_is_said(saved):
    text = "COFF\n3 1 0\n0 0 0 1 1 1\n1 0 0 1 1 1\n0 1 0 1 1 1\n3 0 1 2 255 0 0\nmore\n"
    assert read(saved("a.off", text)).notes == (
        "Left aside: colours of vertices, colours of 1 face, 1 line behind the last face.",
    )
    with pytest.raises(Refused, match=r"b.off is a binary OFF file; OFF is read as text."):
        read_mesh(saved("b.off", b"OFF BINARY\n\0\0\0\3"))


def test_colours_of_stl_are_said(saved):
    content = bytearray(mesh_bytes(CUBE, "stl"))
    content[84 + 48 : 84 + 50] = struct.pack("<H", 31)
    assert read(saved("a.stl", bytes(content))).notes == ("Left aside: colours or marks of 1 triangle.",)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    short=st.integers(0, 3),
    spare=st.integers(0, 3),
    tail=st.integers(0, 20),
    data=st.data(),
)
def test_odd_parts_are_counted_and_change_nothing(tmp_path, short, spare, tail, data):
    """However many short faces, spare vertices and strange lines: the box is the box, and each kind is counted."""
    lines = mesh_bytes(CUBE, "obj").decode().splitlines()
    odd = ["f 1 2"] * short + ["zzz"] * tail
    for line in odd:
        lines.insert(data.draw(st.integers(len(CUBE.vertices), len(lines))), line)
    lines += ["v nan 0 0"] * spare
    path = tmp_path / "a.obj"
    path.write_text("\n".join(lines))
    mesh, plain = read_mesh(path), read_mesh(_plain(tmp_path))
    assert mesh.faces == plain.faces
    assert (mesh.vertices == plain.vertices).all()
    text = " ".join(mesh.notes)
    for n, what in ((short, "fewer than three corners"), (spare, "no number"), (tail, "not understood")):
        assert (what in text) == bool(n)
        assert not n or f"{n} " in text


def _plain(folder):
    path = folder / "plain.obj"
    path.write_bytes(mesh_bytes(CUBE, "obj"))
    return path
