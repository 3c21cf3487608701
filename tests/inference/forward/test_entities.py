"""Entities of marked labels, by the examples of the schemes' papers and by how models err."""

from __future__ import annotations

import pytest

from inference.forward.entities import entities, marks


def of(text: str, labels: tuple[str, ...] | None = None):
    """Entities of labels parted by blanks, as `start-stop:name`."""
    given = text.split()
    known = labels or tuple(dict.fromkeys(("O", *given)))
    named = dict(zip(known, marks(known), strict=True))
    return [f"{e.start}-{e.stop}:{e.label}" for e in entities([named[label] for label in given])]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("O B-PER I-PER O B-LOC", ["1-3:PER", "4-5:LOC"]),
        ("B-PER B-PER I-PER", ["0-1:PER", "1-3:PER"]),
        ("O I-PER I-PER O", ["1-3:PER"]),  # IOB1
        ("I-PER B-PER I-PER", ["0-1:PER", "1-3:PER"]),
        ("B-PER I-LOC", ["0-1:PER", "1-2:LOC"]),
        ("B-PER O I-PER", ["0-1:PER", "2-3:PER"]),
        # BILOU and BIOES
        ("B-PER I-PER L-PER U-LOC", ["0-3:PER", "3-4:LOC"]),
        ("B-PER E-PER E-PER", ["0-2:PER", "2-3:PER"]),
        ("S-LOC S-LOC I-LOC", ["0-1:LOC", "1-2:LOC", "2-3:LOC"]),
        ("B-ORG L-ORG I-ORG L-ORG", ["0-2:ORG", "2-4:ORG"]),
        ("B-work-of-art I-work-of-art", ["0-2:work-of-art"]),
        ("B_PER I_PER", ["0-2:PER"]),
        # Without marks
        ("PER PER O PER LOC", ["0-2:PER", "3-4:PER", "4-5:LOC"]),
        ("", []),
        ("O O", []),
    ],
)
def test_a_scheme_is_read_by_its_marks(text, found):
    assert of(text) == found


@pytest.mark.parametrize("labels", [("NOUN", "VERB"), ("LABEL_0", "LABEL_1"), ("B-PER", "NOUN"), ()])
def test_labels_that_are_no_scheme_name_no_entities(labels):
    assert {name for _, name in marks(labels)} <= {""}


def test_one_label_without_a_mark_makes_none_a_mark():
    assert marks(("O", "B-PER", "MISC")) == (("", ""), ("I", "B-PER"), ("I", "MISC"))
