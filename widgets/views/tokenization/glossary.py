"""One sentence a word that a student may not know."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication


@dataclass(frozen=True)
class Term:
    """A word in a figure that is explained where it is pointed at."""

    name: str


def explained(term: Term) -> str:
    """Its sentence."""
    sentences = {
        "pair": _tr("Two pieces that stand beside each other within a word; merging makes one piece of them."),
        "count": _tr("How often the pair is in the text, as the trainer counts it; in “aaa” the pair a a is twice."),
        "score": _tr("The pair's count divided by the counts of its two pieces: high where they are rare apart."),
        "new piece": _tr("What the two become, a new entry of the vocabulary; ## marks what goes on with a word."),
        "log p": _tr("Natural logarithm of the piece's probability; the probabilities of all pieces sum to about 1."),
        "expected": _tr("How often the piece is in the text, all ways to cut each word weighed by their probability."),
        "loss": _tr("How much log-likelihood a word of the text loses in the mean when this piece is removed."),
        "stay": _tr("Pieces that are in the vocabulary behind this step."),
        "go": _tr("Pieces that this step removes from the vocabulary."),
        "words": _tr("The words of the text, cut with the vocabulary so far; this step cut the tinted ones anew."),
        "as typed": _tr("The text of the input, before the tokenizer does anything."),
        "normalised": _tr("The text after the tokenizer has unified it, such as lower case, accents or spaces."),
        "split": _tr("The parts that are cut by themselves: no token reaches across their borders."),
        "tokens": _tr("What the model reads: entries of the vocabulary, each with its number, the id."),
        "id": _tr("The number of a token in the vocabulary, by which the model looks up its vector."),
        "rank": _tr("The place of a merge in the order in which the merges were learned: the lowest goes first."),
        "best so far": _tr("The highest sum of log-probabilities with which the word can be cut up to this place."),
    }  # fmt: skip
    return sentences.get(term.name, "")


def _tr(text: str) -> str:
    return QCoreApplication.translate("Glossary", text)
