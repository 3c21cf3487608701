"""Measure the bundled word vectors beside counted ones, and beside controls.

    python -m resources.recipes.word2vec.report --data DIR [--shuffled FILE] [--other FILE ...]

`--shuffled` is what `train --shuffled` wrote; `--other` are vectors of the same text by another program, whose nearest
words are compared.
"""

from __future__ import annotations

from argparse import ArgumentParser
from dataclasses import replace
from pathlib import Path

import numpy as np

from inference.models.word_vectors import WordVectors, open_vectors
from resources import CBOW_EMBEDDINGS, EMBEDDINGS
from resources.recipes.word2vec.baseline import counted_vectors
from resources.recipes.word2vec.data import training_text
from resources.recipes.word2vec.questions import analogy_accuracy, group_purity, neighbour_overlap, relations

_MOST_ASKED = 3_000  # analogies a relation
_N_COMPARED = 1_000  # words whose neighbours are compared


def main() -> None:
    """Print the table of the card."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--shuffled", type=Path)
    parser.add_argument("--other", type=Path, nargs="*", default=[])
    args = parser.parse_args()
    bundled = open_vectors(EMBEDDINGS)
    n, d = bundled.inputs.shape
    assert bundled.settings is not None
    measured: dict[str, WordVectors] = {
        "word2vec": bundled,
        "word2vec by CBOW": open_vectors(CBOW_EMBEDDINGS),
        "PPMI and SVD": counted_vectors(training_text(args.data), n, d, bundled.settings.window),
    }
    if args.shuffled:
        measured["control: shuffled text"] = open_vectors(args.shuffled)
    random = np.random.default_rng(0).normal(size=(n, d)).astype(np.float32)
    measured["control: random vectors"] = replace(bundled, inputs=random)
    pairs = relations(bundled.words)
    for name, vectors in measured.items():
        purity, n_words = group_purity(vectors)
        told = [f"groups {purity:.1%} of {n_words} words"]
        for relation, of_relation in pairs.items():
            accuracy, n_asked = analogy_accuracy(vectors, of_relation, _MOST_ASKED)
            told.append(f"{relation} {accuracy:.1%} of {n_asked} ({len(of_relation)} pairs)")
        print(f"{name}: {'; '.join(told)}", flush=True)
    others = {path.name: open_vectors(path) for path in args.other}
    for name, vectors in others.items():
        print(f"ten nearest words shared with {name}: {neighbour_overlap(bundled, vectors, _N_COMPARED):.1%}")
    for one, other in zip(list(others)[:-1], list(others)[1:], strict=True):
        shared = neighbour_overlap(_of(others[one], bundled.words), _of(others[other], bundled.words), _N_COMPARED)
        print(f"{one} and {other}: {shared:.1%}")


def _of(vectors: WordVectors, words: tuple[str, ...]) -> WordVectors:
    """The vectors of some words."""
    known = [place for word in words if (place := vectors.find(word)) is not None]
    return WordVectors(tuple(vectors.words[place] for place in known), vectors.inputs[known])


if __name__ == "__main__":
    main()
