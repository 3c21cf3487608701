"""English text for training: read, split into sentences, grouped by where it comes from.

The folder given to `load_corpus` holds `text/*.jsonl.xz` (one document a line, one sentence a line
within its `text`) and `text/*.tsv.xz` (`split<TAB>sentence`). Nothing of it is copied anywhere.
"""

from __future__ import annotations

import json
import lzma
from dataclasses import dataclass, field
from pathlib import Path

SENTENCE_FILES = {
    "tatoeba": "sentences_tatoeba_en.tsv.xz",
    "common_voice": "sentences_commonvoice_en.tsv.xz",
    "captions": "captions_coco_en.tsv.xz",
}
DOCUMENT_FILES = {
    "stories": "stories_ccby_pd.jsonl.xz",
    "books": "books_pd.jsonl.xz",
    "news": "news_wikinews_ccby.jsonl.xz",
}


@dataclass
class Corpus:
    """One split of the text.

    Attributes
    ----------
    sentences
        Single sentences without context, by source.
    documents
        Lists of consecutive sentences, by source.
    """

    sentences: dict[str, list[str]] = field(default_factory=dict)
    documents: dict[str, list[list[str]]] = field(default_factory=dict)

    def all_sentences(self) -> dict[str, list[str]]:
        """Every sentence by source, documents flattened."""
        flat = {name: [s for doc in docs for s in doc] for name, docs in self.documents.items()}
        return self.sentences | flat


def load_corpus(data: Path, split: str, *, limit: int | None = None) -> Corpus:
    """Read one split (`train` or `val`), at most `limit` records of each file."""
    corpus = Corpus()
    for name, file in SENTENCE_FILES.items():
        with lzma.open(data / "text" / file, "rt", encoding="utf-8") as lines:
            rows = (line.rstrip("\n").split("\t", 1) for line in lines)
            corpus.sentences[name] = [row[1] for row in rows if row[0] == split][:limit]
    for name, file in DOCUMENT_FILES.items():
        documents = []
        with lzma.open(data / "text" / file, "rt", encoding="utf-8") as lines:
            for line in lines:
                record = json.loads(line)
                if record["split"] == split:
                    documents.append([s.strip() for s in record["text"].split("\n") if s.strip()])
        corpus.documents[name] = [doc for doc in documents if len(doc) > 1][:limit]
    return corpus
