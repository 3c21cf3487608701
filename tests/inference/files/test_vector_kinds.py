"""A file that is dropped is one of word vectors or it is not: by its ending, or by how it begins."""

from __future__ import annotations

import gzip

import numpy as np
import pytest

from inference.files.vector_kinds import holds_vectors
from inference.models.word_vectors import WordVectors

GLOVE = "the " + " ".join(["0.25"] * 12) + "\n"


@pytest.fixture
def vectors():
    return WordVectors(("cat", "dog"), np.ones((2, 3), np.float32))


@pytest.mark.parametrize("name", ["v.npz", "v.txt", "v.vec", "v.bin"])
def test_what_headlight_and_word2vec_write_is_known(vectors, name, tmp_path):
    vectors.save(tmp_path / name)
    assert holds_vectors(tmp_path / name)
    if name != "v.npz":
        (tmp_path / f"{name}.gz").write_bytes(gzip.compress((tmp_path / name).read_bytes()))
        assert holds_vectors(tmp_path / f"{name}.gz")


@pytest.mark.parametrize(
    ("name", "content", "is_one"),
    [
        ("glove.txt", GLOVE.encode(), True),
        ("glove.txt", GLOVE.encode() * 5_000, True),
        ("word.txt", b"a line of many words, of which none is a number but the last one, which is 12\n", False),
        ("year.txt", b"1984 2001\na space odyssey", True),  # word2vec's begin so: reading it will tell
        ("year.txt", b"1984", False),
        ("empty.txt", b"", False),
        ("word2vec.model", b"\x80\x04\x95", True),
        ("sentencepiece.model", b"\x0a\x0e\x0a\x05<unk>", False),
        ("pytorch_model.bin", b"PK\x03\x04", False),
        ("regions.npz", b"PK\x03\x04", False),
        ("torn.txt.gz", b"\x1f\x8b\x08", False),
        ("v.kv", b"", True),
        ("chair.obj", b"3 3\n", False),
        ("none.npz", None, False),
    ],
)
def test_other_files_are_told_by_how_they_begin(name, content, is_one, tmp_path):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    assert holds_vectors(tmp_path / name) is is_one


def test_an_npz_of_something_else_is_none(tmp_path):
    np.savez(tmp_path / "boxes.npz", boxes=np.zeros((2, 4)))
    assert not holds_vectors(tmp_path / "boxes.npz")
