"""Building a vocabulary of subwords, and cutting a text with a checkpoint's own."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inference.checkpoints.inspection import plan
from inference.context import Refused
from inference.files.tokenizer_files import load_tokenizer
from inference.inputs.cutting import algorithm_of, cut_text
from inference.models.subwords.lattice import best_path
from inference.models.subwords.merge_training import MergeTraining
from inference.models.subwords.unigram_training import UNKNOWN, UnigramStep, training
from inference.results.tokenization import (
    LEAST_VOCABULARY,
    MOST_ASKED,
    MOST_COMPARED,
    MOST_COMPARED_LETTERS,
    MOST_CUT_LETTERS,
    MOST_TRAINING_LETTERS,
    MOST_TRAINING_WORD,
    MOST_VOCABULARY,
    OWN,
    SENTENCES,
    ComparedText,
    ComparedTokenizer,
    CompareRequest,
    CompareResult,
    CutRequest,
    CutResult,
    VocabularyRequest,
    VocabularyResult,
    VocabularyStep,
    WeighedPiece,
)

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from inference.context import Context
    from inference.forward.model import Model

PREFIX = "##"
_N_LISTED = 12  # pieces of each kind that a step lists
_SAME = 0.01  # of two log-probabilities: pieces that were dropped and come back as characters have no certain one


def vocabulary(request: VocabularyRequest, context: Context) -> VocabularyResult:
    """Build a vocabulary as the trainers of the library tokenizers do, and compare it with what they build.

    Parameters
    ----------
    context
        One checkpoint a step.

    Raises
    ------
    Refused
        There is no text or too much of it, a word is too long, or no such vocabulary can be built.

    References
    ----------
    Sennrich et al. 2016, "Neural Machine Translation of Rare Words with Subword Units", section 3.2; Schuster and
    Nakajima 2012, "Japanese and Korean Voice Search", section 3; Kudo 2018, "Subword Regularization", section 3.2.
    """
    counts = _counted(request)
    n_letters = len({letter for word in counts for letter in word})
    if not LEAST_VOCABULARY <= request.size <= MOST_VOCABULARY:
        raise Refused(
            f"A vocabulary of {request.size} pieces was asked for; {LEAST_VOCABULARY} to {MOST_VOCABULARY} are allowed."
        )
    if request.algorithm == "unigram" and request.size <= n_letters:
        raise Refused(
            f"The text has {n_letters} different characters, each of which needs a piece, beside the one for what is "
            f"unknown; a vocabulary of {request.size} is too small, {n_letters + 1} is the least."
        )
    context.checkpoint(0, 0, "Building a vocabulary")
    if request.algorithm == "unigram":
        try:
            return _by_likelihood(counts, request.size, context)
        except ValueError as error:
            raise Refused(f"Of this text Unigram keeps nothing, as {error}; a longer one is needed.") from error
    return _by_merging(counts, request, context)


def cut(request: CutRequest, model: Model, context: Context) -> CutResult:
    """Cut the text with the checkpoint's own tokenizer, and follow how its tokens come about.

    Raises
    ------
    Refused
        The checkpoint has no tokenizer; there is no text, or too much of it.
    """
    context.checkpoint()
    text = request.input.text
    if model.tokenizer is None:
        raise Refused(f"{model.info.name} has no tokenizer, so there is nothing that cuts a text.")
    if text is None or text.token_ids is not None or not text.text:
        raise Refused("There is no text to cut; type a sentence.")
    if len(text.text) > MOST_CUT_LETTERS:
        raise Refused(f"The text has {len(text.text):,} characters; at most {MOST_CUT_LETTERS:,} are cut here.")
    _check_letters(text.text)
    return cut_text(model.tokenizer, text.text)


def compare(request: CompareRequest, context: Context) -> CompareResult:
    """Cut the same sentences with the tokenizers of several checkpoints, of which only the tokenizer is read.

    A checkpoint whose tokenizer cannot be read costs itself alone: a sentence says why.

    Parameters
    ----------
    context
        One checkpoint a tokenizer; none is kept when the next one is read.

    Raises
    ------
    Refused
        Nothing is to be compared, or too much of it; the text is too long.
    """
    n = len(request.checkpoints)
    if not 1 <= n <= MOST_ASKED:
        raise Refused(f"The tokenizers of {n} checkpoints were to be compared; 1 to {MOST_ASKED} are allowed.")
    if len(request.text) > MOST_COMPARED_LETTERS:
        raise Refused(
            f"The text has {len(request.text):,} characters; at most {MOST_COMPARED_LETTERS} are compared with others."
        )
    _check_letters(request.text)
    texts = [ComparedText(name, text, len(text.split()) * has_spaces) for name, text, has_spaces in SENTENCES]
    if request.text.strip():
        texts.insert(0, ComparedText(OWN, request.text, len(request.text.split())))
    found: list[ComparedTokenizer] = []
    for number, place in enumerate(request.checkpoints):
        name = Path(place).name
        context.checkpoint(number, n, f"Reading the tokenizer of {name}")
        if len(found) == MOST_COMPARED:
            break
        try:
            if (tokenizer := _tokenizer_of(place)) is not None:
                _add(_cut_by(tokenizer, name, texts), found)
        except Refused as refused:
            found.append(ComparedTokenizer(name, why_not=str(refused)))
    if not found:
        raise Refused("None of the checkpoints at hand has a tokenizer to compare.")
    return CompareResult(tuple(texts), tuple(found))


def _add(new: ComparedTokenizer, found: list[ComparedTokenizer]) -> None:
    """One that cuts all as another one does, and knows as much, stands beside that one's name."""
    for place, one in enumerate(found):
        if not one.why_not and replace(new, checkpoint=one.checkpoint, alike=one.alike) == one:
            found[place] = replace(one, alike=(*one.alike, new.checkpoint))
            return
    found.append(new)


def _tokenizer_of(checkpoint: str) -> PreTrainedTokenizerBase | None:
    """From its files, which are checked as when the checkpoint is opened; None where it has none."""
    found = plan(checkpoint)
    return load_tokenizer(found.folder, found.config) if found.info.has_tokenizer else None


def _cut_by(tokenizer: PreTrainedTokenizerBase, name: str, texts: list[ComparedText]) -> ComparedTokenizer:
    pieces, n_unknown, unknown = [], [], str(tokenizer.unk_token or "")
    for one in texts:
        ids: Any = tokenizer(one.text, add_special_tokens=False)["input_ids"]
        pieces.append(tuple(map(str, tokenizer.convert_ids_to_tokens(ids))))
        n_unknown.append(sum(number == tokenizer.unk_token_id for number in ids))
    return ComparedTokenizer(name, algorithm_of(tokenizer), len(tokenizer), tuple(pieces), tuple(n_unknown), unknown)


def _check_letters(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise Refused("The text holds half of a surrogate pair, which is no letter.") from error


def _counted(request: VocabularyRequest) -> dict[str, int]:
    """The words of the text, the most frequent first."""
    from tokenizers.pre_tokenizers import Whitespace

    text = request.text
    if len(text) > MOST_TRAINING_LETTERS:
        raise Refused(f"The text has {len(text):,} characters; at most {MOST_TRAINING_LETTERS:,} are learned from.")
    _check_letters(text)
    words = [word for word, _ in Whitespace().pre_tokenize_str(text.replace("\0", " "))]
    if not words:
        raise Refused("There are no words to learn from; type a text.")
    if len(longest := max(words, key=len)) > MOST_TRAINING_WORD:
        raise Refused(f"A word has {len(longest):,} characters; at most {MOST_TRAINING_WORD} are learned from.")
    return dict(Counter(words).most_common())


def _by_merging(counts: dict[str, int], request: VocabularyRequest, context: Context) -> VocabularyResult:
    prefix = PREFIX if request.algorithm == "wordpiece" else ""
    trained = MergeTraining(counts, prefix)
    everything = tuple(range(len(counts)))
    steps = [VocabularyStep("start", len(trained.pieces), trained.n_tokens, changed=everything, cuts=_cuts(trained))]
    is_by_score = request.chosen_by == "score" and request.algorithm == "wordpiece"
    merges = trained.merges_by_score(request.size) if is_by_score else trained.merges(request.size)
    for merge in merges:
        context.checkpoint(len(steps), request.size, f"Merge {len(steps)}")
        cuts = tuple(trained.cut(word) for word in merge.changed)
        steps.append(
            VocabularyStep(
                "merge",
                len(trained.pieces),
                trained.n_tokens,
                merge.pairs,
                merge.n_pairs,
                changed=merge.changed,
                cuts=cuts,
            )
        )
    there, merges_there = _library_merges(counts, request)
    here = trained.pieces
    if prefix and not is_by_score:  # its numbers of single pieces are random: the same with these, which decide ties
        singles = [piece for piece in there if piece.startswith(PREFIX) and len(piece) == len(PREFIX) + 1]
        again = MergeTraining(counts, prefix, singles)
        for _ in again.merges(request.size):
            pass
        here = again.pieces
    made = [(step.pairs[0].left, step.pairs[0].right) for step in steps[1:]]
    same = here == there and (merges_there is None or list(dict.fromkeys(made)) == merges_there)
    return _compared(counts, steps, here, there, same)


def _cuts(trained: MergeTraining) -> tuple[tuple[str, ...], ...]:
    return tuple(trained.cut(word) for word in range(len(trained.counts)))


def _by_likelihood(counts: dict[str, int], size: int, context: Context) -> VocabularyResult:
    steps: list[VocabularyStep] = []
    before: list[tuple[str, ...]] = [()] * len(counts)
    final: dict[str, float] = {}
    for step in training(counts, size):
        context.checkpoint(len(steps), 0, f"Step {len(steps)}: {len(step.vocabulary.pieces):,} pieces")
        cuts = [
            tuple(word[node.start : node.end] for node in best_path(step.vocabulary.nodes(word), len(word))[0])
            for word in counts
        ]
        changed = tuple(number for number, cut in enumerate(cuts) if cut != before[number])
        n_tokens = sum(len(cut) * n for cut, n in zip(cuts, counts.values(), strict=True))
        gone = [piece for piece in step.pieces if piece.fate in ("rare", "unused", "pruned", "left_over")]
        steps.append(
            VocabularyStep(
                step.kind,
                len(step.vocabulary.pieces),
                n_tokens,
                pieces=_listed(step, gone),
                n_weighed=len(step.pieces),
                n_gone=len(gone),
                changed=changed,
                cuts=tuple(cuts[number] for number in changed),
                bits=step.bits,
            )
        )
        before = cuts
        final = dict(zip(step.vocabulary.pieces, step.vocabulary.scores, strict=True))
    there = dict(_trained_by_library(counts, "unigram", size)["vocab"])
    same = final.keys() == there.keys() and all(
        math.isclose(final[piece], there[piece], abs_tol=_SAME) for piece in final if piece != UNKNOWN
    )
    return _compared(counts, steps, list(final), list(there), same)


def _listed(step: UnigramStep, gone: list[WeighedPiece]) -> tuple[WeighedPiece, ...]:
    """The best of those that stay, then the best of those that go."""

    def worth(piece: WeighedPiece) -> float:
        if step.kind == "prune":
            return -math.inf if math.isnan(piece.loss) else piece.loss
        return piece.log_prob if math.isfinite(piece.log_prob) else piece.expected - 1e6

    stay = [piece for piece in step.pieces if piece not in gone]
    best = sorted(stay, key=worth, reverse=True)[:_N_LISTED]
    return (*best, *sorted(gone, key=worth, reverse=True)[:_N_LISTED])


# What the library makes of the same words


def _library_merges(
    counts: dict[str, int], request: VocabularyRequest
) -> tuple[list[str], list[tuple[str, str]] | None]:
    """Its pieces in the order of their numbers, and its merges, which WordPiece does not keep."""
    trained = _trained_by_library(counts, request.algorithm, request.size)
    pieces = sorted(trained["vocab"], key=trained["vocab"].__getitem__)
    return pieces, [(left, right) for left, right in trained["merges"]] if request.algorithm == "bpe" else None


def _trained_by_library(counts: dict[str, int], algorithm: str, size: int) -> dict[str, Any]:
    """The model that its trainer makes, as tokenizer.json has it."""
    import json

    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    models_of = {"bpe": models.BPE, "wordpiece": models.WordPiece, "unigram": models.Unigram}
    trainer: Any
    if algorithm == "unigram":
        trainer = trainers.UnigramTrainer(
            vocab_size=size, unk_token=UNKNOWN, special_tokens=[UNKNOWN], show_progress=False
        )
    else:
        kind = trainers.BpeTrainer if algorithm == "bpe" else trainers.WordPieceTrainer
        trainer = kind(vocab_size=size, show_progress=False)
    tokenizer = Tokenizer(models_of[algorithm]())
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()  # pyright: ignore[reportAttributeAccessIssue]
    text = " ".join(word for word, n in counts.items() for _ in range(n))
    tokenizer.train_from_iterator([text], trainer)
    return json.loads(tokenizer.to_str())["model"]


def _compared(
    counts: dict[str, int], steps: list[VocabularyStep], here: list[str], there: list[str], same: bool
) -> VocabularyResult:
    from tokenizers import __version__

    only_here = tuple(piece for piece in here if piece not in set(there))
    only_there = tuple(piece for piece in there if piece not in set(here))
    words, numbers = tuple(counts), tuple(counts.values())
    return VocabularyResult(words, numbers, tuple(steps), __version__, only_here, only_there, same)
