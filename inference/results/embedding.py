"""Word vectors: which lie near each other, a map of them, and what a : b :: c asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from inference.results.request import Request

if TYPE_CHECKING:
    import numpy as np

    from inference.results.inputs import Input

MOST_MAPPED = 1_000  # words
MOST_NEAR = 50
MOST_WINDOW, MOST_NEGATIVE = 10, 20
MOST_SLID_WORDS = 200

# Words that belong together, to look at and to measure by.
GROUPS: dict[str, tuple[str, ...]] = {
    name: tuple(words.split())
    for name, words in {
        "family": "father mother son daughter brother sister husband wife uncle aunt cousin grandmother",
        "countries": "france germany italy spain england japan china india canada australia russia mexico brazil egypt",
        "months": "january february march april june july august september october november december",
        "numbers": "two three four five six seven eight nine ten eleven twelve twenty",
        "colours": "red blue green yellow black white brown orange purple pink grey",
        "animals": "dog cat horse cow bird lion elephant monkey tiger mouse rabbit sheep snake",
    }.items()
}

MapMethod = Literal["pca", "tsne"]


@dataclass(frozen=True, slots=True)
class VectorSource:
    """Whose vectors are looked at.

    Attributes
    ----------
    kind
        `bundled`: those that come with Headlight; `file`: of the user's; `tokens`: the input embeddings of the open
        checkpoint.
    path
        The file.
    """

    kind: Literal["bundled", "file", "tokens"] = "bundled"
    path: str = ""


@dataclass(frozen=True, slots=True)
class OpenVectorsRequest(Request["OpenedVectors"]):
    """Whether a file holds word vectors that can be looked at."""

    path: str


@dataclass(frozen=True, slots=True)
class OpenedVectors:
    """A file of word vectors that opened: how many there are, of how many numbers."""

    path: str
    n_vectors: int
    d_model: int


@dataclass(frozen=True, slots=True)
class EmbeddingRequest(Request["EmbeddingResult"]):
    """A map of words, and the nearest words of one.

    Attributes
    ----------
    words
        What is on the map; none: the `n_mapped` most frequent words.
    projection
        pca: the plane of the largest variance; tsne: near words stay near, distances mean little.
    word
        Whose neighbours are told; empty: of none.
    seed
        Of t-SNE.
    """

    checkpoint: str
    source: VectorSource
    words: tuple[str, ...] = ()
    n_mapped: int = 150
    projection: MapMethod = "pca"
    word: str = ""
    top_k: int = 10
    seed: int = 0


@dataclass(frozen=True, slots=True)
class EmbeddingResult:
    """Words in a plane, and neighbours.

    Attributes
    ----------
    name
        Where the vectors are from, for the user.
    n_vectors, d_model
        How many there are, of how many numbers.
    words, places
        float64 [word, 2]: on the map. The neighbours of `word` are among them.
    is_near
        bool [word]: those that are on the map as neighbours only, or as `word` itself.
    explained
        float64 [2]: share of the variance of the words on either axis; NaN of t-SNE.
    word
        As the vectors have it; empty for none.
    neighbours, cosines
        The nearest words, float64 [k], -1 to 1.
    notes
        Sentences: what was left out.
    """

    name: str
    n_vectors: int
    d_model: int
    words: tuple[str, ...]
    places: np.ndarray
    is_near: np.ndarray
    explained: np.ndarray
    projection: MapMethod
    word: str
    neighbours: tuple[str, ...]
    cosines: np.ndarray
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AnalogyRequest(Request["AnalogyResult"]):
    """The word that is to `c` as `b` is to `a`."""

    checkpoint: str
    source: VectorSource
    a: str = "man"
    b: str = "woman"
    c: str = "king"
    top_k: int = 8


@dataclass(frozen=True, slots=True)
class AnalogyResult:
    """A parallelogram of words, in the plane through a, b and c.

    Attributes
    ----------
    words
        a, b, c as the vectors have them.
    candidates, cosines
        Words nearest to b - a + c, none of the three; float64 [k], -1 to 1.
    places
        float64 [4 + k, 2]: a, b, c, b - a + c and the candidates, dropped onto the plane; a is at 0, 0.
    heights
        float64 [k]: how far each candidate is from the plane, in lengths of a word's vector.
    """

    name: str
    words: tuple[str, str, str]
    candidates: tuple[str, ...]
    cosines: np.ndarray
    places: np.ndarray
    heights: np.ndarray
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SlidingWindowRequest(Request["SlidingWindowResult"]):
    """A window that slides over a text, as word2vec is trained: what one pass makes of it.

    Attributes
    ----------
    window
        Most words to either side; shrunk at random at each place.
    n_negative
        Noise words a pair.
    sample
        Words with a larger share of the training text are left out at random; 0: none is.
    seed
        Of all that is random.
    """

    checkpoint: str
    input: Input
    source: VectorSource
    window: int = 3
    n_negative: int = 4
    sample: float = 1e-3
    seed: int = 0


@dataclass(frozen=True, slots=True)
class SlidingWindowStep:
    """One place of the window.

    Attributes
    ----------
    centre
        Word of the text, from 0.
    half_width
        To how many words it was shrunk, counted among those that are kept.
    contexts
        Words of the text in the window.
    negatives
        Noise words as the vectors have them.
    scores
        float64 [context, 1 + noise]: u·v of each word of the window with the centre and with the noise words; noise
        that is the centre itself is NaN.
    cbow_scores
        float64 [1 + noise]: the same with the mean of the window.
    skip_gram_loss, cbow_loss
        Mean over the pairs, and of the mean: -log σ(u·v) of the centre, and -log σ(-u·v) of all noise.
    """

    centre: int
    half_width: int
    contexts: tuple[int, ...]
    negatives: tuple[str, ...]
    scores: np.ndarray
    cbow_scores: np.ndarray
    skip_gram_loss: float
    cbow_loss: float


@dataclass(frozen=True, slots=True)
class SlidingWindowResult:
    """A text, and the window at every place of it.

    Attributes
    ----------
    words
        As they are written, without signs.
    is_known
        bool [word]: whether there is a vector; other words are passed over, as if they were not there.
    keep
        float64 [word]: how likely a word is not left out; NaN of unknown ones.
    is_kept
        bool [word]: whether it was not, this time.
    steps
        One a word that is kept and has another one near.
    """

    name: str
    words: tuple[str, ...]
    is_known: np.ndarray
    keep: np.ndarray
    is_kept: np.ndarray
    window: int
    steps: tuple[SlidingWindowStep, ...]
    notes: tuple[str, ...] = ()
