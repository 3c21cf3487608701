"""Word vectors: neighbours, analogies, own files, maps."""

from __future__ import annotations

import io
import json
import zipfile

import numpy as np
import pytest

from inference.context import Refused
from inference.models.sliding_window import slide
from inference.models.word_maps import neighbour_map, plane_through, principal_plane, turned_onto
from inference.models.word_vectors import WordVectors, open_vectors
from inference.results.train_word2vec import Word2VecSettings

WORDS = ("man", "woman", "king", "queen", "tree")
TABLE = np.array([[1, 0, 0], [0, 1, 0], [1, 0, 1], [0, 1, 1], [-1, -1, -1]], np.float32)


def make_vectors(**parts):
    return WordVectors(WORDS, TABLE, **parts)


def test_neighbours_are_sorted_by_cosine():
    vectors = make_vectors()
    near, cosines = vectors.nearest(vectors.unit[0], 3, (0,))
    assert [vectors.words[i] for i in near] == ["king", "woman", "queen"]
    np.testing.assert_allclose(cosines, [np.sqrt(0.5), 0, 0], atol=1e-6)
    near, _ = vectors.nearest(vectors.unit[0], 99, (0,))
    assert len(near) == 4


def test_an_analogy_goes_round_a_parallelogram():
    vectors = make_vectors()
    near, cosines = vectors.nearest(vectors.analogy(0, 1, 2), 1, (0, 1, 2))
    assert near == [3]
    assert cosines[0] > 0.9


def test_words_are_found_as_they_are_typed_or_in_other_letters():
    vectors = WordVectors(("Paris", "the", "␣cat", "cat"), np.eye(4, dtype=np.float32), is_ranked=False)
    assert [vectors.find(word) for word in ("paris", "THE", "cat", "dog")] == [0, 1, 2, None]


@pytest.mark.parametrize("half", [False, True])
def test_what_was_saved_is_opened_again(tmp_path, half):
    settings = Word2VecSettings("cbow", d_model=3)
    vectors = make_vectors(outputs=2 * TABLE, counts=np.arange(5, 0, -1), settings=settings)
    vectors.save(tmp_path / "a.npz", half=half)
    again = open_vectors(tmp_path / "a.npz")
    assert again.words == WORDS
    assert again.settings == settings
    np.testing.assert_array_equal(again.inputs, TABLE)
    np.testing.assert_array_equal(again.outputs, 2 * TABLE)
    np.testing.assert_array_equal(again.counts, [5, 4, 3, 2, 1])
    assert [path.name for path in tmp_path.iterdir()] == ["a.npz"]


def npz_with(**arrays):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in arrays.items():
            archive.writestr(f"{name}.npy", content)
    return stream.getvalue()


def npy(array, **kwargs):
    stream = io.BytesIO()
    np.save(stream, array, **kwargs)
    return stream.getvalue()


def told(**parts):
    text = json.dumps({"words": ["a", "b"], "kind": "word2vec", "settings": None} | parts)
    return npy(np.frombuffer(text.encode(), np.uint8))


def huge():
    """A header that claims a petabyte."""
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": "<f4", "fortran_order": False, "shape": (2**40, 256)})
    return stream.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        npz_with(inputs=npy(TABLE)),
        npz_with(told=told()),
        npz_with(told=told(), inputs=npy(TABLE)),
        npz_with(told=told(words=["a", "a"]), inputs=npy(TABLE[:2])),
        npz_with(told=told(), inputs=npy(np.array([[np.nan], [1]], np.float32))),
        npz_with(told=told(), inputs=npy(np.array([[1], [2]], object), allow_pickle=True)),
        npz_with(told=told(), inputs=huge()),
        npz_with(told=told(), inputs=npy(TABLE[:2]), counts=npy(np.array([1, 0]))),
        npz_with(told=told(settings={"colour": 1}), inputs=npy(TABLE[:2])),
        npz_with(told=told(), inputs=npy(TABLE[:2])[:-4]),
        npz_with(told=npy(np.frombuffer(b"[1, 2]", np.uint8)), inputs=npy(TABLE[:2])),
        b"PK\x03\x04 and nothing else",
    ],
)
def test_a_damaged_file_of_our_own_is_refused_in_one_sentence(tmp_path, content):
    (tmp_path / "bad.npz").write_bytes(content)
    with pytest.raises(Refused, match=r"^bad\.npz holds no word vectors of Headlight's, or is damaged\.$"):
        open_vectors(tmp_path / "bad.npz")


def test_the_plane_of_the_largest_variance_is_that_of_scikit_learn():
    from sklearn.decomposition import PCA

    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(30, 7)) * np.array([5, 3, 1, 1, 1, 1, 1])
    places, explained = principal_plane(vectors)
    theirs = PCA(2).fit(vectors)
    np.testing.assert_allclose(explained, theirs.explained_variance_ratio_)
    np.testing.assert_allclose(np.abs(places), np.abs(theirs.transform(vectors)), atol=1e-9)
    assert (places[np.abs(places).argmax(0), [0, 1]] > 0).all()
    np.testing.assert_array_equal(principal_plane(np.ones((3, 4)))[0], 0)
    two, shares = principal_plane(vectors[:2].astype(np.float32))
    assert two[0, 0] == pytest.approx(-two[1, 0])
    np.testing.assert_array_equal((two[:, 1], shares), ([0, 0], [1, 0]))  # no noise is drawn as large as the plot


def test_a_map_is_turned_to_lie_as_the_one_before():
    rng = np.random.default_rng(1)
    before = rng.normal(size=(9, 2))
    turned = before @ np.array([[0, 1], [1, 0]])
    np.testing.assert_allclose(turned_onto(turned, before), before, atol=1e-9)


def test_t_sne_gives_the_same_map_for_the_same_seed():
    vectors = np.random.default_rng(2).normal(size=(12, 5))
    np.testing.assert_array_equal(neighbour_map(vectors, 4), neighbour_map(vectors, 4))


def test_three_words_lie_in_their_plane():
    a, b, c = np.random.default_rng(3).normal(size=(3, 6))
    origin, plane = plane_through(a, b, c)
    np.testing.assert_allclose(plane @ plane.T, np.eye(2), atol=1e-12)
    for word in (a, b, c):
        flat = (word - origin) @ plane.T
        np.testing.assert_allclose(origin + flat @ plane, word, atol=1e-12)
    assert (plane_through(a, b, a + 2 * (b - a))[1][1] == 0).all()


def test_what_a_window_makes_of_a_text():
    outputs = TABLE[::-1].copy()
    vectors = make_vectors(outputs=outputs, counts=np.array([9, 9, 9, 9, 9]))
    result = slide(vectors, "Man, king zebra woman. Queen tree", "x", window=2, n_negative=3, sample=0, seed=5)
    assert result.words == ("Man", "king", "zebra", "woman", "Queen", "tree")
    assert result.is_known.tolist() == [True, True, False, True, True, True]
    assert result.is_kept.tolist() == result.is_known.tolist()
    assert [step.centre for step in result.steps] == [0, 1, 3, 4, 5]
    for step in result.steps:
        is_first = step.centre < 4
        assert all((context < 4) == is_first for context in step.contexts), "a window reaches into another sentence"
        centre = WORDS.index(result.words[step.centre].lower())
        near = [TABLE[WORDS.index(result.words[i].lower())] for i in step.contexts]
        np.testing.assert_allclose(step.scores[:, 0], [v @ outputs[centre] for v in near], atol=1e-6)
        np.testing.assert_allclose(step.cbow_scores[0], np.mean(near, 0) @ outputs[centre], atol=1e-6)
        is_own = np.array([word == WORDS[centre] for word in step.negatives])
        np.testing.assert_array_equal(np.isnan(step.cbow_scores[1:]), is_own)
        losses = [
            np.logaddexp(0, -row[0]) + sum(np.logaddexp(0, x) for x in row[1:] if not np.isnan(x))
            for row in step.scores
        ]
        assert step.skip_gram_loss == pytest.approx(np.mean(losses))


def test_without_counts_zipf_stands_for_them_and_it_is_said():
    result = slide(make_vectors(), "man woman", "x", window=2, n_negative=1, sample=1e-3, seed=0)
    assert result.keep[0] < result.keep[1]
    assert any("Zipf" in note for note in result.notes)
    assert any("vectors of contexts" in note for note in result.notes)
    tokens = make_vectors(is_ranked=False)
    assert slide(tokens, "man woman", "x", window=2, n_negative=1, sample=1e-3, seed=0).keep.tolist() == [1, 1]


def test_what_stands_between_words_is_what_negative_sampling_was_taught():
    """Undone for one distribution by hand: scores are its logarithm over that of the noise, but for a constant."""
    counts = np.array([8, 4, 2, 1])
    wanted = np.array([0.1, 0.2, 0.3, 0.4])
    outputs = (np.log(wanted / counts**0.75) + 3.0)[:, None].astype(np.float32)
    inputs = np.array([[2.0], [0.0], [1.0], [1.0]], np.float32)
    vectors = WordVectors(("a", "b", "c", "d"), inputs, outputs, counts)
    np.testing.assert_allclose(vectors.between((0, 1)), wanted, rtol=1e-5)  # the mean of both is 1
    np.testing.assert_allclose(vectors.between((2,)), wanted, rtol=1e-5)
