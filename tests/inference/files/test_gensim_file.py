"""gensim's own files: read without running anything, or refused in one sentence."""

from __future__ import annotations

import pickle
import sys
from contextlib import suppress
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.context import Refused
from inference.files.vector_files import read_vectors

REAL = Path(__file__).with_name("gensim-4.4.0.kv")  # of six words, written by gensim itself
WORDS = ["on", "sat", "bed", "dog", "mat", "cat"]
TABLE = np.arange(24, dtype=np.float32).reshape(6, 4)


def dumped(monkeypatch, *, cls="KeyedVectors", **state):
    """A pickle of such an object, whose class nobody has."""
    module = ModuleType("gensim.models.keyedvectors")
    kind = type(cls, (), {"__module__": module.__name__, "__qualname__": cls})
    setattr(module, cls, kind)
    with monkeypatch.context() as here:
        for name in ("gensim", "gensim.models", module.__name__):
            here.setitem(sys.modules, name, module)
        instance = kind()
        instance.__dict__.update(state)
        return pickle.dumps(instance, 4)


def test_a_file_of_gensim_itself_is_read():
    table = read_vectors(REAL)
    assert list(table.words) == WORDS
    assert table.kind == "gensim"
    assert table.vectors.shape == (6, 4)
    assert table.vectors.dtype == np.float32
    assert 0.01 < np.abs(table.vectors).max() < 0.25  # as words begin: at most half of one over their length
    assert table.notes == ()


@pytest.mark.parametrize("dtype", ["<f4", "<f8", "<f2"])
def test_vectors_inside_and_beside_are_the_same(dtype, tmp_path, monkeypatch):
    inside, beside = tmp_path / "a.kv", tmp_path / "b.kv"
    inside.write_bytes(dumped(monkeypatch, index_to_key=WORDS, vectors=TABLE.astype(dtype)))
    beside.write_bytes(dumped(monkeypatch, index2word=WORDS, vectors=None))  # as version 3 called them
    with pytest.raises(Refused, match=r"The numbers of b\.kv lie in b\.kv\.vectors\.npy, which is not beside it"):
        read_vectors(beside)
    np.save(tmp_path / "b.kv.vectors.npy", TABLE.astype(dtype))
    for file in (inside, beside):
        table = read_vectors(file)
        assert list(table.words) == WORDS
        np.testing.assert_array_equal(table.vectors, TABLE)
    few = read_vectors(inside, most_numbers=9)
    assert few.words == ("on", "sat")
    np.testing.assert_array_equal(few.vectors, TABLE[:2])
    assert few.notes == ("Of the vectors of a.kv the first 2 of 6 are read: there is room for no more.",)


def test_the_words_of_a_whole_model_are_read(tmp_path, monkeypatch):
    file = tmp_path / "a.model"
    words = SimpleNamespace(index_to_key=WORDS, vectors=TABLE)
    file.write_bytes(dumped(monkeypatch, cls="Word2Vec", wv=words, layer=np.zeros(3)))
    np.testing.assert_array_equal(read_vectors(file).vectors, TABLE)


def test_the_numbers_of_a_whole_model_lie_in_a_file_of_its_words(tmp_path, monkeypatch):
    file = tmp_path / "a.model"
    words = SimpleNamespace(index_to_key=WORDS, vectors=None)
    file.write_bytes(dumped(monkeypatch, cls="Word2Vec", wv=words))
    np.save(tmp_path / "a.model.vectors.npy", TABLE + 1)  # not this one
    np.save(tmp_path / "a.model.wv.vectors.npy", TABLE)
    np.testing.assert_array_equal(read_vectors(file).vectors, TABLE)


class Trap:
    """Whoever unpickles it makes a file."""

    def __init__(self, file):
        self.file = file

    def __reduce__(self):
        return (Path.touch, (self.file,))


def test_nothing_that_a_file_asks_for_is_run(tmp_path, monkeypatch):
    sprung = tmp_path / "sprung"
    (tmp_path / "a.kv").write_bytes(pickle.dumps(Trap(sprung)))
    (tmp_path / "b.kv").write_bytes(dumped(monkeypatch, index_to_key=WORDS, vectors=None))
    np.save(tmp_path / "b.kv.vectors.npy", np.array([Trap(sprung)] * 6, object), allow_pickle=True)
    for name in ("a.kv", "b.kv"):
        with pytest.raises(Refused):
            read_vectors(tmp_path / name)
    assert not sprung.exists()
    pickle.loads(pickle.dumps(Trap(sprung)))
    assert sprung.exists()


@pytest.mark.parametrize(
    ("state", "why"),
    [
        ({"index_to_key": WORDS}, r"lie in a\.kv\.vectors\.npy"),
        ({"vectors": TABLE}, "no list of words is in it"),
        ({"index_to_key": [1, 2], "vectors": TABLE}, "no list of words is in it"),
        ({"index_to_key": WORDS[:5], "vectors": TABLE}, "not one row for each of its 5 words"),
        ({"index_to_key": WORDS, "vectors": TABLE.astype(int)}, "not one row for each"),
        ({"index_to_key": WORDS, "vectors": TABLE.astype(object)}, "not one row for each"),
        ({"index_to_key": WORDS, "vectors": np.asfortranarray(TABLE)}, "not one row for each"),
        ({"index_to_key": WORDS, "vectors": TABLE * np.nan}, "not finite"),
        ({"index_to_key": ["a"] * 6, "vectors": TABLE}, "a word is in it twice"),
    ],
)
def test_what_is_no_table_is_refused(state, why, tmp_path, monkeypatch):
    (tmp_path / "a.kv").write_bytes(dumped(monkeypatch, **state))
    with pytest.raises(Refused, match=why):
        read_vectors(tmp_path / "a.kv")


def test_a_number_that_asks_for_much_memory_gets_none(tmp_path):
    (tmp_path / "a.kv").write_bytes(b"\x80\x04Nr\xf0\xff\xff\xff.")  # keep it as the object of number 4,294,967,280
    with pytest.raises(Refused, match="no list of words"):
        read_vectors(tmp_path / "a.kv")


@given(st.binary(max_size=40), st.integers(0, 900))
def test_any_damage_is_one_sentence(content, place):
    import tempfile

    whole = REAL.read_bytes()
    with tempfile.TemporaryDirectory() as folder:
        for damaged in (whole[:place], whole[:place] + content + whole[place + len(content) :], b"\x80\x04" + content):
            file = Path(folder) / "a.kv"
            file.write_bytes(damaged)
            with suppress(Refused):
                assert len(read_vectors(file).words) == 6
