"""Whatever is bad in a mesh file is refused with one sentence; spoiled bytes never do anything else."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
import trimesh
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inference.context import Refused
from inference.meshes.files import FORMATS, mesh_bytes, read_mesh
from tests.inference.solids import CONE, CUBE


def sentence(path, **options):
    with pytest.raises(Refused) as refused:
        read_mesh(path, **options)
    text = str(refused.value)
    assert text.endswith(".")
    assert "\n" not in text
    return text


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
        (
            "a.obj",
            b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2\n",
            "a.obj has no faces. 1 face has fewer than three",
        ),
        ("a.obj", b"v 0 0 nan\nv 1 0 0\nv 0 1 0\nf 1 2 3\n", "Vertex 1 of a.obj has the coordinate nan; it has to be"),
        ("a.obj", b"v 0 0 0\nv 1e300 0 0\nv 0 1 0\nf 1 2 3\n", "Vertex 2 of a.obj has the coordinate 1e+300; it has"),
        ("a.obj", b"v 1 1 1\nv 1 1 1\nv 1 1 1\nf 1 2 3\n", "All vertices of a.obj are at the same point."),
        ("a.obj", b"v 0 0\n", "Line 1 of a.obj should have three numbers: 'v 0 0'."),
        ("a.obj", b"v 0 0 0\nf a b c\n", "Line 2 of a.obj should have numbers of vertices: 'f a b c'."),
        ("a.obj", b"\x89PNG\r\n\x1a\n" + bytes(50), "a.obj is an image (PNG), not a mesh."),
        ("a.ply", b"\xff\xd8\xff\xe0", "a.ply is an image (JPEG), not a mesh."),
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
        ("a.off", b"OFF\n3 1 0\n0 0 0\n", "a.off is cut off: it should have 3 vertices and 1 face, but has 1 line"),
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
