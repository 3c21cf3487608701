"""`headlight figure generation`, with a real engine and a random model."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from app.commands.command_line import run
from tests.inference.chat_templates import GEMMA
from tests.inference.tiny_checkpoints import save_gpt2
from tests.remembering import RememberingEngine

pytestmark = pytest.mark.usefixtures("qapp")


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    return str(save_gpt2(tmp_path_factory.mktemp("gpt2")))


@pytest.fixture(scope="module")
def opened():
    return RememberingEngine()


@pytest.fixture(autouse=True)
def engine(opened, monkeypatch):
    """One engine for all, so that the checkpoint is read once."""
    monkeypatch.setattr("inference.service.engine.Engine", lambda: opened)


def figure(checkpoint, *options, text="the cat"):
    return run(["figure", "generation", "--checkpoint", checkpoint, "--text", text, *map(str, options)])


def arrays(path):
    with np.load(path, allow_pickle=False) as file:
        return dict(file)


@pytest.mark.parametrize("ending", ["csv", "npz", "svg", "pdf", "png", "gif"])
def test_every_kind_of_file(checkpoint, tmp_path, ending):
    out = tmp_path / f"writing.{ending}"
    assert figure(checkpoint, "--most", 5, "--out", out) == 0
    assert out.stat().st_size > 50
    if ending == "gif":
        with Image.open(out) as film:
            assert film.n_frames == 6


def test_arrays_hold_what_was_written(checkpoint, tmp_path):
    out = tmp_path / "writing.npz"
    options = ("--decoding", "sample", "--temperature", 1.5, "--top-k", 3, "--seed", 4, "--most", 6)
    assert figure(checkpoint, *options, "--layer", 1, "--out", out) == 0
    found = arrays(out)
    n = len(found["tokens"])
    assert found["n_given"] == len("the cat")
    assert found["pattern"].shape == (2, 4, n, n)
    np.testing.assert_allclose(found["pattern"].sum(-1), 1, atol=1e-5)
    written = slice(int(found["n_given"]), None)
    assert ((found["cuts"][written] == 0).sum(-1) == 3).all()
    assert found["cache_bytes"] == (n - 1) * 2 * 2 * 32 * 4  # keys and values of two layers


def test_samples_are_the_same_for_a_seed(checkpoint, tmp_path):
    ids = []
    for seed in (1, 1, 2):
        out = tmp_path / "sample.npz"
        options = ("--decoding", "sample", "--temperature", 2, "--seed", seed, "--most", 12, "--force")
        assert figure(checkpoint, *options, "--out", out) == 0
        ids.append(arrays(out)["ids"].tolist())
    assert ids[0] == ids[1] != ids[2]


def test_an_empty_text_begins_with_the_token_that_begins_texts(checkpoint, tmp_path):
    out = tmp_path / "empty.npz"
    assert figure(checkpoint, "--most", 3, "--out", out, text="") == 0
    assert arrays(out)["tokens"][0] == "<|endoftext|>"
    assert len(arrays(out)["tokens"]) == 4


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--show", "tree"), "--show tree needs a beam search: --beams 4, or --decoding beam."),
        (("--layer", 2), "There is no layer 2; there are 2, counted from 0."),
        (("--head", 4), "There is no head 4; there are 4, counted from 0."),
        (("--most", 3_000), "3000"),
    ],
)
def test_bad_options_are_told_in_a_line(checkpoint, tmp_path, capsys, options, message):
    assert figure(checkpoint, *options, "--out", tmp_path / "x.png") == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line.replace(",", "") or message in line


def test_a_checkpoint_that_writes_nothing_says_so(tmp_path, capsys):
    assert figure("bert-mini", "--out", tmp_path / "x.png") == 2
    assert "BertForPreTraining was not trained to go on with the text it reads" in capsys.readouterr().err


def test_a_chat_message_needs_a_template(checkpoint, tmp_path, capsys):
    assert figure(checkpoint, "--task", "message", "--out", tmp_path / "x.png") == 2
    assert "has no chat template; leave --task message out." in capsys.readouterr().err


def test_a_message_is_told_what_stands_before_it(tmp_path, capsys):
    chatty = save_gpt2(tmp_path / "chatty")
    (chatty / "chat_template.jinja").write_text(
        "{% for m in messages %}{{ m.content }}{% endfor %}{{ enable_thinking }}>"
    )
    out = tmp_path / "writing.npz"
    options = ("--task", "message", "--system", "Be brief.", "--thinking", "off", "--most", 2, "--out", out)
    assert figure(str(chatty), *options) == 0
    assert "".join(arrays(out)["tokens"][:-2]).replace("␣", " ") == "Be brief.the catFalse>"
    gemma = save_gpt2(tmp_path / "gemma")
    (gemma / "chat_template.jinja").write_text(GEMMA)
    assert figure(str(gemma), *options[:4], *options[6:], "--force") == 2
    assert "The chat template takes no system message: System role not supported." in capsys.readouterr().err
    assert figure(str(chatty), *options[2:], "--force") == 2
    assert "--system and --thinking are for a message; add --task message." in capsys.readouterr().err
