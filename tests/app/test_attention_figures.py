"""Figures of attention from the command line, with a real engine: parts of maps, measures, rollout, lines."""

from __future__ import annotations

import numpy as np
import pytest
from transformers import GPT2Config

from app.commands.attention_options import span_of
from app.commands.command_line import run
from tests.inference.tiny_checkpoints import save
from tests.remembering import RememberingEngine

pytestmark = pytest.mark.usefixtures("qapp")

N = 700  # tokens: more than are fetched as a whole


@pytest.fixture(scope="module")
def long(tmp_path_factory):
    """A checkpoint that reads ids, and the options that name it with a long input."""
    folder = tmp_path_factory.mktemp("long") / "gpt2"
    save(folder, GPT2Config(vocab_size=50, n_embd=16, n_layer=2, n_head=2, n_positions=N), "GPT2LMHeadModel")
    ids = ",".join(str(7 * i % 50) for i in range(N))
    return ["--checkpoint", str(folder), "--token-ids", ids]


@pytest.fixture(scope="module")
def opened():
    return RememberingEngine()


@pytest.fixture(autouse=True)
def engine(opened, monkeypatch):
    """One engine for all, so that the checkpoint is read once."""
    monkeypatch.setattr("inference.service.engine.Engine", lambda: opened)


def figure(kind, *options):
    return run(["figure", kind, *map(str, options)])


def arrays(path):
    with np.load(path, allow_pickle=False) as file:
        return dict(file)


@pytest.fixture
def pattern(long, tmp_path):
    path = tmp_path / "whole.npz"
    assert figure("attention", *long, "--layer", 1, "--head", 1, "--out", path) == 0
    return arrays(path)["pattern"][0, 0]


def test_a_part_of_a_map_is_exact(long, pattern, tmp_path, capsys):
    out = tmp_path / "part.npz"
    of = ("--layer", 1, "--head", 1, "--rows", "300:420", "--columns", "200:")
    assert figure("attention", *long, *of, "--out", out) == 0
    assert "queries 300–419 of 700, keys 200–699 of 700" in capsys.readouterr().out
    np.testing.assert_allclose(arrays(out)["shown"], pattern[300:420, 200:], atol=1e-3)
    assert arrays(out)["cells_a_side"] == 1


def test_a_long_map_is_drawn_as_a_whole(long, tmp_path, capsys):
    for scale in ("raw", "row"):
        assert figure("attention", *long, "--normalisation", scale, "--out", tmp_path / f"{scale}.svg") == 0
    assert "each row divided by the maximum" in capsys.readouterr().out


def test_lines_of_some_rows(long, pattern, tmp_path, capsys):
    out = tmp_path / "lines.csv"
    assert figure("arcs", *long, "--layer", 1, "--head", 1, "--out", out) == 2
    assert "choose the queries whose lines are drawn, such as --rows 0:60" in capsys.readouterr().err
    assert figure("arcs", *long, "--layer", 1, "--head", 1, "--rows", "40:50", "--threshold", 0.05, "--out", out) == 0
    rows = [line.split(",") for line in out.read_text().splitlines()[1:]]
    expected = {(q + 40, k) for q, k in np.argwhere(pattern[40:50] >= 0.05).tolist()}
    assert {(int(row[0]), int(row[2])) for row in rows} == expected


def test_measures(long, tmp_path, capsys):
    out = tmp_path / "measures.csv"
    assert figure("measures", *long, "--sort", "entropy", "--layer", 1, "--head", 0, "--out", out) == 0
    rows = [line.split(",") for line in out.read_text().splitlines()]
    assert rows[0][:3] == ["layer", "head", "entropy"]
    entropies = [float(row[2]) for row in rows[1:]]
    assert len(entropies) == 4
    assert entropies == sorted(entropies, reverse=True)
    assert "Mean distance against Entropy of 4 heads" in capsys.readouterr().out
    assert figure("measures", *long, "--across", "next", "--out", tmp_path / "measures.svg") == 0
    assert "The future is hidden" in (tmp_path / "measures.svg").read_text()


def test_rollout(long, tmp_path, capsys):
    assert figure("rollout", *long, "--out", tmp_path / "r.svg") == 2
    assert "the rollout of all of them is shown up to 512: choose some" in capsys.readouterr().err
    out = tmp_path / "r.npz"
    assert figure("rollout", *long, "--show", "query", "--query", 600, "--layer", 1, "--out", out) == 0
    assert arrays(out)["rollout"].shape == (2, 1, N)
    np.testing.assert_allclose(arrays(out)["rollout"].sum(-1), 1, atol=1e-4)


def test_a_text_file_is_read(tmp_path, capsys):
    story = tmp_path / "story.txt"
    story.write_text("the king lived in a castle .")
    out = tmp_path / "r.svg"
    assert figure("rollout", "--text-file", story, "--hide-own", "--caption", "--out", out) == 0
    assert "text of story.txt" in out.read_text()
    story.write_bytes(b"\xff")
    assert figure("rollout", "--text-file", story, "--force", "--out", out) == 2
    assert "story.txt is no UTF-8 text" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--rows", "600:900"], "--rows 600:900 goes beyond the text, whose positions are 0 to 699"),
        (["--rows", "5:5"], "'5:5' is not a span such as 100:200"),
        (["--columns", "x"], "'x' is not a span"),
        (["--rows", "0:5", "--merge-words"], "--merge-words needs the whole pattern"),
    ],
)
def test_a_bad_span_is_refused(long, tmp_path, capsys, options, said):
    assert figure("attention", *long, *options, "--out", tmp_path / "a.svg") == 2
    assert said in capsys.readouterr().err


def test_either_end_of_a_span_may_be_left_out():
    assert (span_of("3:"), span_of(":9"), span_of("3:9")) == (slice(3, None), slice(None, 9), slice(3, 9))
