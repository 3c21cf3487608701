"""Train the bundled word vectors.

    python -m resources.recipes.word2vec.train --data DIR --out resources/embeddings/english.npz
    python -m resources.recipes.word2vec.train --data DIR --out resources/embeddings/english-cbow.npz --objective cbow

One core, some ten minutes. `--shuffled` trains the control: the same words in random order.
"""

from __future__ import annotations

import time
from argparse import ArgumentParser
from pathlib import Path

from inference.models.word2vec import Trainer
from inference.models.word_vectors import WordVectors
from inference.results.train_word2vec import USUAL_RATES, Word2VecSettings
from resources.recipes.word2vec.data import training_text

N_KEPT = 6_000  # of the most frequent words, so that the file has less than 2 MB
SETTINGS = {
    objective: Word2VecSettings(objective, d_model=80, rate=USUAL_RATES[objective]) for objective in USUAL_RATES
}


def main() -> None:
    """Train, and save the most frequent words."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--objective", choices=tuple(SETTINGS), default="skip-gram")
    parser.add_argument("--shuffled", action="store_true")
    args = parser.parse_args()
    settings = SETTINGS[args.objective]
    text = training_text(args.data, is_shuffled=args.shuffled)
    print(f"{text.n_words:,} words, {len(text.words):,} different ones", flush=True)
    trainer, start, told = Trainer(text.counts, settings), time.monotonic(), 0.0
    for share, loss in trainer.train(text.ids):
        if share - told >= 0.05:
            told = share
            print(f"{share:.0%}: loss {loss:.3f}, {time.monotonic() - start:.0f} s", flush=True)
    kept = slice(N_KEPT)
    vectors = WordVectors(
        text.words[kept], trainer.inputs[kept], trainer.outputs[kept], text.counts[kept], settings=settings
    )
    vectors.save(args.out, half=True)
    print(f"{args.out}: {args.out.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
