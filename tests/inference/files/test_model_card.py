"""What the README of a checkpoint states."""

from __future__ import annotations

import pytest

from inference.checkpoints.inspection import inspect
from inference.files.model_card import README, read_card
from inference.results.checkpoint import ModelCard
from resources import bundled_checkpoints, checkpoint_path
from tests.inference.tiny_checkpoints import save_bert

_BERT = """---
language: en
tags:
- exbert
license: apache-2.0
datasets:
- bookcorpus
- "wikipedia"
model-index:
- name: x
  results:
  - task: y
---

# BERT base model (uncased)

## Training data

Other words.
"""


@pytest.mark.parametrize(
    ("text", "card"),
    [
        (_BERT, ModelCard("bookcorpus, wikipedia", "apache-2.0", "en")),
        (_BERT.replace("\n", "\r\n"), ModelCard("bookcorpus, wikipedia", "apache-2.0", "en")),
        ("---\nlanguage: [en, 'fr']\nlicense: other\nlicense_name: my-own\n---\n", ModelCard("", "my-own", "en, fr")),
        (
            "# A\n\n## Training data\n\nIt read [BookCorpus](https://a), **11,038** books and `Wikipedia`.\n\nMore.",
            ModelCard("It read BookCorpus, 11,038 books and Wikipedia."),
        ),
        ("## Data\n\n## Training\nNone.", ModelCard()),
        ("---\nlicense: mit\nnever closed", ModelCard()),
        ("", ModelCard()),
        ("---\ndatasets:\n- a: b\n---\n", ModelCard()),
    ],
)
def test_what_is_stated_is_plain_text(text, card, tmp_path):
    (tmp_path / README).write_bytes(text.encode())
    assert read_card(tmp_path) == card


def test_what_cannot_be_read_states_nothing(tmp_path):
    assert read_card(tmp_path) == ModelCard()
    (tmp_path / README).write_bytes(b"\xff\xfe" * 2**20)
    assert read_card(tmp_path) == ModelCard()
    (tmp_path / README).write_bytes(b"---\ndatasets: " + b"a" * 2_000 + b"\n---\n")
    assert len(read_card(tmp_path).data) == 800


def test_a_checkpoint_tells_it(tmp_path):
    save_bert(tmp_path / "bert")
    (tmp_path / "bert" / README).write_text(_BERT)
    assert inspect(str(tmp_path / "bert")).card.licence == "apache-2.0"
    assert "Tatoeba" in inspect("bert-mini").card.data


@pytest.mark.parametrize("name", bundled_checkpoints())
def test_what_ours_tell_is_told_to_its_end(name):
    """One ended in the middle of a word, on screen and in what is exported."""
    assert read_card(checkpoint_path(name)).data.endswith(".")
