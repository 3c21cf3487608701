"""Word vectors looked at: neighbours, maps, analogies, and what word2vec makes of a text."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from inference.context import Refused
from inference.inputs.tokens import piece
from inference.models.sliding_window import slide, written_words
from inference.models.word_maps import LEAST_TSNE, neighbour_map, plane_through, principal_plane
from inference.models.word_vectors import WordVectors, open_vectors
from inference.results.counts import verb
from inference.results.embedding import (
    MOST_MAPPED,
    MOST_NEAR,
    MOST_NEGATIVE,
    MOST_SLID_WORDS,
    MOST_WINDOW,
    AnalogyRequest,
    AnalogyResult,
    EmbeddingRequest,
    EmbeddingResult,
    OpenedVectors,
    OpenVectorsRequest,
    SlidingWindowRequest,
    SlidingWindowResult,
    VectorSource,
)
from resources import EMBEDDINGS

if TYPE_CHECKING:
    from inference.context import Context
    from inference.forward.model import Model

_MOST_NUMBERS = 60_000_000  # of a checkpoint's embeddings that are looked at
_LEAST_LETTERS = 3  # of a token that is on the map unasked
_STORED = "word_vectors"


def opened_vectors(request: OpenVectorsRequest, context: Context) -> OpenedVectors:
    """Open a file of word vectors; the next requests find it open.

    Raises
    ------
    Refused
        It is not there, or holds no vectors of words.
    """
    vectors = _of_file(Path(request.path), context)
    return OpenedVectors(request.path, *vectors.inputs.shape)


def embedding(request: EmbeddingRequest, model: Model, context: Context) -> EmbeddingResult:
    """Words in a plane, and the nearest ones of one word by cosine; all vectors at length 1.

    Parameters
    ----------
    context
        One checkpoint while a file is read, and one before the map.

    Raises
    ------
    Refused
        There are no such vectors, or of none of the words; a number is out of bounds.
    """
    _check_between("words on the map", request.n_mapped, 2, MOST_MAPPED)
    _check_between("neighbours", request.top_k, 1, MOST_NEAR)
    _check_between("words on the map", len(request.words), 0, MOST_MAPPED)
    vectors, name = _vectors(request.source, model, context)
    notes = list(vectors.notes)
    mapped, missing = _mapped(request, vectors)
    word = vectors.find(request.word.strip()) if request.word.strip() else None
    if request.word.strip() and word is None:
        notes.append(f"{name} have no vector of “{request.word.strip()[:40]}”.")
    near, cosines = (
        vectors.nearest(vectors.unit[word], request.top_k, (word,)) if word is not None else ([], np.zeros(0))
    )
    if missing:
        notes.append(f"Without a vector: {_listed(missing)}.")
    extra = [] if word is None else [place for place in (word, *near) if place not in set(mapped)]
    shown = [*mapped, *extra]
    if len(shown) < 2:
        found = [vectors.words[place] for place in shown]
        raise Refused(_too_few(name, found, missing, is_typed=bool(request.words)))
    context.checkpoint(0, 1, "Making the map")
    if request.projection == "tsne":
        if len(shown) < LEAST_TSNE:
            raise Refused(f"t-SNE needs at least {LEAST_TSNE} words; {len(shown)} {verb(len(shown))} here.")
        places, explained = neighbour_map(vectors.unit[shown], request.seed), np.full(2, np.nan)
    else:
        places, explained = principal_plane(vectors.unit[shown])
    return EmbeddingResult(
        name=name,
        n_vectors=len(vectors.words),
        d_model=vectors.inputs.shape[1],
        words=tuple(vectors.words[place] for place in shown),
        places=places,
        is_near=np.arange(len(shown)) >= len(mapped),
        explained=explained,
        projection=request.projection,
        word="" if word is None else vectors.words[word],
        neighbours=tuple(vectors.words[place] for place in near),
        cosines=cosines,
        notes=tuple(notes),
    )


def _mapped(request: EmbeddingRequest, vectors: WordVectors) -> tuple[list[int], list[str]]:
    """Places of the words on the map, and those that have no vector."""
    if not request.words:
        return _first_words(vectors, request.n_mapped), []
    found = {word: vectors.find(word) for word in request.words}
    return (
        list(dict.fromkeys(place for place in found.values() if place is not None)),
        [word for word, place in found.items() if place is None],
    )


def _too_few(name: str, found: list[str], missing: list[str], *, is_typed: bool) -> str:
    """Why there is no map, and what makes one."""
    if not missing:
        if is_typed:
            return f"“{found[0][:40]}” is one word; a map needs two."
        return f"{name} are {len(found)} in all; a map needs the vectors of two words."
    has = f"only “{found[0][:40]}” of these words" if found else "none of these words"
    return (
        f"{name} have {has}, and a map needs two. Without a vector: {_listed(missing)}. Choose “Frequent words” to see "
        "which words they have, or type some of those."
    )


def _first_words(vectors: WordVectors, n: int) -> list[int]:
    """The most frequent words; of tokens the first that begin a word and have three letters."""
    if vectors.is_ranked:
        fitting = (place for place, word in enumerate(vectors.words) if any(sign.isalpha() for sign in word))
    else:
        with_mark = any(word.startswith("␣") for word in vectors.words)
        fitting = (
            place
            for place, word in enumerate(vectors.words)
            if word.startswith("␣") == with_mark
            and word.removeprefix("␣").isalpha()
            and len(word.removeprefix("␣")) >= _LEAST_LETTERS
        )
    return [place for place, _ in zip(fitting, range(n), strict=False)]


def analogy(request: AnalogyRequest, model: Model, context: Context) -> AnalogyResult:
    """The words nearest to b - a + c, and all of them in the plane through a, b and c.

    Raises
    ------
    Refused
        There are no such vectors, or none of a, b or c.

    References
    ----------
    Mikolov, Yih and Zweig 2013, "Linguistic Regularities in Continuous Space Word Representations"; the three given
    words are none of the answers.
    """
    _check_between("answers", request.top_k, 1, MOST_NEAR)
    vectors, name = _vectors(request.source, model, context)
    typed = [word.strip() for word in (request.a, request.b, request.c)]
    if not all(typed):
        raise Refused("An analogy needs three words: a is to b as c is to which?")
    places = [vectors.find(word) for word in typed]
    if missing := [word[:40] for word, place in zip(typed, places, strict=True) if place is None]:
        raise Refused(f"{name} have no vector of {' and '.join(f'“{word}”' for word in missing)}.")
    a, b, c = (place for place in places if place is not None)
    if a == b == c:
        raise Refused(
            f"a, b and c are all “{vectors.words[a][:40]}”: from a word to itself there is no way to follow. Type at "
            "least two different words."
        )
    target = vectors.analogy(a, b, c)
    best, cosines = vectors.nearest(target, request.top_k, (a, b, c))
    origin, plane = plane_through(*(vectors.unit[place] for place in (a, b, c)))
    points = np.stack([*vectors.unit[[a, b, c]], target, *vectors.unit[best]]).astype(np.float64) - origin
    flat = points @ plane.T
    heights = np.linalg.norm(points - flat @ plane, axis=1)[4:]
    words = vectors.words
    return AnalogyResult(
        name=name,
        words=(words[a], words[b], words[c]),
        candidates=tuple(words[place] for place in best),
        cosines=cosines,
        places=flat,
        heights=heights,
        notes=(*_repeated(a, b, c, vectors.words), *vectors.notes),
    )


def _repeated(a: int, b: int, c: int, words: tuple[str, ...]) -> tuple[str, ...]:
    """A sentence where two of three words are the same, so that the parallelogram is only a line."""
    for same, corner in (("b", c if a == b else None), ("c", b if a == c else None)):
        if corner is not None:
            return (
                f"a and {same} are the same word: the fourth corner is “{words[corner]}” itself, and the answers are "
                "its neighbours.",
            )
    if b == c:
        return (f"b and c are the same word: the fourth corner lies beyond “{words[b]}”, seen from “{words[a]}”.",)
    return ()


def sliding_window(request: SlidingWindowRequest, model: Model, context: Context) -> SlidingWindowResult:
    """What word2vec makes of the text, place by place.

    Raises
    ------
    Refused
        There is no text, or too much of it; a number is out of bounds; there are no such vectors.

    References
    ----------
    Mikolov et al. 2013, "Distributed Representations of Words and Phrases and their Compositionality", sections 2.2 and
    2.3.
    """
    _check_between("words to either side", request.window, 1, MOST_WINDOW)
    _check_between("noise words", request.n_negative, 1, MOST_NEGATIVE)
    if not 0 <= request.sample <= 1:
        raise Refused(f"Words above a share of {request.sample} were to be left out; 0 to 1 is allowed.")
    text = request.input.text.text if request.input.text is not None else ""
    words, _ = written_words(text)
    if not words:
        raise Refused("There is no text; type a sentence.")
    if len(words) > MOST_SLID_WORDS:
        raise Refused(f"The text has {len(words):,} words; the window slides over at most {MOST_SLID_WORDS}.")
    vectors, name = _vectors(request.source, model, context)
    return slide(
        vectors,
        text,
        name,
        window=request.window,
        n_negative=request.n_negative,
        sample=request.sample,
        seed=request.seed,
    )


# Whose vectors


def _vectors(source: VectorSource, model: Model, context: Context) -> tuple[WordVectors, str]:
    """The vectors, and a name that a sentence can begin with, in the plural."""
    if source.kind == "tokens":
        return _of_tokens(model), f"The token embeddings of {model.info.name}"
    path = Path(source.path) if source.kind == "file" else EMBEDDINGS
    name = f"The vectors of {path.name}" if source.kind == "file" else "The bundled vectors"
    return _of_file(path, context), name


def _of_file(path: Path, context: Context) -> WordVectors:
    try:
        stat = os.stat(path)
    except (OSError, ValueError):
        stat = None  # opening it will say why
    context.checkpoint(0, 1, f"Reading {path.name}")
    if stat is None:
        return open_vectors(path)
    key = (str(path), stat.st_mtime_ns, stat.st_size)
    if key not in _kept:
        found = open_vectors(path, lambda done, total: context.checkpoint(done, total, f"Reading {path.name}"))
        while len(_kept) >= _MOST_KEPT:
            del _kept[next(iter(_kept))]
        _kept[key] = found
    return _kept[key]


_MOST_KEPT = 2  # files
_kept: dict[tuple[str, int, int], WordVectors] = {}


def _of_tokens(model: Model) -> WordVectors:
    """What a checkpoint's tokens are to it before its first layer."""
    if model.tokenizer is None:
        raise Refused(f"{model.info.name} has no tokens that are words.")
    if _STORED not in model.store:
        try:
            weight: Any = model.net.get_input_embeddings().weight
        except (AttributeError, NotImplementedError) as error:
            raise Refused(f"{model.info.name} has no table of token embeddings to show.") from error
        d = int(weight.shape[1])
        n = min(len(weight), len(model.tokenizer), max(1, _MOST_NUMBERS // d))
        table = np.array(weight[:n].detach().float().cpu().numpy())
        first: dict[str, int] = {}
        for token in range(n):
            first.setdefault(piece(token, model.tokenizer), token)
        notes = () if n == len(weight) else (f"The first {n:,} of {len(weight):,} tokens are looked at.",)
        words = tuple(first)
        model.store[_STORED] = WordVectors(
            words, table[list(first.values())], kind="token embeddings", is_ranked=False, notes=notes
        )
    found = model.store[_STORED]
    assert isinstance(found, WordVectors)
    return found


def _check_between(what: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise Refused(f"{value:,} {what} were asked for; {low:,} to {high:,} will do.")


def _listed(words: list[str]) -> str:
    some = ", ".join(word[:40] for word in words[:8])
    return f"{some} and {len(words) - 8} more" if len(words) > 8 else some
