"""A sampled mesh as a file: read back, the same each time, whole or not at all."""

from __future__ import annotations

import io
import shutil
import sys
from functools import cache
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import av
import numpy as np
import pytest
import trimesh
from PIL import Image, ImageChops

from app.export import export, film_encoding, mesh_files
from app.export.films import FRAMES_A_SECOND, HOLD
from app.export.formats import BY_MESH_COMMAND, ending_of
from app.export.mesh_files import write
from app.export.mesh_film import film_of_mesh
from app.export.mesh_look import MeshLook
from app.export.saving import ExportError
from inference.meshes.files import read_mesh
from inference.meshes.tokens import canonical, face_tokens, vertex_tokens
from tests.app.mesh_samples import make_sample
from widgets.scene3d.camera import Camera

SAMPLE = make_sample()
SMALL = MeshLook((160, 121), seconds=1.0)
N_FRAMES = FRAMES_A_SECOND + round(HOLD * FRAMES_A_SECOND)
pytestmark = pytest.mark.usefixtures("qapp")


def written(folder: Path, kind: str, sample=SAMPLE, look=SMALL) -> Path:
    path = folder / f"a{ending_of(kind)}"
    write(sample, path, kind, look)
    return path


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """The film of `SAMPLE` in a format, written once for all that only look at it."""
    return cache(lambda kind: written(tmp_path_factory.mktemp("film"), kind))


@cache
def painted_images() -> list[Image.Image]:
    return list(film_of_mesh(SAMPLE, SMALL).images())


def images_of(path: Path) -> tuple[list[Image.Image], list[int]]:
    """Frames and their durations in ms."""
    frames, durations = [], []
    with Image.open(path) as film:
        for number in range(film.n_frames):
            film.seek(number)
            frames.append(film.convert("RGB"))
            durations.append(film.info["duration"])
    return frames, durations


# Meshes


@pytest.mark.parametrize("kind", ["obj", "ply"])
def test_polygons_come_back_token_for_token(tmp_path, kind):
    values, faces = canonical(read_mesh(written(tmp_path, kind), merge_degrees=None))
    assert vertex_tokens(values).tolist() == SAMPLE.vertices.tokens.tolist()
    assert face_tokens(faces).tolist() == SAMPLE.faces.tokens.tolist()


@pytest.mark.parametrize("kind", ["obj", "ply", "stl", "glb"])
def test_trimesh_reads_every_mesh(tmp_path, kind):
    mesh = trimesh.load_mesh(written(tmp_path, kind))
    n_faces = int((SAMPLE.faces.tokens < 2).sum())
    assert len(mesh.faces) > n_faces
    assert mesh.area > 0
    mesh.merge_vertices()
    assert mesh.is_watertight


# Pictures and films


def test_pictures_show_the_mesh(tmp_path):
    with Image.open(written(tmp_path, "png")) as png:
        assert png.width == 160
        assert len(png.convert("RGB").getcolors(maxcolors=100_000)) > 20
    svg = ElementTree.parse(written(tmp_path, "svg"))
    assert len(list(svg.iter("{http://www.w3.org/2000/svg}polyline"))) > 50  # the ground, and edges
    assert written(tmp_path, "pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize("kind", ["gif", "webp"])
def test_films_grow_and_stand(film, kind):
    frames, durations = images_of(film(kind))
    assert {frame.size for frame in frames} == {SMALL.size}
    assert sum(durations) == N_FRAMES * 1000 // FRAMES_A_SECOND
    assert durations[-1] >= HOLD * 1000 - 40
    assert all(ImageChops.difference(one, other).getbbox() for one, other in pairwise(frames))
    assert frames[0].getpixel((0, 0)) == (255, 255, 255)
    # A vertex takes less ink than a face.
    inks = [np.asarray(ImageChops.invert(frame)).sum() for frame in (frames[0], frames[-1])]
    assert inks[1] > 2 * inks[0]


def test_webp_is_what_was_painted(film):
    frames, durations = images_of(film("webp"))
    assert durations == [shot.n_frames * 1000 // FRAMES_A_SECOND for shot in film_of_mesh(SAMPLE, SMALL).shots]
    assert all(not ImageChops.difference(*pair).getbbox() for pair in zip(frames, painted_images(), strict=True))


def test_notes_stand_in_images_and_films(tmp_path):
    look, notes = MeshLook((320, 240), seconds=1.0), ("3 tensors are not used.",)
    for kind in ("svg", "npz", "webp"):
        write(SAMPLE, tmp_path / f"a.{kind}", kind, look, notes=notes)
    assert notes[0] in (tmp_path / "a.svg").read_text()
    with np.load(tmp_path / "a.npz", allow_pickle=False) as arrays:
        assert tuple(arrays["notes"]) == notes
    write(SAMPLE, tmp_path / "plain.webp", "webp", look)
    for noted, plain in zip(*(images_of(tmp_path / name)[0] for name in ("a.webp", "plain.webp")), strict=True):
        changed = ImageChops.difference(noted, plain).getbbox()
        assert changed is not None
        assert changed[1] > 0.8 * 240


def test_gif_is_nearly_what_was_painted(film):
    frames, _ = images_of(film("gif"))
    painted = painted_images()
    assert len(frames) <= len(painted)  # what becomes the same in 256 colours is one frame
    difference = np.abs(np.asarray(frames[-1], int) - np.asarray(painted[-1], int))
    assert difference.mean() < 1.5


@pytest.mark.parametrize("kind", ["mp4", "webm"])
def test_videos_are_read_back(tmp_path, kind):
    with av.open(str(written(tmp_path, kind))) as container:
        (stream,) = container.streams.video
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(stream)]
        assert stream.average_rate == FRAMES_A_SECOND
    assert len(frames) == N_FRAMES
    assert frames[0].shape == (120, 160, 3)  # an odd row is left out
    painted = np.asarray(painted_images()[-1], int)[:120]
    assert np.abs(frames[-1].astype(int) - painted).mean() < 6


def test_frames_are_numbered_in_a_folder(tmp_path):
    folder = written(tmp_path, "frames")
    names = sorted(path.name for path in folder.iterdir())
    assert names == [f"{number:04}.png" for number in range(1, N_FRAMES + 1)]
    with Image.open(folder / names[-1]) as last:
        assert last.size == SMALL.size
    with pytest.raises(ExportError, match="the folder is not empty"):
        write(SAMPLE, folder, "frames", SMALL)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a"]


def test_a_film_lasts_as_long_as_its_tokens_take():
    n_tokens = len(SAMPLE.vertices.tokens) + len(SAMPLE.faces.tokens)
    for speed in (1.0, 4.0):
        n_frames = film_of_mesh(SAMPLE, MeshLook((64, 64), speed=speed)).n_frames - round(HOLD * FRAMES_A_SECOND)
        assert n_frames == pytest.approx(n_tokens / (20 * speed) * FRAMES_A_SECOND, abs=1)


def test_progress_is_told(tmp_path):
    said = []
    write(SAMPLE, tmp_path / "a.gif", "", SMALL, lambda done, total: said.append((done, total)))
    n = len(film_of_mesh(SAMPLE, SMALL).shots)
    assert said == [(i, n) for i in range(n)]


def test_theme_colours_and_camera_are_followed(tmp_path):
    plain = written(tmp_path, "png").read_bytes()
    for look in (
        MeshLook(SMALL.size, "dark"),
        MeshLook(SMALL.size, color_by="bits"),
        MeshLook(SMALL.size, camera=Camera(azimuth=30.0)),
    ):
        assert written(tmp_path, "png", look=look).read_bytes() != plain
        assert MeshLook.unpacked(look.packed()) == look


# Numbers


def test_npz_holds_tokens_and_probabilities(tmp_path):
    with np.load(written(tmp_path, "npz"), allow_pickle=False) as arrays:
        assert arrays["vertex_tokens"].tolist() == SAMPLE.vertices.tokens.tolist()
        assert arrays["face_tokens"].tolist() == SAMPLE.faces.tokens.tolist()
        for part, tokens in (("vertex", SAMPLE.vertices), ("face", SAMPLE.faces)):
            assert np.array_equal(arrays[f"{part}_probabilities"], tokens.probabilities)
            assert np.array_equal(arrays[f"{part}_bits"], tokens.bits)
            assert np.array_equal(arrays[f"{part}_is_forbidden"], tokens.is_forbidden)
        starts, corners = arrays["face_starts"], arrays["face_vertices"]
        faces = [tuple(corners[a:b].tolist()) for a, b in pairwise(starts)]
        assert face_tokens(faces).tolist() == SAMPLE.faces.tokens.tolist()
        assert arrays["vertices"].shape == (len(SAMPLE.vertices.tokens) // 3, 3)
        assert int(arrays["seed"]) == 0


@pytest.mark.parametrize("kind", [kind for kind in BY_MESH_COMMAND if kind not in ("mp4", "webm")])
def test_the_same_mesh_gives_the_same_bytes(film, tmp_path, kind):
    contents = []
    for path in (film(kind), written(tmp_path, kind)):
        files = sorted(path.iterdir()) if path.is_dir() else [path]
        contents.append([file.read_bytes() for file in files])
    assert contents[0] == contents[1]


# What is cut off, and what goes wrong


def test_what_was_cut_off_is_written_as_far_as_it_goes(tmp_path):
    cut = make_sample(n_face_tokens=20)
    faces = read_mesh(written(tmp_path, "obj", cut), merge_degrees=None).faces
    assert len(faces) == int((cut.faces.tokens == 1).sum())
    bare = make_sample(n_face_tokens=0)
    with pytest.raises(ExportError, match="The mesh has no faces, so there is nothing to write"):
        written(tmp_path, "stl", bare)
    assert len(images_of(written(tmp_path, "gif", bare))[0]) > 5


@pytest.mark.parametrize(
    ("name", "kind", "said"),
    [
        ("a.fbx", "", ".fbx is not among .obj, .ply, .stl, .glb, .png, .svg, .pdf, .gif, .webp, .mp4, .webm, .npz."),
        ("a", "", "no ending is not among .obj"),
        ("a.frames", "", ".frames is not among .obj"),
        ("a.obj", "gif", ".obj is not among .gif"),
        ("none/a.obj", "", "the folder {}/none does not exist"),
        ("none/a", "frames", "the folder {}/none does not exist"),
        ("a.gif/", "", "it is a folder"),
    ],
)
def test_bad_places_are_refused(tmp_path, name, kind, said):
    path = tmp_path / name
    if name.endswith("/"):
        path.mkdir()
    with pytest.raises(ExportError) as refused:
        write(SAMPLE, path, kind, SMALL)
    assert said.format(tmp_path) in str(refused.value)


def test_a_film_without_end_is_refused(tmp_path):
    with pytest.raises(ExportError, match=r"The film would last 1[,0-9]* seconds; at most 300 are written, so"):
        write(SAMPLE, tmp_path / "a.gif", "", MeshLook(speed=0.01))


def test_a_failure_keeps_the_old_file(film, tmp_path, monkeypatch):
    path = Path(shutil.copy(film("gif"), tmp_path))
    before = path.read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(export.os, "fsync", full)
    for kind in ("gif", "frames", "obj"):
        with pytest.raises(ExportError, match="the disk is full"):
            write(SAMPLE, tmp_path / f"b{ending_of(kind)}", kind, SMALL)
    with pytest.raises(ExportError, match="the disk is full"):
        write(SAMPLE, path, "", SMALL)
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["a.gif"]


def test_pyav_is_named_where_it_is_missing(tmp_path, monkeypatch):
    monkeypatch.setattr(film_encoding, "find_spec", lambda _: None)
    for kind in ("mp4", "webm"):
        with pytest.raises(ExportError) as refused:
            mesh_files.check(tmp_path / f"a.{kind}")
        assert str(refused.value).endswith("pip install headlight[video]")
    mesh_files.check(tmp_path / "a.gif")


def test_an_encoder_that_is_missing_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(av, "codecs_available", set())
    with pytest.raises(ExportError, match=r"PyAV is installed without an encoder for MP4 \(libx264, h264, mpeg4\)"):
        written(tmp_path, "mp4")


# The process that writes for the window


def test_the_worker_writes_what_it_is_told(tmp_path, monkeypatch, capsys):
    from app.export import worker

    class Stdin:
        buffer = io.BytesIO(worker.mesh_message(SAMPLE, str(tmp_path / "a.gif"), "gif", SMALL))

    monkeypatch.setattr(sys, "stdin", Stdin)
    monkeypatch.setattr("PySide6.QtGui.QGuiApplication", lambda _: None)  # there is one already
    assert worker.main() == 0
    assert (tmp_path / "a.gif").read_bytes() == written(tmp_path, "gif").read_bytes()
    assert capsys.readouterr().out.startswith('{"done": 0, "total": ')
    Stdin.buffer = io.BytesIO(worker.mesh_message(SAMPLE, str(tmp_path / "no" / "a.gif"), "gif", SMALL))
    assert worker.main() == 2
    assert "does not exist" in capsys.readouterr().out
