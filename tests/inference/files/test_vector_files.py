"""Files of word vectors that others wrote: every kind is read, every damage refused in one sentence."""

from __future__ import annotations

import gzip
import pickle
import struct
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from inference.context import Refused
from inference.files.vector_files import read_vectors

WORDS = ("the", "köln", "new_york")
TABLE = np.array([[1, -2.5], [0.25, 3], [1e-3, 0]], np.float32)


def as_text(header=True, end="\n"):
    lines = [f"{word} {' '.join(map(str, row.tolist()))}" for word, row in zip(WORDS, TABLE, strict=True)]
    return end.join([*(["3 2"] if header else []), *lines, ""]).encode()


def as_binary(words=WORDS, table=TABLE, n=None, between=b"\n"):
    rows = (word.encode() + b" " + row.tobytes() + between for word, row in zip(words, table, strict=True))
    return f"{n or len(words)} {table.shape[1]}\n".encode() + b"".join(rows)


def read(tmp_path, content, name="vectors.vec", **kwargs):
    path = tmp_path / name
    path.write_bytes(content)
    return read_vectors(path, **kwargs)


@pytest.mark.parametrize("is_packed", [False, True])
@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (as_text(), "word2vec, text"),
        (as_text(end=" \r\n"), "word2vec, text"),
        (as_text(header=False), "GloVe, text"),
        (as_binary(), "word2vec, binary"),
        (as_binary(between=b""), "word2vec, binary"),
    ],
)
def test_every_kind_is_known_by_what_is_in_it(tmp_path, content, kind, is_packed):
    table = read(tmp_path, gzip.compress(content) if is_packed else content)
    assert table.kind == kind
    assert table.words == WORDS
    assert table.notes == ()
    np.testing.assert_array_equal(table.vectors, TABLE)


def test_words_with_spaces_in_them(tmp_path):
    table = read(tmp_path, b"a 1 2\n. . . 3 4\n")
    assert table.words == ("a", ". . .")


def test_only_the_first_rows_are_read_where_there_is_no_room_for_all(tmp_path):
    for content, of in ((as_text(), " of 3"), (as_binary(), " of 3"), (as_text(header=False), "")):
        table = read(tmp_path, content, most_numbers=4)
        assert table.words == WORDS[:2]
        assert table.notes == (f"Of the vectors of vectors.vec the first 2{of} are read: there is room for no more.",)


def test_a_header_that_promises_too_much_allocates_nothing(tmp_path):
    table = read(tmp_path, b"999999999999 2\na 1 2\n")
    assert table.notes == ("vectors.vec says that it holds 999,999,999,999 vectors, but ends behind 1.",)


def test_a_word_that_is_there_twice_keeps_its_first_vector(tmp_path):
    table = read(tmp_path, b"a 1 2\na 3 4\nb 5 6\n")
    assert table.vectors.tolist() == [[1, 2], [5, 6]]
    assert table.notes == ("1 word of vectors.vec is there twice; the first vector of each is taken.",)


class Bomb:
    """Runs code when it is unpickled."""

    def __reduce__(self):
        return (pytest.fail, ("it was unpickled",))


def test_nothing_that_a_pickle_asks_for_is_run(tmp_path):
    for name in ("model.kv", "model.model", "model.vec"):
        with pytest.raises(
            Refused, match=r"is a pickle(, but none in which| that is damaged, or holds something else than) gensim"
        ):
            read(tmp_path, pickle.dumps(Bomb(), 0 if name.endswith(".kv") else None), name)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "no file of word vectors"),
        (b"Once upon a time\nthere was\n", "no file of word vectors"),
        (b"a 1 2\nb 1\n", "1 numbers in line 2; a word and 2 numbers"),
        (b"a 1 2\nb 1 x\n", "something that is no number in line 2"),
        (b"2 2\na 1 2\nb 1 2 3 4 x\n", "no number in line 3|5 numbers in line 3"),
        (b"a 1 2\nb nan 1\n", "not finite in line 2"),
        (b"a 1 2\nb 1e99 1\n", "not finite in line 2"),
        (b"1 0\n", "1 vectors of 0 numbers"),
        (b"1 99999\n", "1 vectors of 99,999 numbers"),
        (b"0 5\n", "0 vectors of 5 numbers"),
        (b"3 2\n", "holds no vector"),
        (b"a 1 2\n" + b"b" * 3_000 + b" 1 2\n", "more than 2,080 bytes, line 2"),
        (b"2 2\n" + b"\xff" * 9_000, "a word of more than 2,000 bytes, number 1"),
        (as_binary(table=np.array([[1, 2], [np.inf, 1], [1, 1]], np.float32)), "not finite in vector 2"),
        (gzip.compress(as_text())[:-9], "cut off or damaged"),
        (b"\x1f\x8b\x08 nothing", "cut off or damaged"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(tmp_path, content, why):
    with pytest.raises(Refused, match=why) as refused:
        read(tmp_path, content)
    assert str(refused.value).startswith("vectors.vec ")
    assert str(refused.value).count("\n") == 0


def test_what_ends_in_the_middle_of_a_vector_gives_those_before_it(tmp_path):
    table = read(tmp_path, as_binary()[:-7])
    assert table.words == WORDS[:2]
    assert "ends behind 2" in table.notes[0]


WORD = st.text(st.characters(codec="utf-8", exclude_categories=("Z", "C")), min_size=1, max_size=9)
NUMBER = st.floats(width=32, allow_nan=False, allow_infinity=False)


@settings(deadline=None)
@given(st.lists(WORD, min_size=2, max_size=6, unique=True), st.integers(2, 5), st.data())
def test_whatever_is_written_is_read_again(tmp_path_factory, words, d, data):
    folder = tmp_path_factory.mktemp("vectors")
    rows = data.draw(st.lists(st.lists(NUMBER, min_size=d, max_size=d), min_size=len(words), max_size=len(words)))
    table = np.array(rows, np.float32)
    lines = [f"{word} {' '.join(map(repr, row.tolist()))}" for word, row in zip(words, table, strict=True)]
    text = "\n".join([f"{len(words)} {d}", *lines, ""]).encode()
    for content in (text, as_binary(words, table)):
        found = read(folder, content)
        assert found.words == tuple(words)
        np.testing.assert_array_equal(found.vectors, table)


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=300))
@example(b"1 1\na \x00\x00\x80\x7f")
@example(struct.pack("<4B", 0x80, 4, 0x95, 0))
def test_any_bytes_are_read_or_refused(tmp_path_factory, content):
    folder = tmp_path_factory.mktemp("any")
    for start in (b"", b"2 2\n", b"a 1 2\n"):
        with suppress(Refused):
            table = read(folder, start + content)
            assert len(table.words) == len(set(table.words)) == len(table.vectors)
            assert np.isfinite(table.vectors).all()
