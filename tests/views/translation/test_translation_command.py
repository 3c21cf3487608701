"""`headlight figure translation` and `cross-attention`, with a real engine and a random model."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from app.commands.command_line import run
from tests.inference.tiny_checkpoints import save_transformer
from tests.remembering import RememberingEngine

pytestmark = pytest.mark.usefixtures("qapp")


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    return str(save_transformer(tmp_path_factory.mktemp("translator")))


@pytest.fixture(scope="module")
def opened():
    return RememberingEngine()


@pytest.fixture(autouse=True)
def engine(opened, monkeypatch):
    """One engine for all, so that the checkpoint is read once."""
    monkeypatch.setattr("inference.service.engine.Engine", lambda: opened)


def figure(kind, checkpoint, *options):
    return run(["figure", kind, "--checkpoint", checkpoint, "--text", "the cat sat", *map(str, options)])


def arrays(path):
    with np.load(path, allow_pickle=False) as file:
        return dict(file)


@pytest.mark.parametrize("ending", ["csv", "npz", "svg", "pdf", "png", "gif"])
def test_every_kind_of_file(checkpoint, tmp_path, ending):
    out = tmp_path / f"translation.{ending}"
    assert figure("translation", checkpoint, "--most", 6, "--out", out) == 0
    assert out.stat().st_size > 50
    if ending == "gif":
        with Image.open(out) as film:
            assert film.n_frames == 7


def test_beams_are_named_by_their_number_alone(checkpoint, tmp_path):
    out = tmp_path / "beams.npz"
    assert figure("translation", checkpoint, "--beams", 3, "--most", 5, "--out", out) == 0
    assert len(arrays(out)["texts"]) == 3
    assert figure("translation", checkpoint, "--beams", 3, "--show", "tree", "--out", tmp_path / "tree.svg") == 0


def test_a_prefix_comes_first(checkpoint, tmp_path):
    out = tmp_path / "prefix.npz"
    assert figure("translation", checkpoint, "--prefix", "the cat", "--most", 3, "--out", out) == 0
    found = arrays(out)
    assert found["target"].tolist()[:5] == ["<s>", "<s>", "t", "he", "cat"]
    assert found["n_given"] == 5
    assert len(found["target"]) == 8


def test_samples_are_the_same_for_a_seed(checkpoint, tmp_path):
    ids = []
    for seed in (1, 1, 2):
        out = tmp_path / "sample.npz"
        options = ("--decoding", "sample", "--temperature", 2, "--seed", seed, "--most", 12, "--force")
        assert figure("translation", checkpoint, *options, "--out", out) == 0
        ids.append(arrays(out)["ids"].tolist())
    assert ids[0] == ids[1] != ids[2]


def test_cross_attention_writes_all_layers_and_heads_of_a_given_target(checkpoint, tmp_path):
    out = tmp_path / "cross.npz"
    assert figure("cross-attention", checkpoint, "--target", "the cat", "--layer", 1, "--out", out) == 0
    found = arrays(out)
    assert found["pattern"].shape == (2, 4, len(found["target"]), len(found["source"]))
    np.testing.assert_allclose(found["pattern"].sum(-1), 1, atol=1e-5)
    shown = tmp_path / "cross.csv"
    assert figure("cross-attention", checkpoint, "--attention", "head", "--out", shown) == 0
    assert shown.read_text().startswith("place,token,<s>,t,he,cat")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--show", "tree"), "--show tree needs a beam search: --beams 4, or --decoding beam."),
        (("--layer", 2), "There is no layer 2; there are 2, counted from 0."),
        (("--head", 4), "There is no head 4; there are 4, counted from 0."),
        (("--top-p", 0), "is not allowed"),
        (("--target", "the " * 60), "tokens; "),
    ],
)
def test_bad_options_are_told_in_a_line(checkpoint, tmp_path, capsys, options, message):
    assert figure("translation", checkpoint, *options, "--out", tmp_path / "x.png") == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line or "0.01" in line


def test_a_checkpoint_that_translates_nothing_says_so(tmp_path, capsys):
    assert figure("translation", "bert-mini", "--out", tmp_path / "x.png") == 2
    assert "does not write a text from another one that it has read" in capsys.readouterr().err
