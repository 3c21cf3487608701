"""How a vocabulary of subwords is built, and how a checkpoint's tokenizer cuts a text with its own."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from inference.results.request import Request

if TYPE_CHECKING:
    from inference.results.inputs import Input

MOST_TRAINING_LETTERS = 4_000
MOST_TRAINING_WORD = 60  # letters
LEAST_VOCABULARY, MOST_VOCABULARY = 10, 400
MOST_CUT_LETTERS = 2_000
MOST_SYMBOLS = 48  # of a word that is drawn with all that was tried

# To begin with: words with the same stems and endings.
SAMPLE_TEXT = (
    "the tokenizer cuts every text into tokens. words that are frequent stay whole, words that are rare are cut into "
    "pieces: low lower lowest, new newer newest, wide wider widest. the lowest prices are lower than the newest "
    "prices, and the widest streets are wider than the newer streets. newer tokenizers cut the texts into fewer "
    "tokens. the player plays, and the players are playing in the streets; the reader reads, and the readers are "
    "reading the newest texts. tokenizing, reading and playing: the tokenized text is read, the played game is "
    "replayed, the widened street is rewidened, and nobody rereads the unread pieces. unplayed, unread, untokenized, "
    "renewed."
)

Algorithm = Literal["bpe", "wordpiece", "unigram", "wordlevel"]
ALGORITHMS: dict[Algorithm, str] = {
    "bpe": "byte pair encoding",
    "wordpiece": "WordPiece",
    "unigram": "Unigram",
    "wordlevel": "whole words",
}


@dataclass(frozen=True, slots=True)
class VocabularyRequest(Request["VocabularyResult"]):
    """Build a vocabulary from a short text, step by step; needs no checkpoint.

    Attributes
    ----------
    size
        Pieces wanted, 10 to 400.
    chosen_by
        Whether the pair that is merged is the most frequent one, or, of WordPiece, the one with the highest score.
    """

    text: str
    algorithm: Literal["bpe", "wordpiece", "unigram"] = "bpe"
    size: int = 80
    chosen_by: Literal["count", "score"] = "count"


@dataclass(frozen=True, slots=True)
class CountedPair:
    """Two pieces that stand beside each other.

    Attributes
    ----------
    count
        How often, as the trainer counts: in `aaa` the pair `a a` twice.
    score
        `count` by the product of how often each of the two is there.
    new
        What they become together.
    """

    left: str
    right: str
    count: int
    score: float
    new: str


@dataclass(frozen=True, slots=True)
class WeighedPiece:
    """A piece of a Unigram vocabulary at a step of its training.

    Attributes
    ----------
    log_prob
        Natural logarithm of its probability.
    expected
        How often it is expected in the text, all ways to cut each word weighed; NaN where that is not asked.
    loss
        How much log-likelihood a word loses in the mean without it; NaN where it is not asked or there is no other way.
    fate
        `kept`; `single`: kept, as nothing else makes it; `rare`: expected less than half a time; `unused`: on no best
        way; `pruned`: its loss is among the smallest; `left_over`: beyond the wanted size.
    """

    text: str
    log_prob: float
    expected: float = math.nan
    loss: float = math.nan
    fate: Literal["kept", "single", "rare", "unused", "pruned", "left_over"] = "kept"


@dataclass(frozen=True, slots=True)
class VocabularyStep:
    """A step, and what there is behind it.

    Attributes
    ----------
    kind
        `start`: characters, or of Unigram more pieces than wanted; `merge`; `em`: probabilities from expected counts;
        `prune`; `end`: as many pieces as wanted.
    n_pieces, n_tokens
        Pieces of the vocabulary, and of the whole text cut with it.
    pairs, n_pairs
        Of what a merge was chosen, the chosen pair first, and how many pairs there were.
    pieces, n_weighed
        Some pieces of a Unigram vocabulary, those that stay before those that go, and how many there were.
    changed, cuts
        Numbers of the words that are cut otherwise than before, and how.
    bits
        Mean surprisal of a word under a Unigram vocabulary, before the step; NaN where it is not asked.
    """

    kind: Literal["start", "merge", "em", "prune", "end"]
    n_pieces: int
    n_tokens: int
    pairs: tuple[CountedPair, ...] = ()
    n_pairs: int = 0
    pieces: tuple[WeighedPiece, ...] = ()
    n_weighed: int = 0
    n_gone: int = 0
    changed: tuple[int, ...] = ()
    cuts: tuple[tuple[str, ...], ...] = ()
    bits: float = math.nan


@dataclass(frozen=True, slots=True)
class VocabularyResult:
    """How a vocabulary came about.

    Attributes
    ----------
    words, counts
        Different words of the text, the most frequent first, and how often each is there.
    library
        Version of the library tokenizers, whose trainer made a vocabulary of the same words.
    only_here, only_there
        Pieces that only this vocabulary, or only that trainer's, has; empty where both are the same.
    same_order
        Whether the same pairs were merged in the same order; of Unigram, whether the probabilities are the same.
    """

    words: tuple[str, ...]
    counts: tuple[int, ...]
    steps: tuple[VocabularyStep, ...]
    library: str
    only_here: tuple[str, ...]
    only_there: tuple[str, ...]
    same_order: bool

    def cuts(self, step: int) -> list[tuple[str, ...]]:
        """The pieces of every word behind a step."""
        found: list[tuple[str, ...]] = [()] * len(self.words)
        for one in self.steps[: step + 1]:
            for number, pieces in zip(one.changed, one.cuts, strict=True):
                found[number] = pieces
        return found


@dataclass(frozen=True, slots=True)
class CutRequest(Request["CutResult"]):
    """How the checkpoint's tokenizer cuts the text."""

    checkpoint: str
    input: Input


@dataclass(frozen=True, slots=True)
class PieceSpan:
    """A piece that was made, tried or weighed on the way to the tokens of a word.

    Attributes
    ----------
    start, end
        Symbols of the word that it spans.
    level
        Row in which it is drawn, from 0.
    is_token
        Whether it is one of the tokens in the end.
    number
        Of a merge its rank, counted from 1; of a Unigram piece its log-probability; NaN for none.
    is_known
        Whether the vocabulary has it.
    """

    start: int
    end: int
    piece: str
    level: int
    is_token: bool
    number: float = math.nan
    is_known: bool = True


@dataclass(frozen=True, slots=True)
class CutWord:
    """A part of the text that is cut by itself.

    Attributes
    ----------
    text
        As the vocabulary meets it: normalised, its spaces and bytes written as the tokenizer does.
    first, n_tokens
        Its tokens: so many from that position on.
    symbols
        What it is made of before anything is joined: characters or bytes.
    spans
        Empty where nothing is drawn; `why_not` says why.
    best
        Of Unigram the best score up to each place, from 0 to the end; empty for others.
    """

    text: str
    first: int
    n_tokens: int
    symbols: tuple[str, ...]
    spans: tuple[PieceSpan, ...]
    best: tuple[float, ...] = ()
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class CutToken:
    """A token.

    Attributes
    ----------
    piece
        As the vocabulary writes it.
    start, end
        Characters of the typed text that it stands for; -1 where that is not known.
    octets
        The bytes that it stands for; empty for special tokens.
    kind
        `special`: put there by the tokenizer; `added`: a token that stands for itself and is never cut; `unknown`;
        else `piece`.
    why
        Why it is unknown, as a sentence; empty for others.
    """

    id: int
    piece: str
    start: int
    end: int
    octets: tuple[int, ...]
    kind: Literal["piece", "special", "added", "unknown"]
    why: str = ""


@dataclass(frozen=True, slots=True)
class CutResult:
    """How a text is cut.

    Attributes
    ----------
    algorithm
        Empty where the steps are not known.
    n_vocabulary
        Tokens that the tokenizer knows, added ones included.
    normalizers, splitters
        Names of what is done to the text before it is cut, as tokenizer.json calls it.
    normalized
        The text behind the normalizers, without tokens that stand for themselves.
    notes
        What cannot be shown, and why, as sentences.
    """

    text: str
    tokenizer: str
    algorithm: Algorithm | Literal[""]
    n_vocabulary: int
    normalizers: tuple[str, ...]
    splitters: tuple[str, ...]
    normalized: str
    words: tuple[CutWord, ...]
    tokens: tuple[CutToken, ...]
    notes: tuple[str, ...] = ()


# The same in several languages; words are counted where spaces part them.
SENTENCES: tuple[tuple[str, str, bool], ...] = (
    ("English", "The children are playing in the garden because the sun is shining.", True),
    ("German", "Die Kinder spielen im Garten, weil die Sonne scheint.", True),
    ("French", "Les enfants jouent dans le jardin parce que le soleil brille.", True),
    ("Spanish", "Los niños juegan en el jardín porque brilla el sol.", True),
    ("Turkish", "Güneş parladığı için çocuklar bahçede oynuyor.", True),
    ("Finnish", "Lapset leikkivät puutarhassa, koska aurinko paistaa.", True),
    ("Russian", "Дети играют в саду, потому что светит солнце.", True),
    ("Greek", "Τα παιδιά παίζουν στον κήπο επειδή λάμπει ο ήλιος.", True),
    ("Arabic", "يلعب الأطفال في الحديقة لأن الشمس مشرقة.", True),
    ("Hindi", "बच्चे बगीचे में खेल रहे हैं क्योंकि धूप निकली है।", True),
    ("Chinese", "孩子们在花园里玩耍，因为阳光明媚。", False),
    ("Japanese", "太陽が輝いているので、子供たちは庭で遊んでいます。", False),
)
OWN = "your text"
MOST_COMPARED = 8
MOST_ASKED = 64
MOST_COMPARED_LETTERS = 500


@dataclass(frozen=True, slots=True)
class CompareRequest(Request["CompareResult"]):
    """The same sentences cut by the tokenizers of several checkpoints; no model is read.

    Attributes
    ----------
    checkpoints
        Bundled names or folders, at most 64: those without a tokenizer are left out, and behind the eighth all.
    text
        A sentence of the user's beside those of `SENTENCES`; empty for none.
    """

    checkpoints: tuple[str, ...]
    text: str = ""


@dataclass(frozen=True, slots=True)
class ComparedText:
    """A sentence; `n_words` is 0 where spaces part no words."""

    language: str
    text: str
    n_words: int


@dataclass(frozen=True, slots=True)
class ComparedTokenizer:
    """How one tokenizer cuts the sentences, special tokens left out.

    Attributes
    ----------
    pieces
        Of every sentence its tokens as the vocabulary writes them.
    n_unknown, unknown
        How many of them are the unknown one, and what that is called.
    why_not
        Why there are none, as a sentence; empty where there are.
    alike
        Other checkpoints that cut all of the sentences so, with as large a vocabulary.
    """

    checkpoint: str
    algorithm: Algorithm | Literal[""] = ""
    n_vocabulary: int = 0
    pieces: tuple[tuple[str, ...], ...] = ()
    n_unknown: tuple[int, ...] = ()
    unknown: str = ""
    why_not: str = ""
    alike: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CompareResult:
    """Sentences, and how each tokenizer cuts them."""

    texts: tuple[ComparedText, ...]
    tokenizers: tuple[ComparedTokenizer, ...]

    @property
    def read(self) -> tuple[ComparedTokenizer, ...]:
        """Those that could be read."""
        return tuple(one for one in self.tokenizers if not one.why_not)
