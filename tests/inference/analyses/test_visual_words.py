"""The bundled VideoBERT: what it tells of films it never saw, beside its controls; and what cannot be asked."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from inference.analyses.film_strip import film_strip
from inference.analyses.visual_words import visual_words
from inference.context import Context, Refused
from inference.forward.opening import load
from inference.results.film_strip import FilmStripRequest
from inference.results.inputs import ClipInput, Input, TextInput
from inference.results.visual_words import VisualWordsRequest
from resources import CHECKPOINTS
from resources.recipes.videobert_clips import measures
from resources.recipes.videobert_clips.data import test_clips as clips_to_measure

NAME = "videobert-clips"
FILM = Input(text=TextInput("a medium pink house comes to the medium red cup"), clip=ClipInput(seed=3))
ASKED = VisualWordsRequest(NAME, FILM)


@pytest.fixture(scope="module")
def model():
    return load(NAME, Context())


@pytest.fixture(scope="module")
def films(model):
    return measures.seen(model.net, clips_to_measure(40, set()))


def test_verbs_are_told_from_the_film_and_not_without_it(model, films):
    """Its card has the numbers of 300 clips."""
    shown = measures.verb_cloze(model.net, films)
    assert shown > 0.8
    assert measures.verb_cloze(model.net, films, has_film=False) < 0.5
    assert measures.verb_cloze(model.net, measures.of_noise(model.net, films)) < 0.45


def test_hidden_visual_words_are_among_the_likeliest(model, films):
    often = model.net.chips.counts.argsort(descending=True)
    found = measures.chip_cloze(model.net, films, often)
    assert found["cloze_top5"] > 0.6 > 2 * found["often_top5"]


def test_hidden_chips_are_found_by_their_vectors(model, films):
    found = measures.nce(model.net, films)
    assert found["nce"] > 0.4  # of 64
    assert found["nce_own"] > 0.25  # of 12


def test_what_is_asked_for_is_told(model):
    asked = replace(ASKED, input=replace(FILM, text=replace(FILM.text, masked=(5,))), hidden=(7, 2), top_k=3, n_seen=9)
    result = visual_words(asked, model, Context())
    assert result.tokens.words[5] == "[MASK]"
    assert result.positions.tolist() == [5]
    assert result.original == ("comes",)
    assert result.guess_probs.shape == (2, 1, 3)
    assert result.hidden.tolist() == [2, 7]
    assert result.chip_probs.shape == (2, 2, 3)
    assert (np.diff(result.chip_probs, axis=-1) <= 0).all()
    np.testing.assert_allclose(result.nce.sum(-1), 1, rtol=1e-4)
    assert result.nce.shape == (2, 12 + 64)
    assert result.futures.shape == (3, 3)  # as many chips as are left
    assert len(set(result.futures[:, 0].tolist())) == 3
    assert result.frames.shape == (12, 64, 64, 3)
    assert result.said.split()[:3] == ["okay", "a", "small"]


def test_a_verb_is_told_from_the_chips_of_its_event_and_not_from_the_words(model):
    """The example of Home."""
    given = Input(text=TextInput("the small red umbrella turns", masked=(5,)), clip=ClipInput(seed=1))
    result = visual_words(VisualWordsRequest(NAME, given, first=9, last=11), model, Context())
    assert [guesses[0][0] for guesses in result.guesses] == ["turns", "grows"]
    with_film, without = result.original_probs[:, 0]
    assert with_film > 3 * without


def test_a_hidden_chip_is_not_looked_at(model):
    """Guesses of it do not change when another film has another chip there."""
    before = visual_words(replace(ASKED, hidden=(4,)), model, Context())
    net = model.net
    words = net.chips.words
    try:
        net.chips.words = lambda vectors: torch.cat(
            [words(vectors)[:4], (words(vectors)[4:5] + 1) % 64, words(vectors)[5:]]
        )
        after = visual_words(replace(ASKED, hidden=(4,)), model, Context())
    finally:
        del net.chips.words
    assert before.words[4] != after.words[4]
    np.testing.assert_array_equal(before.chip_guesses, after.chip_guesses)


def test_without_a_text_what_is_said_is_read(model):
    for text in ("", "The cat sat on the mat."):
        result = visual_words(replace(ASKED, input=replace(FILM, text=TextInput(text))), model, Context())
        assert " ".join(result.tokens.words[1:]) == result.said
        assert bool(result.notes) == bool(text)
        typed = film_strip(FilmStripRequest("x", FILM), model, Context()).text
        assert typed == result.said


def test_a_second_sentence_is_left_aside_and_that_is_said(model):
    two = replace(FILM, text=replace(FILM.text, text_pair="it grows"))
    result = visual_words(replace(ASKED, input=two), model, Context())
    assert " ".join(result.tokens.words[1:]) == FILM.text.text
    assert result.notes == ("Sentence B is left aside: one text is read beside a film.",)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"hidden": (12,)}, "Chip 12 was asked for; a film has chips 0 to 11."),
        ({"first": 5, "last": 2}, "Chips 5 to 2 were asked for; the first one lies after the last."),
        ({"last": 40}, "Last chip 40 was asked for; a film has chips 0 to 11."),
        ({"n_seen": 12}, "Futures of 12 chips were asked for; 1 to 11 can be seen."),
        ({"top_k": 0}, "0 guesses were asked for; 1 to 20 are told."),
    ],
)
def test_what_there_is_not_is_refused(model, change, why):
    with pytest.raises(Refused, match=why.replace(".", r"\.")):
        visual_words(replace(ASKED, **change), model, Context())


def test_words_and_chips_attend_in_one_sequence(model):
    run = model.run(FILM, Context())
    both = run.encoded.sequences["both"]
    assert both.words == ("[CLS]", *FILM.text.text.split(), "[>]", *(f"chip {i}" for i in range(12)), "[SEP]")
    pattern = model.call(run, "words_and_chips", 1, Context()).patterns()
    torch.testing.assert_close(pattern.sum(-1), torch.ones(pattern.shape[:-1]))
    assert run.encoded.cells["both"][12].tolist() == [0, -1, -1]


def test_the_card_says_what_was_measured():
    card = (CHECKPOINTS / NAME / "README.md").read_text(encoding="utf-8")
    assert "| masked verb of the template" in card


def test_sides_futures_and_the_other_film_are_what_they_are_called(model):
    said = FILM.text.text
    found = visual_words(replace(ASKED, hidden=(6,), last=6, n_seen=6, top_k=3), model, Context())
    other_text = replace(FILM, text=TextInput("the small red cup shrinks"))
    told = visual_words(replace(ASKED, input=other_text, hidden=(6,), last=6, n_seen=6, top_k=3), model, Context())
    # What is named without the text does not depend on it
    np.testing.assert_allclose(told.chip_probs[1], found.chip_probs[1], atol=1e-6)
    assert np.abs(told.chip_probs[0] - found.chip_probs[0]).max() > 1e-3
    # The next of six chips is the seventh, hidden behind them, of the film alone
    np.testing.assert_array_equal(found.futures[:, 0], found.chip_guesses[1, 0])
    np.testing.assert_allclose(found.future_probs[:, 0], found.chip_probs[1, 0], atol=1e-5)
    # The other film is the next one
    next_film = Input(text=TextInput(said), clip=ClipInput(seed=FILM.clip.seed + 1))
    of_next = visual_words(replace(ASKED, input=next_film, last=6), model, Context())
    assert found.fits_other == pytest.approx(of_next.fits, abs=1e-5)
