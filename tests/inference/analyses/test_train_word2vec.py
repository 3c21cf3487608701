"""word2vec trained as a job: what is told meanwhile, what is saved, what is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from inference.analyses.train_word2vec import train_word2vec
from inference.context import Cancelled, Context, Refused
from inference.models.word_vectors import open_vectors
from inference.results.events import Partial
from inference.results.train_word2vec import TrainWord2VecRequest, Word2VecSettings, unfinished_file
from inference.training.unfinished_vectors import reserved_vectors

SETTINGS = Word2VecSettings(d_model=6, epochs=3, window=2, rate=0.2)


@pytest.fixture
def text(tmp_path):
    path = tmp_path / "book.txt"
    path.write_text("the cat sat on the mat. the dog sat on the bed.\n" * 200, encoding="utf-8")
    return path


def request_of(text, out, **parts):
    return TrainWord2VecRequest(
        str(text), str(out), SETTINGS, watched=("cat", "unicorn"), mapped=("cat", "dog", "mat"), **parts
    )


class Clock:
    """Five seconds later whenever one looks."""

    now = 0.0

    def __call__(self):
        self.now += 5.0
        return self.now


def test_every_look_tells_loss_map_and_neighbours_and_the_vectors_are_saved(text, tmp_path):
    events, out = [], tmp_path / "v.npz"
    result = train_word2vec(request_of(text, out), Context(events.append), Clock())
    looks = [event.result for event in events if isinstance(event, Partial)]
    assert len(looks) > 2
    assert [look.share for look in looks] == sorted(look.share for look in looks)
    assert result.share == 1
    assert result.losses[-1] < result.losses[0]
    assert (result.n_words, result.n_vocabulary) == (2_400, 7)
    assert result.watched == ("cat",)
    assert len(result.neighbours[0]) == result.cosines.shape[1] == 6
    assert result.words == ("cat", "dog", "mat")
    for before, after in pairwise(looks):  # a map lies as the one before: no turn could be nearer
        left, _, right = np.linalg.svd(after.places.T @ before.places)
        np.testing.assert_allclose(left @ right, np.eye(2), atol=1e-6)
    saved = open_vectors(out)
    assert saved.settings == SETTINGS
    assert saved.outputs is not None
    assert "unicorn" not in saved.words


def test_what_was_learned_outlives_a_stop(text, tmp_path):
    out, n = tmp_path / "v.npz", 0

    def is_cancelled():
        nonlocal n
        n += 1
        return out.exists()

    with pytest.raises(Cancelled):
        train_word2vec(request_of(text, out), Context(is_cancelled=is_cancelled), Clock())
    assert len(open_vectors(out).words) == 7


def test_without_a_text_one_is_drawn(tmp_path):
    request = replace(request_of("", tmp_path / "v.npz", n_drawn=2_000), settings=replace(SETTINGS, epochs=1))
    result = train_word2vec(request, Context())
    assert result.text == ""
    assert result.n_words >= 2_000


def test_where_the_text_has_none_of_the_words_the_most_frequent_ones_are_mapped(text, tmp_path):
    result = train_word2vec(replace(request_of(text, tmp_path / "v.bin"), mapped=("unicorn",), n_mapped=3), Context())
    assert result.words == ("the", "sat", "on")
    assert open_vectors(tmp_path / "v.bin").kind == "word2vec, binary"


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        ({"text": "/no/such.txt"}, r"such\.txt cannot be read"),
        ({"out": "/no/folder/v.npz"}, "no folder /no/folder"),
        ({"out": "v.doc"}, r"v\.doc ends in none of \.npz"),
        ({"min_count": 999}, r"book\.txt cannot be learned from: it has 2 words|it has 1 words|it has 0 words"),
        ({"settings": replace(SETTINGS, d_model=1)}, "Numbers a vector: 1 was asked for; 2 to 300"),
        ({"settings": replace(SETTINGS, epochs=0)}, "Epochs: 0"),
        ({"settings": replace(SETTINGS, rate=2.0)}, "The rate is 2; 0 to 1"),
    ],
)
def test_what_cannot_be_trained_is_refused_in_one_sentence(text, tmp_path, parts, why):
    with pytest.raises(Refused, match=why):
        train_word2vec(replace(request_of(text, tmp_path / "v.npz"), **parts), Context())


def test_bytes_that_are_no_text_are_refused(tmp_path):
    (tmp_path / "book.txt").write_bytes(b"the \xff cat")
    with pytest.raises(Refused, match=r"book\.txt is no text in UTF-8: byte 4"):
        train_word2vec(request_of(tmp_path / "book.txt", tmp_path / "v.npz"), Context())


def stopped_at(look, text, out, **parts):
    """Train until the look of that number, and be stopped there."""
    looks = []
    context = Context(
        lambda event: looks.append(event) if isinstance(event, Partial) else None, lambda: len(looks) > look
    )
    with pytest.raises(Cancelled):
        train_word2vec(request_of(text, out, **parts), context, Clock())


def test_going_on_learns_what_would_have_been_learned_without_a_stop(text, tmp_path):
    whole, stopped = tmp_path / "whole.npz", tmp_path / "stopped.npz"
    at_once = train_word2vec(request_of(text, whole), Context(), Clock())
    stopped_at(1, text, stopped)
    assert open_vectors(stopped).inputs.tolist() != open_vectors(whole).inputs.tolist()
    assert unfinished_file(stopped).is_file()
    later = train_word2vec(request_of(text, stopped), Context(), Clock())
    for part in ("inputs", "outputs"):
        np.testing.assert_array_equal(getattr(open_vectors(stopped), part), getattr(open_vectors(whole), part))
    places = np.isin(at_once.shares, later.shares)  # what came between the last look and the stop was not looked at
    np.testing.assert_array_equal(later.shares, at_once.shares[places])
    np.testing.assert_allclose(later.losses, at_once.losses[places])
    assert sorted(file.name for file in tmp_path.glob("*.npz*")) == ["stopped.npz", "whole.npz"]


def test_a_killed_process_goes_on_from_at_most_five_seconds_before(text, tmp_path):
    out = tmp_path / "v.npz"

    class Killed(BaseException):
        pass

    def die(event):
        if isinstance(event, Partial) and event.result.share > 0.5:
            raise Killed

    with pytest.raises(Killed):
        train_word2vec(request_of(text, out), Context(die), Clock())
    with np.load(unfinished_file(out)) as kept:
        assert json.loads(kept["told"].tobytes())["facts"]["n_stretches"] == 1
    assert train_word2vec(request_of(text, out), Context(), Clock()).share == 1


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda request: replace(request, settings=replace(SETTINGS, window=3)), "with window 2 and not 3; choose"),
        (lambda request: replace(request, min_count=6), "with min_count 5 and not 6; choose"),
        (lambda request: replace(request, text="", n_drawn=2_000), "with another text; choose another name"),
    ],
)
def test_a_run_with_other_options_does_not_go_on(change, why, text, tmp_path):
    out = tmp_path / "v.npz"
    stopped_at(1, text, out)
    with pytest.raises(Refused, match=rf"v\.npz\.unfinished is of a run that was stopped, {why}"):
        train_word2vec(change(request_of(text, out)), Context())


def test_a_damaged_run_is_refused_in_one_sentence(text, tmp_path):
    out = tmp_path / "v.npz"
    stopped_at(1, text, out)
    whole = unfinished_file(out).read_bytes()
    for damaged in (whole[: len(whole) // 2], b"", whole.replace(b'"n_stretches": ', b'"n_stretches": -')):
        unfinished_file(out).write_bytes(damaged)
        with pytest.raises(Refused, match=r"^v\.npz\.unfinished, .* is damaged; without it training begins anew\.$"):
            train_word2vec(request_of(text, out), Context())


def test_a_file_that_another_process_trains_is_left_to_it(text, tmp_path):
    out = tmp_path / "v.npz"
    with (
        reserved_vectors(out),
        pytest.raises(Refused, match=r"^v\.npz is being trained already, by another process\.$"),
    ):
        train_word2vec(request_of(text, out), Context())
    assert not out.exists()
    train_word2vec(request_of(text, out), Context())
    assert sorted(file.name for file in tmp_path.iterdir()) == ["book.txt", "v.npz"]  # no lock is left
