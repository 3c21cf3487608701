"""Mesh files: polygons survive, numbers are exact, and whatever is bad is refused with one sentence."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import pytest
import trimesh
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inference.context import Refused
from inference.meshes.files import FORMATS, mesh_bytes, read_mesh
from inference.meshes.mesh import Mesh
from inference.meshes.tokens import canonical, dequantise
from inference.meshes.triangulate import triangulate
from resources.furniture import LABELS, make_furniture
from tests.inference.test_mesh_tokens import CONE, CUBE, PRISM

POLYGON_FORMATS = ("obj", "ply", "off")
SOLIDS = pytest.mark.parametrize("mesh", [CUBE, CONE, PRISM], ids=["cube", "cone", "prism"])
# A plate like the letter L: its six-cornered sides have a dent.
L_PLATE = Mesh(
    np.array([[x, y, z] for z in (0.0, 1.0) for x, y in ((0, 0), (4, 0), (4, 1), (1, 1), (1, 3), (0, 3))], float),
    ((5, 4, 3, 2, 1, 0), (6, 7, 8, 9, 10, 11), *((i, (i + 1) % 6, 6 + (i + 1) % 6, 6 + i) for i in range(6))),
)


def furniture(seed, label=""):
    piece = make_furniture(seed, label)
    return Mesh(np.array(piece.vertices), tuple(piece.faces))


def ordered(mesh):
    """In PolyGen's order, on its grid."""
    values, faces = canonical(mesh)
    return Mesh(dequantise(values), faces)


@pytest.fixture
def saved(tmp_path):
    """Write bytes under a name, and give the path."""

    def save(name, content):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return save


def sentence(path, **options):
    with pytest.raises(Refused) as refused:
        read_mesh(path, **options)
    text = str(refused.value)
    assert text.endswith(".")
    assert "\n" not in text
    return text


# There and back


@pytest.mark.parametrize("kind", POLYGON_FORMATS)
@pytest.mark.parametrize("label", LABELS)
def test_polygons_and_numbers_survive(saved, kind, label):
    mesh = furniture(1, label)
    again = read_mesh(saved(f"a.{kind}", mesh_bytes(mesh, kind)))
    assert again.faces == mesh.faces
    assert (again.vertices == mesh.vertices).all()


@pytest.mark.parametrize("label", LABELS)
def test_obj_in_canonical_order_is_the_same_byte_for_byte(saved, label):
    content = mesh_bytes(ordered(furniture(2, label)), "obj")
    again = mesh_bytes(ordered(read_mesh(saved("a.obj", content))), "obj")
    # The box is no longer exactly 1 wide after rounding, so the grid may move once, and then stays.
    for _ in range(3):
        content, again = again, mesh_bytes(ordered(read_mesh(saved("a.obj", again))), "obj")
    assert again == content
    assert mesh_bytes(read_mesh(saved("a.obj", content)), "obj") == content


@SOLIDS
def test_obj_by_hand(saved, mesh):
    """The same text that was read is written, order and all."""
    content = mesh_bytes(mesh, "obj")
    assert mesh_bytes(read_mesh(saved("a.obj", content), merge_degrees=None), "obj") == content
    assert content.count(b"\nf ") == len(mesh.faces)


def test_obj_is_written_y_up():
    content = mesh_bytes(Mesh(np.array([[1.0, 2, 3], [4, 5, 6], [7, 8, 10]]), ((0, 1, 2),)), "obj")
    assert content == b"v 2.0 3.0 1.0\nv 5.0 6.0 4.0\nv 8.0 10.0 7.0\nf 1 2 3\n"


@pytest.mark.parametrize("kind", ["stl", "glb"])
@pytest.mark.parametrize("label", LABELS)
def test_triangles_become_the_polygons_again(saved, kind, label):
    mesh = ordered(furniture(3, label))
    again = ordered(read_mesh(saved(f"a.{kind}", mesh_bytes(mesh, kind))))
    assert again.is_closed == mesh.is_closed
    assert abs(_volume(again) - _volume(ordered(mesh))) < 0.05 * abs(_volume(mesh)) + 1e-4
    # What the grid has bent by more than a degree stays cut.
    assert sum(map(len, again.faces)) <= 1.1 * sum(map(len, mesh.faces))
    assert max(map(len, again.faces)) >= 4


@SOLIDS
@pytest.mark.parametrize("kind", ["stl", "glb"])
def test_solids_come_back_from_triangles_exactly(saved, mesh, kind):
    back = canonical(read_mesh(saved(f"a.{kind}", mesh_bytes(mesh, kind))))
    expected = canonical(mesh)
    assert (back[0] == expected[0]).all()
    assert back[1] == expected[1]


@pytest.mark.parametrize("kind", [name for name, one in FORMATS.items() if one.write])
def test_the_same_mesh_gives_the_same_bytes(kind):
    assert mesh_bytes(furniture(4), kind) == mesh_bytes(furniture(4), kind)


@pytest.mark.parametrize("kind", ["obj", "ply", "stl", "off", "glb"])
def test_trimesh_reads_what_is_written(saved, kind):
    mesh = CUBE if kind == "off" else furniture(5, "chair")  # its own reader of OFF stumbles over hexagons
    read = trimesh.load_mesh(saved(f"a.{kind}", mesh_bytes(mesh, kind)))
    assert read.area == pytest.approx(_area(mesh), rel=1e-5)
    up = 1 if kind in ("obj", "glb") else 2
    assert np.ptp(read.vertices, 0)[up] == pytest.approx(np.ptp(mesh.vertices, 0)[2], rel=1e-5)


@pytest.mark.parametrize("kind", ["obj", "ply", "stl", "off", "glb"])
def test_what_trimesh_writes_is_read(saved, kind):
    """Triangles of another program, merged into the six sides of a box."""
    content = trimesh.creation.box((1, 2, 3)).export(file_type=kind)
    mesh = read_mesh(saved(f"a.{kind}", content))
    assert len(mesh.faces) == 6
    assert len(mesh.vertices) == 8
    assert mesh.is_closed
    # trimesh leaves the axes alone; files whose custom is y up are turned.
    assert np.ptp(mesh.vertices, 0).round(5).tolist() == ([3, 1, 2] if kind in ("obj", "glb") else [1, 2, 3])


def test_gltf_with_its_numbers_inside_is_read(saved):
    files = trimesh.creation.box((1, 2, 3)).scene().export(file_type="gltf", embed_buffers=True)
    mesh = read_mesh(saved("a.gltf", files["model.gltf"]))
    assert len(mesh.faces) == 6
    assert sorted(np.ptp(mesh.vertices, 0).round(5)) == [1, 2, 3]


def test_dents_are_triangulated_within_the_polygon():
    triangles = triangulate(L_PLATE)
    flat = Mesh(L_PLATE.vertices, tuple(map(tuple, triangles.tolist())))
    assert len(triangles) == 2 * 4 + 6 * 2
    assert flat.is_closed
    assert _area(flat) == pytest.approx(_area(L_PLATE))
    assert _volume(flat) == pytest.approx(6.0)


def test_vertices_alone_are_no_triangles():
    points = Mesh(np.eye(3), ())
    assert mesh_bytes(points, "obj").count(b"v ") == 3
    for kind in ("stl", "glb"):
        with pytest.raises(Refused, match="There are no faces yet"):
            mesh_bytes(points, kind)
    for kind in ("gltf", "fbx"):
        with pytest.raises(Refused, match="there are obj, ply, stl, off, glb"):
            mesh_bytes(points, kind)


# What other programs write


def test_obj_of_other_programs(saved):
    text = (
        "# made elsewhere\nmtllib a.mtl\no thing\nv 0 0 0 1 0 0\nv 1 0 0\nv 1 1 0\\\n\nv 0 1e0 0.0\nvn 0 0 1\nvt 0 0\n"
        "g part\nusemtl red\ns off\nf 1/1/1 2/1 3//1 -1 # a quad\nf -4 -3 -2\nl 1 2\n"
    )
    mesh = read_mesh(saved("a.OBJ", text), up="z", merge_degrees=None)
    assert mesh.faces == ((0, 1, 2, 3), (0, 1, 2))
    assert mesh.vertices.tolist() == [[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]]


@pytest.mark.parametrize("order", ["<", ">"])
def test_binary_ply_of_mixed_polygons(saved, order):
    name = "little" if order == "<" else "big"
    header = (
        f"ply\nformat binary_{name}_endian 1.0\ncomment hello\nelement vertex 5\nproperty float x\nproperty float y\n"
        "property float z\nproperty uchar red\nelement face 2\nproperty uchar quality\n"
        "property list uchar int vertex_index\nproperty list uchar float weights\nend_header\n"
    )
    points = [(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0), (0, 0, 1)]
    body = b"".join(struct.pack(f"{order}fffB", *point, 9) for point in points)
    body += struct.pack(f"{order}BB4iB", 1, 4, 0, 1, 2, 3, 0) + struct.pack(f"{order}BB3iB2f", 1, 3, 0, 1, 4, 2, 0, 0)
    mesh = read_mesh(saved("a.ply", header.encode() + body))
    assert mesh.faces == ((0, 1, 2, 3), (0, 1, 4))
    assert mesh.vertices.tolist() == [list(point) for point in points]


def test_off_with_colours_and_comments(saved):
    text = (
        "COFF # coloured\n# corners first\n4 1 0\n\n0 0 0 255 0 0\n1 0 0 0 0 0\n1 1 0 0 0 0\n0 1 0 0 0 0\n4 0 1 2 3 7\n"
    )
    assert read_mesh(saved("a.off", text)).faces == ((0, 1, 2, 3),)
    assert read_mesh(saved("a.off", text.replace("COFF # coloured\n", "OFF 4 1 0\n").replace("\n4 1 0\n", "\n")))


def test_text_stl_is_read(saved):
    triangles = ((0, 1, 2), (0, 3, 1), (1, 3, 2), (2, 3, 0))
    corners = [(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1)]
    lines = ["solid thing"]
    for triangle in triangles:
        lines += ["facet normal 0 0 0", "outer loop"]
        lines += [f"vertex {x} {y} {z}" for x, y, z in (corners[i] for i in triangle)]
        lines += ["endloop", "endfacet"]
    mesh = read_mesh(saved("a.stl", "\n".join([*lines, "endsolid thing", ""])))
    assert len(mesh.vertices) == len(mesh.faces) == 4
    assert mesh.is_closed


def test_parts_of_a_scene_stand_where_the_scene_puts_them(saved):
    scene = trimesh.Scene()
    box = trimesh.creation.box((1, 1, 1))
    scene.add_geometry(box, transform=trimesh.transformations.translation_matrix((0, 5, 0)))
    mirror = np.diag([-1.0, 1, 1, 1])
    scene.add_geometry(box, transform=mirror)
    mesh = read_mesh(saved("a.glb", scene.export(file_type="glb")))
    assert len(mesh.faces) == 12
    assert np.ptp(mesh.vertices, 0).tolist() == pytest.approx([1, 1, 6])
    # A mirrored part still shows its outside.
    assert _volume(mesh) == pytest.approx(2.0)


def test_a_corner_that_repeats_is_dropped(saved):
    text = "v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nf 1 1 2 3 4 1\nf 1 2 2\n"
    (face,) = read_mesh(saved("a.obj", text)).faces
    assert sorted(face) == [0, 1, 2, 3]


# Refused


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.fbx", b"x", "a.fbx has the ending '.fbx'; meshes are read from .obj, .ply, .stl, .off, .glb, .gltf."),
        ("a.obj", b"", "a.obj is empty (0 bytes)."),
        ("a.obj", b"v 0 0 0\nv 1 0 0\n", "a.obj has no faces."),
        ("a.obj", b"hello\n", "a.obj has no faces."),
        ("a.obj", b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 4\n", "Face 1 of a.obj names vertex 4; there are 1 to 3."),
        ("a.obj", b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 0 1 2\n", "Face 1 of a.obj names vertex 0; there are 1 to 3."),
        ("a.obj", b"f 1 2 3\n", "Face 1 of a.obj names vertex 1; there are none."),
        ("a.obj", b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2\n", "Face 1 of a.obj has 2 corners; a face takes three or more."),
        ("a.obj", b"v 0 0 nan\nv 1 0 0\nv 0 1 0\nf 1 2 3\n", "Vertex 1 of a.obj has the coordinate nan; it has to be"),
        ("a.obj", b"v 0 0 0\nv 1e300 0 0\nv 0 1 0\nf 1 2 3\n", "Vertex 2 of a.obj has the coordinate 1e+300; it has"),
        ("a.obj", b"v 1 1 1\nv 1 1 1\nv 1 1 1\nf 1 2 3\n", "All vertices of a.obj are at the same point."),
        ("a.obj", b"v 0 0\n", "Line 1 of a.obj should have three numbers: 'v 0 0'."),
        ("a.obj", b"v 0 0 0\nf a b c\n", "Line 2 of a.obj should have numbers of vertices: 'f a b c'."),
        ("a.obj", b"\x89PNG\r\n\x1a\n" + bytes(50), "a.obj is a picture (PNG), not a mesh."),
        ("a.ply", b"\xff\xd8\xff\xe0", "a.ply is a picture (JPEG), not a mesh."),
        ("a.obj", b"PK\x03\x04", "a.obj is a zip archive; unpack it first."),
        ("a.stl", b"\x1f\x8b\x08", "a.stl is compressed (gzip); unpack it first."),
        ("a.glb", b"<!DOCTYPE html>", "a.glb is a web page (HTML) or XML, not a mesh."),
        ("a.obj", b"version https://git-lfs.github.com", "a.obj is a git-lfs pointer, not the mesh; fetch it with"),
        ("a.ply", b"plyx", "a.ply is no PLY file: it does not begin with ply."),
        ("a.ply", b"ply\nformat ascii 1.0\n", "The header of a.ply has no end."),
        ("a.ply", b"ply\nend_header\n", "The header of a.ply does not say in which format it is."),
        ("a.ply", b"ply\nformat ascii 1.0\nelement face 10000000\nend_header\n", "a.ply has 10,000,000 entries of"),
        (
            "a.ply",
            b"ply\nformat binary_little_endian 1.0\nelement vertex 9\nproperty float x\nend_header\nab",
            "a.ply is cut off: it ends within its 9 entries of 'vertex'.",
        ),
        (
            "a.ply",
            b"ply\nformat ascii 1.0\nelement vertex 1\nproperty float x\nend_header\n1\n",
            "The vertices of a.ply have no x, y and z.",
        ),
        ("a.off", b"4 1 0\n", "a.off is no OFF file: it does not begin with OFF."),
        ("a.off", b"OFF\n3 10000000 0\n", "a.off has 10,000,000 faces; at most 200,000 are read."),
        ("a.off", b"OFF\n3 1 0\n0 0 0\n", "a.off is cut off: it should have 3 vertices and 1 faces, but there are 1"),
        ("a.stl", b"hello", "a.stl is no STL file, or cut off: 5 bytes, of which the header says"),
        ("a.stl", bytes(80) + b"\x80\x96\x98\x00", "a.stl is no STL file, or cut off: 84 bytes, of which the header"),
        ("a.glb", b"glTX", "a.glb is no GLB file: it does not begin with glTF."),
        ("a.glb", struct.pack("<4sII", b"glTF", 1, 12), "a.glb is glTF of version 1; version 2 is read."),
        ("a.glb", struct.pack("<4sIIII", b"glTF", 2, 9999, 5, 0), "a.glb is cut off or damaged: it should have 9,999"),
        ("a.gltf", b"{", "The header of a.gltf is not valid JSON"),
    ],
)
def test_bad_files_are_refused(saved, name, content, said):
    assert sentence(saved(name, content)).startswith(said)


def test_what_is_no_file_is_refused(tmp_path):
    assert sentence(tmp_path / "none.obj") == "none.obj cannot be read: No such file or directory."
    folder = tmp_path / "folder.obj"
    folder.mkdir()
    assert sentence(folder) == "folder.obj is no file that can be read."
    assert sentence(Path("a\0.obj")).startswith("a\0.obj cannot be read: ")


def test_more_than_is_read_is_refused(saved, monkeypatch):
    content = mesh_bytes(CUBE, "obj")
    monkeypatch.setattr("inference.meshes.obj.MAX_FACES", 3)
    assert sentence(saved("a.obj", content)) == "a.obj has 6 faces; at most 3 are read."
    monkeypatch.setattr("inference.meshes.files.MAX_BYTES", 10)
    assert sentence(saved("b.obj", content)) == f"b.obj has {len(content):,} bytes; at most 10 are read."


# glTF that says more than it holds


def glb_of(change, mesh=CUBE):
    """A GLB file whose header was changed."""
    content = mesh_bytes(mesh, "glb")
    n = int.from_bytes(content[12:16], "little")
    header = json.loads(content[20 : 20 + n])
    change(header)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 4)
    rest = content[20 + n :]
    return struct.pack("<4sIIII", b"glTF", 2, 20 + len(text) + len(rest), len(text), 0x4E4F534A) + text + rest


def _many_nodes(header):
    header["nodes"] = [{"mesh": 0} for _ in range(2000)]
    header["scenes"][0]["nodes"] = list(range(2000))


def _many_vertices(header):
    _many_nodes(header)
    position = header["meshes"][0]["primitives"][0]["attributes"]["POSITION"]
    header["accessors"][position]["count"] = 500_000


def _huge(header):
    header["accessors"][0]["count"] = 10**9


def _ring(header):
    header["nodes"].append({"children": [len(header["nodes"])]})
    header["scenes"][0]["nodes"] = [len(header["nodes"]) - 1]


def _elsewhere(header):
    header["buffers"][0]["uri"] = "../../etc/passwd"


def _draco(header):
    header["extensionsRequired"] = ["KHR_draco_mesh_compression"]


def _negative(header):
    header["bufferViews"][0]["byteLength"] = -1


def _nothing(header):
    header["scenes"][0]["nodes"] = []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_many_vertices, "a.glb has 1,000,000,000 vertices; at most 600,000 are read."),
        (_huge, "The header of a.glb describes more than 67,108,864 bytes, the most that is read."),
        (_ring, "a.glb has a part with two places; each part of a scene has one."),
        (_elsewhere, "a.glb keeps its numbers in '../../etc/passwd'; save it as one file (GLB)."),
        (_draco, "a.glb needs the extension 'KHR_draco_mesh_compression', which is not read; save it without."),
        (_negative, "The header of a.glb is wrong: ValueError -1 is no size."),
        (_nothing, "a.glb has no faces."),
        (lambda header: header.pop("accessors"), "The header of a.glb is wrong: IndexError"),
    ],
)
def test_gltf_that_describes_more_than_it_holds_is_refused(saved, change, said):
    assert sentence(saved("a.glb", glb_of(change))).startswith(said)


def test_a_part_may_be_shown_often(saved):
    assert len(read_mesh(saved("a.glb", glb_of(_many_nodes)), merge_degrees=None).faces) == 2000 * 12


# Spoiled files: a mesh or a refusal, never anything else


def _spoiled(content, random, n):
    spoiled = bytearray(content)
    for _ in range(n):
        kind, at = random.randrange(4), random.randrange(len(spoiled))
        if kind == 0:
            spoiled[at] = random.randrange(256)
        elif kind == 1:
            del spoiled[at : at + random.randrange(1, 40)]
        elif kind == 2:
            spoiled[at:at] = spoiled[random.randrange(len(spoiled)) :][: random.randrange(1, 40)]
        else:
            spoiled[at:at] = random.choice(
                [b"\n", b" -1 ", b"nan", b"inf", b"1e999", b"99999999999", b"\0", b"/", b"f "]
            )
        spoiled = spoiled or bytearray(b" ")
    return bytes(spoiled)


def _is_mesh_or_refused(path):
    try:
        mesh = read_mesh(path)
    except Refused:
        return
    assert mesh.faces
    assert np.isfinite(mesh.vertices).all()
    assert all(len(set(face)) > 2 and 0 <= min(face) <= max(face) < len(mesh.vertices) for face in mesh.faces)


@pytest.mark.parametrize("kind", FORMATS)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(random=st.randoms(use_true_random=False), n=st.integers(1, 6))
def test_spoiled_files(tmp_path, kind, random, n):
    if kind == "gltf":
        files = trimesh.creation.box((1, 2, 3)).scene().export(file_type="gltf", embed_buffers=True)
        content = files["model.gltf"]
    else:
        content = mesh_bytes(CONE, kind)
    path = tmp_path / f"a.{kind}"
    path.write_bytes(_spoiled(content, random, n))
    _is_mesh_or_refused(path)


@pytest.mark.parametrize("kind", FORMATS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(min_size=1, max_size=300))
def test_random_bytes(tmp_path, kind, content):
    path = tmp_path / f"a.{kind}"
    start = {"ply": b"ply\n", "off": b"OFF\n", "glb": b"glTF", "gltf": b"{"}.get(kind, b"")
    path.write_bytes(start + content)
    _is_mesh_or_refused(path)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text("vf 0123456789-./\n#e", max_size=200))
def test_random_lines_of_obj(tmp_path, text):
    path = tmp_path / "a.obj"
    path.write_text(f"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n{text}")
    _is_mesh_or_refused(path)


def _triangles(mesh):
    return triangulate(mesh)


def _area(mesh):
    a, b, c = (mesh.vertices[_triangles(mesh)[:, i]] for i in range(3))
    return float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2)


def _volume(mesh):
    a, b, c = (mesh.vertices[_triangles(mesh)[:, i]] for i in range(3))
    return float((a * np.cross(b, c)).sum() / 6)
