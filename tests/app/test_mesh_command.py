"""`headlight mesh` samples with the model it is told, writes what it is told, and says in one line what is wrong."""

from __future__ import annotations

from dataclasses import replace

import av
import numpy as np
import pytest
import trimesh
from PIL import Image

from app.commands.command_line import run
from app.export.formats import BY_MESH_COMMAND, OF_MESHES, ending_of
from inference.results.checkpoint import CheckpointInfo, InspectRequest
from inference.results.inputs import MeshInput
from inference.results.mesh import MeshRequest, MeshResult
from inference.service.engine import Engine
from resources.furniture import LABELS
from tests.app.mesh_samples import make_sample
from tests.factories import make_checkpoint_info

pytestmark = pytest.mark.usefixtures("qapp")
SMALL = ("--size", "120x90", "--seconds", "0.5")


@pytest.fixture
def info():
    return replace(make_checkpoint_info(name="tiny", capabilities=("attention", "mesh")), classes=LABELS)


@pytest.fixture
def asked(monkeypatch, info):
    """Requests that a fake engine was asked; it samples the furniture of a class and seed."""
    requests = []

    def answer(_engine: Engine, request: object, _context: object) -> object:
        if isinstance(request, InspectRequest):
            return info
        assert isinstance(request, MeshRequest)
        requests.append(request)
        label = "stool" if request.start.label is None else info.classes[request.start.label]
        return MeshResult(tuple(make_sample(label, request.seed + i) for i in range(request.count)))

    monkeypatch.setattr(Engine, "run", answer)
    return requests


def mesh(out, *options, label="stool"):
    chosen = ("--class", label) if label else ()
    return run(["mesh", "--checkpoint", "tiny", *chosen, "--out", str(out), *options])


@pytest.mark.parametrize("kind", OF_MESHES)
def test_meshes_are_read_back(tmp_path, asked, capsys, kind):
    path = tmp_path / f"a.{kind}"
    assert mesh(path, "--seed", "3") == 0
    read = trimesh.load_mesh(path)
    read.merge_vertices()
    assert read.is_watertight
    assert asked == [MeshRequest("tiny", MeshInput(LABELS.index("stool")), seed=3)]
    said = capsys.readouterr().out
    assert said.startswith(f"{path}: stool, seed 3. ")
    assert "bits a vertex" in said


@pytest.mark.parametrize("kind", ["png", "gif", "webp"])
def test_pictures_and_films_are_read_back(tmp_path, asked, kind):
    assert mesh(tmp_path / f"a.{kind}", *SMALL, "--theme", "dark") == 0
    with Image.open(tmp_path / f"a.{kind}") as image:
        assert image.width == 120
        assert getattr(image, "n_frames", 1) > (1 if kind == "png" else 5) - 1
        red, green, blue = image.convert("RGB").getpixel((0, 0))
    assert max(red, green, blue) < 60


@pytest.mark.parametrize("kind", ["mp4", "webm"])
def test_videos_are_read_back(tmp_path, asked, kind):
    assert mesh(tmp_path / f"a.{kind}", *SMALL) == 0
    with av.open(str(tmp_path / f"a.{kind}")) as container:
        frames = list(container.decode(video=0))
    assert len(frames) > 40
    assert (frames[0].width, frames[0].height) == (120, 90)


def test_vectors_and_numbers_are_read_back(tmp_path, asked):
    for kind in ("svg", "pdf", "npz"):
        assert mesh(tmp_path / f"a.{kind}") == 0
    assert b"<svg" in (tmp_path / "a.svg").read_bytes()
    assert (tmp_path / "a.pdf").read_bytes().startswith(b"%PDF")
    with np.load(tmp_path / "a.npz", allow_pickle=False) as arrays:
        assert arrays["vertex_probabilities"].shape == (len(arrays["vertex_tokens"]), 257)


def test_frames_go_into_a_folder(tmp_path, asked):
    assert mesh(tmp_path / "film", "--format", "frames", *SMALL) == 0
    names = sorted(path.name for path in (tmp_path / "film").iterdir())
    assert names[0] == "0001.png"
    assert len(names) > 40


def test_every_option_reaches_the_model(tmp_path, asked):
    options = ("--temperature", "0.7", "--top-p", "0.5", "--top-k", "9", "--no-masks", "--seed", "8")
    assert mesh(tmp_path / "a.obj", *options, label="Round Table") == 0
    start = MeshInput(LABELS.index("round table"))
    assert asked == [MeshRequest("tiny", start, 8, 1, 0.7, 0.5, with_masks=False, top_k=9)]


def test_speed_makes_a_film_shorter(tmp_path, asked):
    lengths = []
    for speed in ("5", "20"):
        assert mesh(tmp_path / "a.gif", "--size", "64x64", "--speed", speed, "--force") == 0
        with Image.open(tmp_path / "a.gif") as film:
            lengths.append(film.n_frames)
    assert lengths[0] > 1.5 * lengths[1]


def test_several_go_into_a_folder_of_their_own(tmp_path, asked, capsys):
    folder = tmp_path / "new" / "chairs"
    assert mesh(folder, "--count", "18", "--seed", "5", "--format", "obj", label="round table") == 0
    assert {path.name for path in folder.iterdir()} == {f"round-table-{seed}.obj" for seed in range(5, 23)}
    assert [(one.seed, one.count) for one in asked] == [(5, 16), (21, 2)]
    assert len(capsys.readouterr().out.splitlines()) == 18


def test_one_that_cannot_be_written_does_not_stop_the_others(tmp_path, asked, capsys):
    (tmp_path / "stool-1.obj").mkdir()
    assert mesh(tmp_path, "--count", "3", "--format", "obj") == 0
    assert (tmp_path / "stool-2.obj").is_file()
    assert "it is a folder" in capsys.readouterr().out


def test_what_is_there_is_replaced_by_force_only(tmp_path, asked, capsys):
    (tmp_path / "stool-1.obj").write_text("mine")
    assert mesh(tmp_path, "--count", "2", "--format", "obj") == 0
    assert "stool-1.obj exists and was left as it is." in capsys.readouterr().out
    assert (tmp_path / "stool-1.obj").read_text() == "mine"
    n = len(asked)
    for name in ("stool-1.obj", "stool-0.obj"):
        assert mesh(tmp_path / name) == 2
        assert "Another name, or --force to replace it." in capsys.readouterr().err
    assert len(asked) == n  # seen before anything is computed
    assert mesh(tmp_path / "stool-1.obj", "--force") == 0
    assert (tmp_path / "stool-1.obj").read_text() != "mine"


def test_a_model_without_classes_is_told_none(tmp_path, asked, monkeypatch, capsys):
    monkeypatch.setattr(Engine, "run", _answering(make_checkpoint_info(capabilities=("mesh",)), asked))
    assert mesh(tmp_path / "a.obj", label="") == 0
    assert asked[-1].start == MeshInput(None)
    assert mesh(tmp_path / "b.obj", label="chair") == 2
    assert "is told no class, so --class chair is not understood" in capsys.readouterr().err


def _answering(info: CheckpointInfo, requests: list):
    def answer(_engine: Engine, request: object, _context: object) -> object:
        if isinstance(request, InspectRequest):
            return info
        requests.append(request)
        return MeshResult((replace(make_sample(), label=None),))

    return answer


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--out", "{}/a.fbx", "--class", "stool"), ".fbx is not among .obj, .ply, .stl, .glb"),
        (("--out", "{}/no/a.obj", "--class", "stool"), "/no does not exist"),
        (("--out", "{}/a.obj"), "--class is needed: tiny samples table, round table, desk, chair"),
        (("--out", "{}/a.obj", "--class", "piano"), "--class is 'piano'; tiny samples table, round table"),
        (("--out", "{}/a", "--class", "stool", "--count", "2"), "--count needs --format, as --out names a folder then"),
        (("--out", "{}/a.obj", "--class", "stool", "--count", "0"), "0 is not between 1 and 1,000"),
        (("--out", "{}/a.obj", "--class", "stool", "--top-p", "2"), "2 is not between 0.01 and 1"),
        (("--out", "{}/a.gif", "--class", "stool", "--size", "5x5"), "5x5 is not between 32 and 3,840 pixels a side"),
        (("--out", "{}/a.gif", "--class", "stool", "--size", "big"), "'big' is not a size such as 800x600"),
        (("--out", "{}/a.gif", "--class", "stool", "--speed", "1", "--seconds", "2"), "not allowed with"),
        (("--out", "{}/a.obj", "--class", "stool", "--format", "gif"), ".obj is not among .gif"),
        (("--class", "stool"), "--out"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(tmp_path, asked, capsys, options, said):
    arguments = [option.format(tmp_path) for option in options]
    assert run(["mesh", "--checkpoint", "tiny", *arguments]) == 2
    error = capsys.readouterr().err
    assert error.startswith("headlight: ")
    assert error.count("\n") == 1
    assert said in error
    assert asked == []


def test_another_kind_of_checkpoint_samples_none(tmp_path, asked, monkeypatch, capsys):
    monkeypatch.setattr(Engine, "run", _answering(make_checkpoint_info(), asked))
    assert mesh(tmp_path / "a.obj") == 2
    assert "samples no meshes; choose a checkpoint that does" in capsys.readouterr().err


def test_all_kinds_are_named_in_the_help(capsys):
    assert run(["mesh", "--help"]) == 0
    text = capsys.readouterr().out
    assert all(ending_of(kind) in text for kind in BY_MESH_COMMAND)
