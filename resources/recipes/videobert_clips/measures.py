"""What a VideoBERT knows of clips that it was not trained on, each beside its control."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from inference.models.videobert.model import VideoBert, VideoBertOutput
from resources.clips import Clip
from resources.recipes.videobert_clips.batches import Row, SpokenClip, WordsAndChips, ids_of, laid_out, spoken
from resources.recipes.videobert_clips.chips import vectors_of
from resources.recipes.videobert_clips.data import ACTIONS, N_CHIPS, VERBS, WORDS, chips_between, painted, truth_of

_N_BATCH = 64
_N_CANDIDATES = 64  # among which a chip, or a film, is found
_MOST_OFTEN = 5
TEMPLATE = ("now", "watch", "[MASK]", "[MASK]", "[MASK]", "[MASK]", "[MASK]")  # a small red cup enters
_HORIZONS = (1, 2, 3)


@dataclass(frozen=True)
class SeenClips:
    """Clips as the model sees them.

    Attributes
    ----------
    words
        int64 [film, chip]: visual words, from 0.
    vectors
        float [film, chip, number].
    actions
        int64 [film, chip]: what happens, of `ACTIONS`.
    """

    clips: Sequence[Clip]
    said: list[SpokenClip]
    words: Tensor
    vectors: Tensor
    actions: Tensor


def seen(model: VideoBert, clips: Sequence[Clip]) -> SeenClips:
    """Paint clips and look at them."""
    frames = np.stack([painted(clip) for clip in clips])
    vectors = torch.cat([model.chips.scaled(vectors_of(model.chips.network, part)) for part in _parts(frames)])
    return SeenClips(
        clips,
        [spoken(clip) for clip in clips],
        model.chips.words(vectors.flatten(0, 1)).unflatten(0, vectors.shape[:2]),
        vectors,
        torch.from_numpy(np.stack([truth_of(clip).action for clip in clips])),
    )


def of_noise(model: VideoBert, films: SeenClips) -> SeenClips:
    """The same clips with frames that are noise."""
    rng = np.random.default_rng(0)
    one = painted(films.clips[0])
    vectors = torch.cat(
        [
            model.chips.scaled(vectors_of(model.chips.network, rng.integers(0, 256, (1, *one.shape), np.uint8)))
            for _ in films.clips
        ]
    )
    words = model.chips.words(vectors.flatten(0, 1)).unflatten(0, vectors.shape[:2])
    return SeenClips(films.clips, films.said, words, vectors, films.actions)


def of_others(films: SeenClips) -> SeenClips:
    """What is said and asked of each clip beside the frames of the next one."""
    return SeenClips(films.clips, films.said, films.words.roll(1, 0), films.vectors.roll(1, 0), films.actions)


def _parts(frames: np.ndarray) -> list[np.ndarray]:
    return [frames[i : i + _N_BATCH] for i in range(0, len(frames), _N_BATCH)]


@torch.inference_mode()
def outputs(model: VideoBert, rows: list[Row], films: SeenClips) -> list[tuple[WordsAndChips, VideoBertOutput]]:
    """Of rows, in batches in their order."""
    batches = [laid_out(rows[i : i + _N_BATCH], films.words, films.vectors) for i in range(0, len(rows), _N_BATCH)]
    return [(batch, model(**batch.inputs)) for batch in batches]


def purity(films: SeenClips, n_words: int, seen_in_training: tuple[Tensor, Tensor]) -> dict[str, float]:
    """How often a visual word stands for what happens: each for what it stood for most often in training.

    Parameters
    ----------
    seen_in_training
        Words and actions of training chips, int64 [chip] each.
    """
    told = stands_for(n_words, seen_in_training)[films.words.flatten()]
    truth = films.actions.flatten()
    most_frequent = torch.bincount(seen_in_training[1]).argmax()
    return {
        "purity": float((told == truth).float().mean()),
        "purity_blind": float((truth == most_frequent).float().mean()),
    }


def stands_for(n_words: int, seen_in_training: tuple[Tensor, Tensor]) -> Tensor:
    """int64 [word]: what happens most often where a visual word stands, of `ACTIONS`."""
    words, actions = seen_in_training
    table = torch.zeros(n_words, len(ACTIONS))
    table.index_put_((words, actions), torch.ones(len(words)), accumulate=True)
    return table.argmax(-1)


def chip_cloze(model: VideoBert, films: SeenClips, often: Tensor) -> dict[str, float]:
    """Each chip hidden in turn: whether its word is among the five likeliest, with narration and without.

    Parameters
    ----------
    often
        int64 [word]: visual words, those that are most frequent in training first.
    """
    every = tuple(range(N_CHIPS))
    found = {}
    for name, has_text in (("cloze", True), ("cloze_silent", False)):
        rows = [
            Row(_all_said(films.said[film]) if has_text else (), film, every, (), (chip,))
            for film in range(len(films.clips))
            for chip in every
        ]
        ranks = _ranks_of_hidden(model, rows, films)
        found |= {f"{name}_top5": float((ranks < _MOST_OFTEN).mean()), f"{name}_top1": float((ranks < 1).mean())}
    is_often = torch.isin(films.words, often[:_MOST_OFTEN]).float()
    return found | {"often_top5": float(is_often.mean()), "often_top1": float((films.words == often[0]).float().mean())}


def _all_said(said: SpokenClip) -> tuple[int, ...]:
    return tuple(word for each in said.ids for word in each)


def _ranks_of_hidden(model: VideoBert, rows: list[Row], films: SeenClips) -> np.ndarray:
    """Of the one hidden chip of every row: how many visual words are likelier than its own."""
    ranks = []
    for batch, output in outputs(model, rows, films):
        at = batch.hidden_at
        assert output.word_logits is not None
        logits = output.word_logits[at[:, 0], at[:, 1], len(WORDS) :]
        truth = batch.labels[at[:, 0], at[:, 1]] - len(WORDS)
        ranks.append((logits > logits.gather(1, truth[:, None])).sum(-1).numpy())
    return np.concatenate(ranks)


def verb_cloze(model: VideoBert, shown: SeenClips, *, has_film: bool = True) -> float:
    """How often the template's verb is that of the event whose chips are shown."""
    words = ids_of(" ".join(TEMPLATE))
    verbs = [ids_of(verb)[0] for verb in VERBS.values()]
    rows, truth = [], []
    for film, clip in enumerate(shown.clips):
        for event in clip.events:
            chips = tuple(chips_between(clip, event.start, event.end)) if has_film else ()
            rows.append(Row(words, film, chips))
            truth.append(list(VERBS).index(event.kind))
    told = [
        output.word_logits[:, len(TEMPLATE), verbs].argmax(-1)
        for _, output in outputs(model, rows, shown)
        if output.word_logits is not None
    ]
    return float((torch.cat(told) == torch.tensor(truth)).float().mean())


def most_frequent_verb(films: SeenClips, training: Sequence[Clip]) -> float:
    """How often the verb that training says most is right."""
    often = Counter(event.kind for clip in training for event in clip.events).most_common(1)[0][0]
    events = [event for clip in films.clips for event in clip.events]
    return sum(event.kind == often for event in events) / len(events)


def alignment(model: VideoBert, films: SeenClips) -> dict[str, float]:
    """How often a sentence and the chips of its event are told to belong together, and a sentence of the next clip not.

    And how often of the two the right one, or of all that is said of both films, has the higher score.
    """
    n = len(films.clips)
    rows = []
    for film, clip in enumerate(films.clips):
        others = films.clips[(film + 1) % n].events
        for number, event in enumerate(clip.events):
            chips = tuple(chips_between(clip, event.start, event.end))
            wrong = others[min(number, len(others) - 1)].sentence
            rows += [Row(ids_of(sentence), film, chips) for sentence in (event.sentence, wrong)]
    scores = _match_logits(model, rows, films).reshape(-1, 2)
    every = tuple(range(N_CHIPS))
    whole = [Row(_all_said(films.said[(i + shift) % n]), i, every) for i in range(n) for shift in (0, 1)]
    of_whole = _match_logits(model, whole, films).reshape(n, 2)
    return {
        "aligned": float(((scores[:, 0] > 0).float().mean() + (scores[:, 1] <= 0).float().mean()) / 2),
        "aligned_pair": float((scores[:, 0] > scores[:, 1]).float().mean()),
        "aligned_whole": float((of_whole[:, 0] > of_whole[:, 1]).float().mean()),
    }


def _match_logits(model: VideoBert, rows: list[Row], films: SeenClips) -> Tensor:
    return torch.cat([out.match_logits for _, out in outputs(model, rows, films) if out.match_logits is not None])


def nce(model: VideoBert, films: SeenClips) -> dict[str, float]:
    """How often a hidden chip, read as vectors, is found: among those of other films, and among those of its own."""
    rows = [
        Row(_all_said(films.said[film]), film, tuple(range(N_CHIPS)), (), (chip,), reads_vectors=True)
        for film in range(len(films.clips))
        for chip in range(N_CHIPS)
    ]
    guesses = []
    for batch, output in outputs(model, rows, films):
        assert output.chip_vectors is not None
        guesses.append(output.chip_vectors[batch.hidden_at[:, 0], batch.hidden_at[:, 1]])
    guess = torch.cat(guesses).unflatten(0, (-1, N_CHIPS))
    generator = torch.Generator().manual_seed(0)
    among, own = [], []
    with torch.inference_mode():
        for film in range(len(films.clips)):
            others = torch.randint(0, len(films.clips) - 1, (_N_CANDIDATES - 1,), generator=generator)
            others += (others >= film).long()
            chips = torch.randint(0, N_CHIPS, (_N_CANDIDATES - 1,), generator=generator)
            far = model.nce(guess[film], films.vectors[others, chips])
            near = model.nce(guess[film], films.vectors[film])
            truth = near.diagonal()
            among.append((truth[:, None] > far).all(-1).float().mean())
            own.append((near.argmax(-1) == torch.arange(N_CHIPS)).float().mean())
    return {"nce": float(torch.stack(among).mean()), "nce_own": float(torch.stack(own).mean())}


def futures(model: VideoBert, films: SeenClips) -> dict[str, float]:
    """Whether a coming chip's word is among the three likeliest, one, two and three chips ahead.

    As control, that the last chip that was seen goes on.
    """
    found = {}
    n_seen = N_CHIPS // 2
    for horizon in _HORIZONS:
        shown = tuple(range(n_seen + horizon))
        hidden = tuple(range(n_seen, n_seen + horizon))
        rows = [Row((), film, shown, (), hidden) for film in range(len(films.clips))]
        hits = []
        for batch, output in outputs(model, rows, films):
            last = batch.hidden_at[horizon - 1 :: horizon]
            assert output.word_logits is not None
            likeliest = output.word_logits[last[:, 0], last[:, 1], len(WORDS) :].topk(3).indices
            truth = batch.labels[last[:, 0], last[:, 1]] - len(WORDS)
            hits.append((likeliest == truth[:, None]).any(-1).float())
        found[f"future_{horizon}"] = float(torch.cat(hits).mean())
        goes_on = films.words[:, n_seen + horizon - 1] == films.words[:, n_seen - 1]
        found[f"stays_{horizon}"] = float(goes_on.float().mean())
    return found


def text_to_chip(model: VideoBert, films: SeenClips, meant: Tensor) -> float:
    """How often the likeliest visual word of a sentence stands for what it tells of."""
    rows, truth = [], []
    for film, clip in enumerate(films.clips):
        for event in clip.events:
            rows.append(Row(ids_of(event.sentence), film, (N_CHIPS // 2,), (), (0,)))
            truth.append(ACTIONS.index(event.kind))
    told = []
    for batch, output in outputs(model, rows, films):
        at = batch.hidden_at
        assert output.word_logits is not None
        told.append(meant[output.word_logits[at[:, 0], at[:, 1], len(WORDS) :].argmax(-1)])
    return float((torch.cat(told) == torch.tensor(truth)).float().mean())
