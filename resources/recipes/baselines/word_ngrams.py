"""Count the words of stories and simple sentences: the n-grams that come with Headlight.

python -m resources.recipes.baselines.word_ngrams --data DIR --out resources/ngrams/english.npz
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from inference.models.text_ngrams import TextNgrams
from resources.recipes.corpus import load_corpus

SOURCES = ("tatoeba", "captions", "stories")
N_SENTENCES = 25_000  # of each source at most


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with text/")
    parser.add_argument("--out", type=Path, required=True, help="file to write")
    parser.add_argument("--sentences", type=int, default=N_SENTENCES, help="of each source at most")
    args = parser.parse_args()
    sentences = load_corpus(args.data, "train").all_sentences()
    text = "\n".join(
        sentence for name in SOURCES for sentence in sentences[name][:: _step(sentences[name], args.sentences)]
    )
    ngrams = TextNgrams.of_text(text)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    ngrams.save(args.out)
    print(json.dumps({"words": ngrams.n_words, "vocabulary": len(ngrams.words), "held_out": ngrams.held_out}))


def _step(sentences: list[str], most: int) -> int:
    """Which share to take, spread over all of them."""
    return max(1, -(-len(sentences) // most))


if __name__ == "__main__":
    main()
