"""word2vec: losses by hand, gradients against autograd, what is random against its own law, and that it learns."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from inference.models.text_ngrams import TextNgrams
from inference.models.word2vec import (
    Trainer,
    Windows,
    around,
    cbow_gradients,
    keep_probability,
    noise_probability,
    skip_gram_gradients,
    subtract,
)
from inference.models.word2vec_corpus import corpus_of, drawn_sentences, sentences_of
from inference.results.train_word2vec import Word2VecSettings


def make_windows(rng, n_words=12, n_places=5, window=3, n_noise=4):
    """One place has noise that is its own word, one has no word near."""
    centres = rng.integers(0, n_words, n_places)
    is_near = rng.random((n_places, 2 * window)) < 0.6
    is_near[0], is_near[1, 0] = False, True
    noise = rng.integers(0, n_words, (n_places, n_noise))
    noise[1, 0] = centres[1]
    contexts = np.where(is_near, rng.integers(0, n_words, is_near.shape), 0)
    return Windows(centres, contexts, is_near, noise, noise != centres[:, None])


def by_autograd(inputs, outputs, windows, *, is_cbow):
    """Loss, and gradients of the gathered vectors, pair by pair as in Mikolov et al. 2013b, equation 4."""
    targets = np.concatenate([windows.centres[:, None], windows.noise], 1)
    v = torch.tensor(inputs[windows.contexts], requires_grad=True)
    u = torch.tensor(outputs[targets], requires_grad=True)
    loss = torch.zeros((), dtype=torch.float64)
    for place in range(len(windows.centres)):
        near = [v[place, i] for i in np.flatnonzero(windows.is_near[place])]
        if is_cbow and near:
            near = [torch.stack(near).mean(0)]
        for vector in near:
            loss = loss - F.logsigmoid(u[place, 0] @ vector)
            for k in np.flatnonzero(windows.is_noise[place]):
                loss = loss - F.logsigmoid(-(u[place, 1 + k] @ vector))
    loss.backward()
    return loss.item(), v.grad.numpy(), u.grad.numpy()


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("find", "is_cbow"), [(skip_gram_gradients, False), (cbow_gradients, True)])
def test_gradients_are_those_of_autograd(find, is_cbow, seed):
    rng = np.random.default_rng(seed)
    windows = make_windows(rng)
    inputs, outputs = rng.normal(size=(2, 12, 6))
    targets = np.concatenate([windows.centres[:, None], windows.noise], 1)
    found = find(inputs[windows.contexts], outputs[targets], windows)
    loss, of_contexts, of_targets = by_autograd(inputs, outputs, windows, is_cbow=is_cbow)
    assert found.loss == pytest.approx(loss, rel=1e-10)
    np.testing.assert_allclose(found.contexts, of_contexts, atol=1e-12)
    np.testing.assert_allclose(found.targets, of_targets, atol=1e-12)
    assert found.n_pairs == (windows.is_near.any(1).sum() if is_cbow else windows.is_near.sum())


def test_the_loss_of_one_window_worked_out_by_hand():
    """Two words near a place, one noise word; all numbers small enough for a pocket calculator."""
    windows = Windows(np.array([0]), np.array([[1, 2]]), np.array([[True, True]]), np.array([[3]]), np.array([[True]]))
    contexts = np.array([[[1.0, 0.0], [0.0, 2.0]]])  # v of the two words near
    targets = np.array([[[1.0, 1.0], [0.5, -0.5]]])  # u of the centre, u of the noise
    # u·v: 1 and 2 with the centre, 0.5 and -1 with the noise.
    # -log σ(1) = 0.313262, -log σ(-0.5) = 0.974077; -log σ(2) = 0.126928, -log σ(1) = 0.313262
    found = skip_gram_gradients(contexts, targets, windows)
    assert found.loss == pytest.approx(0.313262 + 0.974077 + 0.126928 + 0.313262, abs=1e-5)
    # The mean is (0.5, 1): u·v is 1.5 with the centre, -0.25 with the noise; 0.201413 + 0.575939
    found = cbow_gradients(contexts, targets, windows)
    assert found.loss == pytest.approx(0.201413 + 0.575939, abs=1e-5)


def test_frequent_words_are_left_out_as_in_word2vec_c():
    counts = np.array([100_000, 1_000, 10])
    keep = keep_probability(counts, 1e-3)
    threshold = 1e-3 * counts.sum()
    by_c = (np.sqrt(counts / threshold) + 1) * threshold / counts  # word2vec.c, line 396
    np.testing.assert_allclose(keep, np.minimum(by_c, 1))
    assert keep[0] < 0.2
    assert keep[2] == 1
    np.testing.assert_array_equal(keep_probability(counts, 0), 1)


def test_noise_is_drawn_by_count_to_the_three_quarters():
    probs = noise_probability(np.array([16, 1]))
    np.testing.assert_allclose(probs, [8 / 9, 1 / 9])


def test_a_window_ends_with_its_sentence_and_where_it_was_shrunk_to():
    words, sentence = np.array([10, 11, 12, 13, 14]), np.array([0, 0, 0, 1, 1])
    contexts, is_near = around(words, sentence, np.array([2, 1, 2, 2, 1]), 2)
    found = [sorted(row[near].tolist()) for row, near in zip(contexts, is_near, strict=True)]
    assert found == [[11, 12], [10, 12], [10, 11], [14], [13]]


def test_what_is_of_one_row_is_summed_up():
    table = np.zeros((3, 2), np.float32)
    subtract(table, np.array([[0, 2], [2, 2]]), np.array([[[1, 1], [2, 0]], [[3, 0], [4, 0]]], np.float32))
    np.testing.assert_array_equal(table, [[-1, -1], [0, 0], [-9, 0]])


def cats_and_cars(n=1_500, seed=0):
    """Two groups of words that never stand in one sentence."""
    rng = np.random.default_rng(seed)
    groups = (["cat", "dog", "cow", "hen"], ["car", "bus", "tram", "bike"])
    return [rng.choice(groups[i % 2], 5).tolist() for i in range(n)]


@pytest.mark.parametrize(("objective", "rate"), [("skip-gram", 0.05), ("cbow", 0.1)])
def test_it_learns_which_words_stand_together(objective, rate):
    text = corpus_of(cats_and_cars(), 1)
    settings = Word2VecSettings(objective, d_model=8, window=3, sample=0, epochs=5, rate=rate)
    trainer = Trainer(text.counts, settings)
    losses = [loss for _, loss in trainer.train(text.ids)]
    assert losses[0] > losses[-1]
    unit = trainer.inputs / np.linalg.norm(trainer.inputs, axis=1, keepdims=True)
    is_animal = np.isin(text.words, ["cat", "dog", "cow", "hen"])
    same = is_animal[:, None] == is_animal
    cosines = unit @ unit.T
    np.fill_diagonal(same, val=False)
    assert cosines[same].min() > cosines[is_animal[:, None] != is_animal].max()


def test_the_same_seed_gives_the_same_vectors_and_the_first_loss_is_that_of_zeros():
    text = corpus_of(cats_and_cars(60), 1)
    settings = Word2VecSettings(d_model=8, epochs=1, n_negative=5, sample=0)
    runs = []
    for seed in (3, 3, 4):
        trainer = Trainer(text.counts, replace(settings, seed=seed))
        loss = next(loss for _, loss in trainer.train(text.ids))
        assert np.log(2) < loss <= 6 * np.log(2) + 1e-6  # noise that is the centre itself is skipped
        runs.append(trainer.inputs)
    np.testing.assert_array_equal(runs[0], runs[1])
    assert (runs[0] != runs[2]).any()


def test_a_text_is_words_without_signs_and_sentences_end():
    sentences = list(sentences_of(["The cat sat. A dog's tail!\n", "-- one\n"]))
    assert sentences == [["the", "cat", "sat"], ["a", "dog's", "tail"], ["one"]]
    text = corpus_of([["a", "b", "a"], ["rare", "a", "b"]], 2)
    assert text.words == ("a", "b")
    assert text.ids.tolist() == [0, 1, 0, -1, 0, 1, -1]
    assert text.n_words == 6
    with pytest.raises(ValueError, match="0 words that occur 9 times"):
        corpus_of([["a", "b"]], 9)


def test_drawn_sentences_hold_only_what_was_counted():
    counted = ["the cat sat on the mat .", "the dog sat on the cat ."] * 30
    ngrams = TextNgrams.of_text("\n".join(counted))
    drawn = drawn_sentences(ngrams, 500, 1)
    assert sum(map(len, drawn)) >= 500
    assert {" ".join(sentence[:3]) for sentence in drawn} == {"the cat sat", "the dog sat"}
    assert drawn_sentences(ngrams, 500, 1) == drawn
