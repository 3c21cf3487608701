"""What is typed or pasted names a repository, or a sentence says what it is instead."""

from __future__ import annotations

import pytest

from inference.checkpoints.hub.address import Address, read_address
from inference.context import Refused

COMMIT = "a265f773a47193eed794233aa2a0f0bb6d3eaa63"


@pytest.mark.parametrize(
    ("text", "repo", "revision"),
    [
        ("gpt2", "gpt2", ""),
        (" google-bert/bert-base-uncased\n", "google-bert/bert-base-uncased", ""),
        ("openai-community/gpt2@v1.0", "openai-community/gpt2", "v1.0"),
        ("https://huggingface.co/openai-community/gpt2", "openai-community/gpt2", ""),
        ("huggingface.co/openai-community/gpt2/", "openai-community/gpt2", ""),
        ("https://hf.co/gpt2/tree/main", "gpt2", "main"),
        (f"https://huggingface.co/org/x/commit/{COMMIT}", "org/x", COMMIT),
        ("https://huggingface.co/org/x/blob/main/config.json", "org/x", "main"),
        ("https://huggingface.co/org/x/tree/refs%2Fpr%2F1", "org/x", "refs/pr/1"),
        ("https://huggingface.co/org/x/resolve/refs/pr/3/model.safetensors?download=true", "org/x", "refs/pr/3"),
        ("hf://org/x@v2", "org/x", "v2"),
        ("hf://models/org/x", "org/x", ""),
        ("http://127.0.0.1:8000/org/x", "org/x", ""),
    ],
)
def test_it_names_a_checkpoint(text, repo, revision):
    assert read_address(text, "127.0.0.1:8000") == Address(repo, revision)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "Type the id"),
        ("https://huggingface.co/datasets/squad", "is a data set of the hub"),
        ("spaces/org/demo", "is a space of the hub"),
        ("https://example.org/org/x", "is a page of example.org, not of the hub"),
        ("https://huggingface.co.evil.org/org/x", "is a page of huggingface.co.evil.org"),
        ("https://huggingface.co/docs/transformers", "names no checkpoint"),
        ("ftp://huggingface.co/org/x", "begins with ftp://"),
        ("org/../../etc/passwd", "is no id of the hub"),
        ("a b", "is no id of the hub"),
        ("org/x@", "names no version behind the @"),
        ("org/x@../main", "is no name of a version"),
        ("x" * 97, "has 97 letters"),
        ("<b>x</b>", "is no id of the hub"),
    ],
)
def test_it_is_refused_in_one_sentence(text, said):
    with pytest.raises(Refused, match=said):
        read_address(text)
