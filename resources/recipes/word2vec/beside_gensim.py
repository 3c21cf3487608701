"""How many nearest words are the same in Headlight's word2vec and in gensim's, on the same text with the same settings.

    pip install gensim
    python -m resources.recipes.word2vec.beside_gensim
    python -m resources.recipes.word2vec.beside_gensim --data DIR
    python -m resources.recipes.word2vec.beside_gensim --record FILE

Without `--data`, both learn from a text that is drawn from the n-grams that come with Headlight: ten minutes on one
core. With it, gensim learns from the text of the bundled vectors, and these are compared. gensim is no part of
Headlight and is imported here alone; a second seed of gensim's tells how many words chance changes. With `--record`,
what gensim finds in a small text is kept in a file, beside which a test lays ours without gensim: seconds.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from inference.models.text_ngrams import TextNgrams
from inference.models.word2vec import Trainer
from inference.models.word2vec_corpus import NumberedText, corpus_of, drawn_sentences
from inference.models.word_vectors import WordVectors, open_vectors
from inference.results.train_word2vec import Word2VecSettings
from resources import NGRAMS
from resources.recipes.word2vec.data import MIN_COUNT, training_text
from resources.recipes.word2vec.train import N_KEPT, SETTINGS

N_WORDS, N_NEAR = 1_000, 10  # the most frequent words, and nearest ones of each
N_SMALL, SMALL = 40_000, Word2VecSettings(d_model=32, rate=0.05)  # words of the small text, and how it is learned from
N_SMALL_WORDS, N_SMALL_AMONG = 100, 300  # the most frequent of its words, and those that their nearest are among
_BUNDLED = Path("resources/embeddings/english.npz")


def overlap(one: np.ndarray, other: np.ndarray, n_words: int = N_WORDS, n_near: int = N_NEAR) -> float:
    """Mean share, 0-1, of the nearest words of the first words that are the same.

    Parameters
    ----------
    one, other
        [word, number]: vectors of the same words in the same order.
    """
    near = [nearest(vectors, min(n_words, len(vectors)), n_near) for vectors in (one, other)]
    return shared(*near)


def shared(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Mean share, 0-1, of the numbers in a row of one that are in the same row of the other; [word, near] each."""
    pairs = zip(ours.tolist(), theirs.tolist(), strict=True)
    return float(np.mean([len({*one} & {*other}) / len(one) for one, other in pairs]))


def nearest(vectors: np.ndarray, n_words: int, n_near: int = N_NEAR) -> np.ndarray:
    """Numbers of the nearest words of the first words, int64 [word, near], in no order."""
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    cosines = unit[:n_words] @ unit.T
    np.fill_diagonal(cosines, -np.inf)
    return np.argpartition(-cosines, n_near, axis=1)[:, :n_near]


def gensim_vectors(text: NumberedText, settings: Word2VecSettings) -> np.ndarray:
    """What gensim learns, [word, number], by the words of the text."""
    try:
        from gensim.models import Word2Vec  # pyright: ignore[reportMissingImports]
    except ImportError:
        sys.exit("gensim is needed: pip install gensim")
    ends = np.flatnonzero(text.ids < 0)
    words = [[text.words[i] for i in part if i >= 0] for part in np.split(text.ids, ends + 1) if len(part) > 1]
    model: Any = Word2Vec(
        words,
        vector_size=settings.d_model,
        window=settings.window,
        min_count=1,  # rare words are left out already
        sg=int(settings.objective == "skip-gram"),
        negative=settings.n_negative,
        sample=settings.sample,
        epochs=settings.epochs,
        alpha=settings.rate,
        min_alpha=settings.rate * 1e-4,
        seed=settings.seed,
        workers=1,
    )
    return np.stack([model.wv[word] for word in text.words])


def small_text() -> NumberedText:
    """What is drawn for `--record`: the same text wherever it is drawn."""
    return corpus_of(drawn_sentences(TextNgrams.load(NGRAMS), N_SMALL, SMALL.seed), MIN_COUNT)


def own_vectors(text: NumberedText, settings: Word2VecSettings) -> WordVectors:
    """What Headlight learns."""
    trainer = Trainer(text.counts, settings)
    for _ in trainer.train(text.ids):
        pass
    return WordVectors(text.words, trainer.inputs)


def _record(file: Path) -> None:
    """Keep the nearest words that gensim finds in the small text, with two seeds."""
    text = small_text()
    found = [gensim_vectors(text, replace(SMALL, seed=seed))[:N_SMALL_AMONG] for seed in (SMALL.seed, 2)]
    near = np.stack([nearest(vectors, N_SMALL_WORDS) for vectors in found]).astype(np.int16)
    np.savez_compressed(file, words=np.array(text.words[:N_SMALL_AMONG]), nearest=near)


def main() -> None:
    """Train, compare, print."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="folder of the text that the bundled vectors were trained on")
    parser.add_argument("--record", type=Path, help="keep what gensim finds in a small text in this file")
    args = parser.parse_args()
    if args.record:
        _record(args.record)
        return
    settings = SETTINGS["skip-gram"]
    if args.data:
        text, ours = training_text(args.data), open_vectors(_BUNDLED)
    else:
        sentences = drawn_sentences(TextNgrams.load(NGRAMS), 1_000_000, settings.seed)
        text = corpus_of(sentences, MIN_COUNT)
        ours = own_vectors(text, settings)
    n = min(N_KEPT, len(ours.words))
    assert ours.words[:n] == text.words[:n]
    theirs, again = (gensim_vectors(text, replace(settings, seed=seed))[:n] for seed in (settings.seed, 2))
    vectors = ours.inputs[:n]
    random = np.random.default_rng(0).normal(size=vectors.shape)
    print(f"{text.n_words:,} words; of the {N_NEAR} nearest of the {N_WORDS:,} most frequent among {n:,} are the same:")
    for name, pair in {
        "Headlight and gensim": (vectors, theirs),
        "gensim and gensim with another seed": (theirs, again),
        "Headlight and random vectors": (vectors, random),
    }.items():
        print(f"{name}: {overlap(*pair):.1%}")


if __name__ == "__main__":
    main()
