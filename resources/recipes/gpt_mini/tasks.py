"""Tasks put as texts, with examples of what is wanted, as `gpt_mini` meets them among its other texts.

    house => houses
    dog => dogs
    tree => trees

Pairs are made by rule from words of the training text. No word of the tasks that Headlight measures (`few_shot`) is
among them, so that what is measured there are new words; opposites follow no rule, and are not trained.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

import numpy as np
from tokenizers import Tokenizer

from inference.results.few_shot import ARROW, MOST_SHOTS, TASKS
from resources.recipes.gpt_mini.data import END, PAIRS, EncodedTexts

# From so many tokens on, this share of a step's tokens comes on top of it: words come first, and where they are known,
# what a line says about the next one is learned only from many such lines.
TASK_SHARES = ((11.5e6, 0.1), (17.3e6, 0.5))
LONGEST = 192  # tokens
_SOURCES = ("tatoeba", "captions", "stories")
_LEAST = 8  # times that a word and its form are in them
_TO_FRENCH = 0.2  # of the texts
_SEVERAL = 0.5  # of the copies are of more than one word, which shows best that what stood there comes again
_MOST_COPIED = 5  # words


def task_share(n_tokens: float) -> float:
    """Tokens of tasks that are trained beside each other token, after so many tokens."""
    return max((share for start, share in TASK_SHARES if n_tokens >= start), default=0.0)


def words_of(train: dict[str, EncodedTexts], tokenizer: Tokenizer) -> Counter[str]:
    """How often each word of small letters is in the simpler texts."""
    counts: Counter[str] = Counter()
    for name in _SOURCES:
        data = train[name]
        for text in tokenizer.decode_batch([data.text(i).tolist() for i in range(len(data))]):
            counts.update(re.findall(r"(?<![\w'-])[a-z]{2,12}(?![\w'-])", text))
    return counts


def pairs_by_rule(counts: Counter[str]) -> dict[str, list[tuple[str, str]]]:
    """Words and their forms by task, the measured words and their forms left out."""
    measured = {word for task in TASKS.values() for pair in task.examples for word in pair}
    known = [word for word, n in counts.items() if n >= _LEAST and word not in measured]

    def forms(*rules: tuple[str, str, str]) -> list[tuple[str, str]]:
        found = []
        for word in known:
            form = next((re.sub(end, new, word) for if_, end, new in rules if re.search(if_, word)), "")
            if form not in measured and counts[form] >= _LEAST and len(word) > 2:
                found.append((word, form))
        return found

    return {
        "copy": [(word, word) for word in known if counts[word] >= 5 * _LEAST],
        "plural": forms(("[^aeiou]y$", "y$", "ies"), ("(s|x|ch|sh)$", "$", "es"), ("", "$", "s")),
        "past": forms(("[^aeiou]y$", "y$", "ied"), ("e$", "$", "d"), ("", "$", "ed")),
    }


def task_rows(train: dict[str, EncodedTexts], tokenizer: Tokenizer, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Texts without end, as tokens: up to as many examples as are measured and one more; `END` before and behind."""
    forms = pairs_by_rule(words_of(train, tokenizer))
    forms = {name: pairs for name, pairs in forms.items() if pairs}
    sentences = train[PAIRS]
    line_end = tokenizer.encode("\n").ids
    while True:
        n = int(rng.integers(2, MOST_SHOTS + 2))
        if not forms or rng.random() < _TO_FRENCH:
            sides = [sentences.text(int(i))[:-1] for i in rng.integers(len(sentences), size=n)]
            ids = np.concatenate([part for one in sides for part in (one, line_end)])[: -len(line_end)]
        else:
            name = list(forms)[int(rng.integers(len(forms)))]
            most = _MOST_COPIED if name == "copy" and rng.random() < _SEVERAL else 1
            lines = [_line(forms[name], int(rng.integers(most)) + 1, rng) for _ in range(n)]
            ids = np.array(tokenizer.encode("\n".join(lines)).ids)
        if len(ids) <= LONGEST:
            yield np.concatenate([[END], ids, [END]])


def _line(pairs: list[tuple[str, str]], n: int, rng: np.random.Generator) -> str:
    """`n` words and their forms."""
    words, forms = zip(*(pairs[int(i)] for i in rng.integers(len(pairs), size=n)), strict=True)
    return f"{' '.join(words)}{ARROW} {' '.join(forms)}"
