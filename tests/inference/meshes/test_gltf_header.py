"""A glTF that says more than it holds is refused before anything of that size is made."""

from __future__ import annotations

import json
import struct

import pytest

from inference.context import Refused
from inference.meshes.files import mesh_bytes, read_mesh
from tests.inference.solids import CUBE


def sentence(path, **options):
    with pytest.raises(Refused) as refused:
        read_mesh(path, **options)
    text = str(refused.value)
    assert text.endswith(".")
    assert "\n" not in text
    return text


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
        (
            _elsewhere,
            "a.glb keeps its numbers in '../../etc/passwd'; files in the same folder are read",
        ),
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
