"""Building a Unigram vocabulary: begin with too many pieces, weigh them by expectation, remove what costs least.

As `UnigramTrainer` of the library tokenizers does it, which itself follows SentencePiece: Kudo 2018, "Subword
Regularization: Improving Neural Network Translation Models with Multiple Subword Candidates", section 3.2. Seeds,
probabilities and what is pruned are that trainer's. It meets words in random order, which may decide between equal
pieces, and it ranks the penalties of characters that come back by chance.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from inference.models.subwords.lattice import UnigramVocabulary, best_path, expected_counts
from inference.results.tokenization import WeighedPiece

UNKNOWN = "<unk>"
LONGEST_PIECE = 16  # characters
N_SUB_ITERATIONS = 2
SHRINKING = 0.75  # of the pieces stay at a pruning
LEAST_EXPECTED = 0.5
_MARGIN = (11, 10)  # pruning ends at this share of the wanted size; the last step takes the most probable ones
_LEAST_PENALTY = 0.0001


@dataclass(frozen=True, slots=True)
class UnigramStep:
    """A step of training: its pieces (those that it removes, too), and the vocabulary behind it.

    Attributes
    ----------
    bits
        Mean surprisal of a word of the text, all ways to cut it together; before an expectation step.
    """

    kind: Literal["start", "em", "prune", "end"]
    pieces: tuple[WeighedPiece, ...]
    vocabulary: UnigramVocabulary
    bits: float = math.nan


def training(counts: Mapping[str, int], size: int) -> Iterator[UnigramStep]:
    """The steps of training on words and how often each is there.

    Parameters
    ----------
    size
        Pieces wanted, the unknown one included; at least one more than there are characters.

    Raises
    ------
    ValueError
        The words are so few and so uniform that no piece is left.
    """
    vocabulary = _seeds(counts)
    yield UnigramStep("start", _as_pieces(vocabulary), vocabulary)
    wanted = size * _MARGIN[0] // _MARGIN[1]
    while True:
        for _ in range(N_SUB_ITERATIONS):
            step = _expect_and_maximize(vocabulary, counts)
            vocabulary = step.vocabulary
            yield step
        if len(vocabulary.pieces) <= wanted:
            break
        step = _prune(vocabulary, counts, wanted)
        vocabulary = step.vocabulary
        yield step
    yield _end(vocabulary, counts, size)


def _as_pieces(vocabulary: UnigramVocabulary) -> tuple[WeighedPiece, ...]:
    known = zip(vocabulary.pieces[1:], vocabulary.scores[1:], strict=True)
    return tuple(WeighedPiece(text, score) for text, score in known)


def _vocabulary(pieces: list[tuple[str, float]]) -> UnigramVocabulary:
    """With the unknown piece first, which is in no text."""
    texts, scores = [UNKNOWN], [math.nan]
    for text, score in pieces:
        texts.append(text)
        scores.append(score)
    return UnigramVocabulary.of(texts, scores, 0)


def _seeds(counts: Mapping[str, int]) -> UnigramVocabulary:
    """Every character, and every part of a word that is there twice and goes on in two ways, in different words.

    These are the inner nodes of a suffix tree; a part that always ends its words is none. Each is weighed by its length
    times the places where it is, among different words.
    """
    letters: dict[str, int] = {}
    found: dict[str, tuple[int, set[str]]] = {}
    for word, n in counts.items():
        for letter in word:
            letters[letter] = letters.get(letter, 0) + n
        for start in range(len(word)):
            for end in range(start + 2, min(len(word), start + LONGEST_PIECE) + 1):
                places, behind = found.get(word[start:end], (0, set()))
                behind.add(word[end : end + 1])
                found[word[start:end]] = (places + 1, behind)
    parts = {part: places * len(part) for part, (places, behind) in found.items() if len(behind) > 1}
    singles = sorted(letters.items(), key=lambda item: (item[1], item[0]), reverse=True)
    longer = sorted(parts.items(), key=lambda item: (item[1], item[0]), reverse=True)
    whole = math.log(_sum((*letters.values(), *parts.values())))
    return _vocabulary([(text, math.log(weight) - whole) for text, weight in (*singles, *longer)])


def _expect_and_maximize(vocabulary: UnigramVocabulary, counts: Mapping[str, int]) -> UnigramStep:
    """How often each piece is expected; from that new probabilities, which favour few pieces: digamma for logarithm."""
    expected = [0.0] * len(vocabulary.pieces)
    total = 0.0
    for word, n in counts.items():
        nodes = vocabulary.nodes(word)
        shares, log_prob = expected_counts(nodes, len(word))
        total += n * log_prob
        for node, share in zip(nodes, shares, strict=True):
            expected[node.piece] += n * share
    enough = [value >= LEAST_EXPECTED for value in expected]
    if not any(enough[1:]):
        raise ValueError("no piece is expected half a time")
    whole = digamma(_sum(value for value, is_enough in zip(expected[1:], enough[1:], strict=True) if is_enough))
    kept: list[tuple[str, float]] = []
    pieces: list[WeighedPiece] = []
    for text, value, is_enough in zip(vocabulary.pieces[1:], expected[1:], enough[1:], strict=True):
        log_prob = digamma(value) - whole if is_enough else -math.inf
        pieces.append(WeighedPiece(text, log_prob, value, fate="kept" if is_enough else "rare"))
        if is_enough:
            kept.append((text, log_prob))
    bits = -total / sum(counts.values()) / math.log(2)
    return UnigramStep("em", tuple(pieces), _vocabulary(kept), bits)


def _prune(vocabulary: UnigramVocabulary, counts: Mapping[str, int], wanted: int) -> UnigramStep:
    """Keep three quarters, at most down to `wanted`: those whose loss is greatest, and what nothing else makes.

    The loss is an estimate: without a piece the second best way to make it takes its place everywhere. As in the
    library, the number of tokens afterwards is estimated as if that way had as many pieces as the vocabulary, which
    favours frequent pieces; by the paper it would be the number of pieces of that way.
    """
    n = len(vocabulary.pieces)
    others = [_other_way(vocabulary, number) for number in range(n)]
    frequency, words_with = [0.0] * n, [0.0] * n
    for word, times in counts.items():
        for node in best_path(vocabulary.nodes(word), len(word))[0]:
            frequency[node.piece] += times
            words_with[node.piece] += times
    whole, n_words = _sum(frequency), sum(counts.values())
    losses = [math.nan] * n
    fates: list[Any] = ["single"] * n
    for number in range(1, n):
        way = others[number]
        if frequency[number] == 0 and way != []:
            fates[number] = "unused"
        elif way:
            now = math.log(frequency[number]) - math.log(whole)
            then = math.log(whole + frequency[number] * (n - 1))
            instead = _sum(math.log(frequency[other] + frequency[number]) - then for other in way)
            losses[number] = words_with[number] / n_words * (now - instead)
            fates[number] = "pruned"
    order = [number for number in range(1, n) if fates[number] == "single"]
    most = max(wanted, int(n * SHRINKING)) - 1  # the unknown piece is one of them
    for number in sorted((i for i in range(1, n) if fates[i] == "pruned"), key=lambda i: -losses[i]):
        if len(order) == most:
            break
        order.append(number)
        fates[number] = "kept"
    scores = vocabulary.scores
    pieces = tuple(WeighedPiece(vocabulary.pieces[i], scores[i], math.nan, losses[i], fates[i]) for i in range(1, n))
    return UnigramStep("prune", pieces, _vocabulary([(vocabulary.pieces[i], scores[i]) for i in order]))


def _other_way(vocabulary: UnigramVocabulary, number: int) -> list[int] | None:
    """The second best way to make a piece; empty where there is none; None where it is not the best way itself."""
    if number == 0:
        return None
    text = vocabulary.pieces[number]
    nodes = vocabulary.nodes(text)
    rest = [node for node in nodes if node.end - node.start < len(text)]
    path, best = best_path(rest, len(text))
    if path and best[-1] > vocabulary.scores[number]:
        return None
    return [node.piece for node in path]


def _end(vocabulary: UnigramVocabulary, counts: Mapping[str, int], size: int) -> UnigramStep:
    """Every character, then the others in their order, until there are as many as wanted; sorted by probability."""
    known = dict(zip(vocabulary.pieces[1:], vocabulary.scores[1:], strict=True))
    letters = dict.fromkeys(letter for word in counts for letter in word)
    missing = [letter for letter in letters if letter not in known]
    low = {letter: vocabulary.least + place * _LEAST_PENALTY for place, letter in enumerate(missing)}
    kept = {letter: known.get(letter, low.get(letter, 0.0)) for letter in letters}
    left_over: list[str] = []
    is_full = False  # looked at behind each piece: characters alone that fill the size let all others in
    for text, score in known.items():
        if text in kept:
            continue
        if is_full:
            left_over.append(text)
            continue
        kept[text] = score
        is_full = len(kept) == size - 1
    final = sorted(kept.items(), key=lambda item: -item[1])
    pieces = [WeighedPiece(text, score) for text, score in final]
    pieces += [WeighedPiece(text, known[text], fate="left_over") for text in left_over]
    return UnigramStep("end", tuple(pieces), _vocabulary(final))


def digamma(x: float) -> float:
    """The derivative of the logarithm of the gamma function, for positive numbers; the library's own series."""
    result = 0.0
    while x < 7.0:
        result -= 1.0 / x
        x += 1.0
    x -= 0.5
    square = (1.0 / x) * (1.0 / x)
    fourth = square * square
    result += (
        math.log(x)
        + (1.0 / 24.0) * square
        - 7.0 / 960.0 * fourth
        + (31.0 / 8064.0) * fourth * square
        - (127.0 / 30720.0) * fourth * fourth
    )
    return result


def _sum(values: Iterable[float]) -> float:
    """One after the other, as the library adds up: Python's own sum rounds better, and so otherwise."""
    total = 0.0
    for value in values:
        total += value
    return total
