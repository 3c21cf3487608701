"""Figures about pictures from the command line."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from app.commands.command_line import run
from inference.results.attention import AttentionRequest, AttentionResult
from inference.results.checkpoint import InspectRequest, OpenRequest
from inference.results.classes import ClassesRequest
from inference.results.complete_image import CompleteImageRequest
from inference.results.image import ImageRequest
from inference.results.masked_image import MaskedImageRequest
from inference.results.patches import PatchesRequest
from inference.results.probe import ProbeRequest
from inference.results.tokenize import TokenizeRequest, TokenizeResult
from inference.service.engine import Engine
from tests.factories import make_pattern
from tests.image_factories import (
    make_classes_result,
    make_complete_image_result,
    make_image_info,
    make_image_result,
    make_image_tokens,
    make_masked_image_result,
    make_patches_result,
    make_probe_result,
)
from tests.inputs import image_input

pytestmark = pytest.mark.usefixtures("qapp")
SPECIALS = ("[CLS]",)


@pytest.fixture
def asked(monkeypatch) -> list[object]:
    """Requests that a fake engine was asked; its pictures have 3 x 4 patches, and 8 x 8 pixels."""
    requests: list[object] = []

    def answer(_engine: Engine, request: object, _context: object) -> object:
        if isinstance(request, TokenizeRequest):  # for the notes on what was given
            return TokenizeResult(make_image_tokens((3, 4), SPECIALS), ())
        if isinstance(request, OpenRequest):  # for the notes beside files
            return make_image_info()
        requests.append(request)
        if isinstance(request, InspectRequest):
            return make_image_info()
        if isinstance(request, PatchesRequest):
            return make_patches_result(query=request.query or 0, specials=SPECIALS, group=request.group)
        if isinstance(request, AttentionRequest):
            tokens = make_image_tokens((3, 4), SPECIALS)
            layers, heads = request.layers or range(4), request.heads or range(4)
            pattern = make_pattern(len(layers), len(heads), len(tokens), len(tokens))
            return AttentionResult(request.group, tokens, tokens, tuple(layers), tuple(heads), pattern)
        if isinstance(request, CompleteImageRequest):
            return make_complete_image_result(n_given=request.n_given, count=request.count)
        return {
            ImageRequest: make_image_result,
            ClassesRequest: make_classes_result,
            MaskedImageRequest: make_masked_image_result,
            ProbeRequest: make_probe_result,
        }[type(request)]()

    monkeypatch.setattr(Engine, "run", answer)
    return requests


def figure(name: str, out: Path, *options: str) -> int:
    return run(["figure", name, "--checkpoint", "tiny", *options, "--force", "--out", str(out)])


def test_a_patch_is_found_by_row_and_column(tmp_path, asked):
    options = ("--scene", "3", "--query", "1,2", "--layer", "2", "--head", "1", "--caption")
    assert figure("patches", tmp_path / "a.svg", *options) == 0
    assert asked[-1] == PatchesRequest("tiny", image_input(seed=3, kind="scene"), "encoder", 7)
    svg = ElementTree.parse(tmp_path / "a.svg")
    texts = " ".join("".join(element.itertext()) for element in svg.iter("{http://www.w3.org/2000/svg}text"))
    assert "Layer 2 · head 1" in texts
    assert "patch (1, 2)" in texts
    assert "scene 3" in texts


def test_the_class_token_asks_once(tmp_path, asked):
    for options in ((), ("--query", "cls")):
        asked.clear()
        assert figure("patches", tmp_path / "a.png", "--portrait", "4", *options) == 0
        assert asked[1:] == [PatchesRequest("tiny", image_input(seed=4, kind="portrait"), "encoder")]


def test_npz_holds_the_pattern_of_all_queries_and_the_grid(tmp_path, asked):
    assert figure("patches", tmp_path / "a.npz", "--scene", "3") == 0
    with np.load(tmp_path / "a.npz", allow_pickle=False) as arrays:
        assert arrays["pattern"].shape == (4, 4, 13, 13)
        np.testing.assert_allclose(arrays["pattern"].sum(-1), 1, atol=1e-6)
        assert arrays["grid"].tolist() == [3, 4]
        assert int(arrays["n_special"]) == 1


def test_an_image_is_named_by_its_whole_path(tmp_path, asked, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert figure("classes", tmp_path / "a.csv", "--image", "cat.png", "--layer", "1") == 0
    assert asked[-1] == ClassesRequest("tiny", image_input(path=str(tmp_path / "cat.png")))


def test_masks_by_number_or_in_blocks(tmp_path, asked):
    assert figure("masked-image", tmp_path / "a.pdf", "--scene", "1", "--mask", "3,5", "--patch", "1,1") == 0
    assert asked[-1].masked == (3, 5)
    assert figure("masked-image", tmp_path / "a.pdf", "--scene", "1", "--share", "0.5", "--seed", "2") == 0
    assert asked[-1] == MaskedImageRequest("tiny", image_input(seed=1, kind="scene"), (), 0.5, 2, 5)


def test_the_upper_half_is_kept_unless_told(tmp_path, asked):
    assert figure("complete-image", tmp_path / "a.png", "--portrait", "1", "--count", "2") == 0
    assert asked[-1].n_given == 32
    assert figure("complete-image", tmp_path / "a.png", "--portrait", "1", "--keep", "13", "--top-p", "0.9") == 0
    assert (asked[-1].n_given, asked[-1].top_p) == (13, 0.9)


def test_completions_are_written_as_a_film(tmp_path, asked):
    assert figure("complete-image", tmp_path / "a.gif", "--portrait", "1", "--keep", "40", "--width", "160") == 0
    with Image.open(tmp_path / "a.gif") as film:
        assert film.n_frames == 64 - 40 + 1
        assert film.width == 160


def test_the_probe_needs_no_picture(tmp_path, asked):
    assert figure("probe", tmp_path / "a.csv", "--train", "200", "--test", "100") == 0
    assert asked[-1] == ProbeRequest("tiny", 200, 100, 0)
    assert (tmp_path / "a.csv").read_text().startswith("features,accuracy\nEmbeddings,")


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        (
            "patches",
            ("--scene", "3", "--query", "3,0"),
            "There is no patch 3,0; there are 3 rows and 4 columns, from 0.",
        ),
        ("patches", ("--scene", "3", "--query", "x"), "'x' is not a row and a column such as 3,5"),
        ("patches", ("--scene", "3", "--layer", "4"), "There is no layer 4; there are 4, counted from 0."),
        ("patches", ("--scene", "3", "--group", "text"), "vit-test has no attention group 'text'; it has encoder."),
        ("patches", ("--scene", "3", "--weights", "rollout", "--show", "heads"), "a rollout goes over all heads"),
        ("patches", (), "one of the arguments --image --scene --portrait is required"),
        ("patches", ("--scene", "-1"), "-1 is not between 0 and"),
        ("masked-image", ("--scene", "1", "--patch", "0,0"), "Patch 0,0 is not masked, so nothing is expected there."),
        ("complete-image", ("--portrait", "1", "--count", "17"), "17 is not between 1 and 16"),
    ],
)
def test_bad_options_are_told_in_a_line(tmp_path, asked, capsys, name, options, message):
    assert figure(name, tmp_path / "a.png", *options) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not (tmp_path / "a.png").exists()


def test_what_does_not_grow_is_no_film(tmp_path, asked, capsys):
    assert figure("classes", tmp_path / "a.gif", "--scene", "1") == 2
    assert ".gif is not among .svg, .pdf, .png, .csv, .npz" in capsys.readouterr().err


def test_without_a_class_token_there_is_none_to_ask(tmp_path, asked, capsys, monkeypatch):
    monkeypatch.setattr("tests.app.test_image_figures.SPECIALS", ())
    assert figure("patches", tmp_path / "a.png", "--scene", "3", "--query", "cls") == 2
    assert "has no class token" in capsys.readouterr().err
    assert figure("patches", tmp_path / "a.png", "--scene", "3") == 0
    assert asked[-1].query is None  # left to the engine
