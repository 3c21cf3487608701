"""The recipe of VideoBERT trains, measures and writes what can be opened; and what it learns from is what it says."""

from __future__ import annotations

import json
import random
import sys

import numpy as np
import torch

from inference.models.videobert.model import VideoBert
from resources.clips import make_clip
from resources.recipes.videobert_clips import report, train
from resources.recipes.videobert_clips.batches import NOT_ASKED, Row, ids_of, laid_out, spoken, training_rows
from resources.recipes.videobert_clips.data import (
    ACTIONS,
    JOIN,
    MASK,
    N_CHIPS,
    VERBS,
    WORDS,
    chips_between,
    script_hash,
    truth_of,
)
from resources.recipes.videobert_clips.data import test_clips as clips_to_measure


def test_it_trains_goes_on_measures_and_writes(tmp_path, monkeypatch, capsys):
    state, out = tmp_path / "state", tmp_path / "out"
    for _ in range(2):  # the second time there is nothing left to do
        monkeypatch.setattr(sys, "argv", ["train", "--state", str(state), "--smoke"])
        train.main()
    more = ["--n-test", "3", "--n-training", "5"]
    monkeypatch.setattr(sys, "argv", ["report", "--state", str(state), "--out", str(out), *more])
    report.main()
    figures = json.loads(capsys.readouterr().out.strip().splitlines()[-1])
    assert figures["n_test"] == 3
    assert 0 <= figures["cloze_top5"] <= 1
    card = (out / "README.md").read_text(encoding="utf-8")
    assert f"| {figures['verb']:.3f} |" in card
    model = VideoBert.from_pretrained(out)
    assert int(model.chips.counts.sum()) == 40 * N_CHIPS
    assert int(model.chips.happens.sum()) == 40 * N_CHIPS
    assert model.config.actions == list(ACTIONS)


def test_every_word_that_is_said_is_known():
    for seed in range(200):
        assert WORDS.index("[UNK]") not in {word for ids in spoken(make_clip(seed)).ids for word in ids}


def test_no_script_is_measured_that_was_trained_on():
    seen = {script_hash(make_clip(2_000))}
    found = clips_to_measure(5, seen)
    assert [clip.seed for clip in found] == [2_001, 2_002, 2_003, 2_004, 2_005]
    assert len({script_hash(clip) for clip in found}) == 5


def test_what_happens_in_a_chip_is_what_happens_in_its_middle():
    clip = make_clip(2_000)
    truth = truth_of(clip)
    for number, event in enumerate(clip.events):
        for chip in chips_between(clip, event.start, event.end):
            if truth.event[chip] == number:
                assert ACTIONS[truth.action[chip]] == event.kind
    assert {number for number in truth.event if number >= 0} == set(range(len(clip.events)))


def test_rows_are_laid_out_as_they_are_read():
    words, vectors = torch.arange(2 * N_CHIPS).reshape(2, N_CHIPS), torch.ones(2, N_CHIPS, 3)
    text = ids_of("a red cup grows")
    rows = [Row(text, 1, (4, 5), (3,), (1,), 1, reads_vectors=True), Row(text, 0, (), match=NOT_ASKED)]
    batch = laid_out(rows, words, vectors)
    n = len(WORDS)
    assert batch.ids[0].tolist() == [2, *text[:3], MASK, JOIN, n + N_CHIPS + 4, MASK, 3]
    assert batch.types[0].tolist() == [0] * 6 + [1, 1, 0]
    assert batch.places[0].tolist() == [0, 1, 2, 3, 4, 5, 4, 5, 6]
    assert batch.labels[0].tolist() == [-100] * 4 + [text[3], -100, -100, n + N_CHIPS + 5, -100]
    assert batch.vectors[0].any(-1).tolist() == [False] * 6 + [True, False, False]
    assert batch.mask.sum(-1).tolist() == [9, 6]
    assert batch.hidden_at.tolist() == [[0, 7]]


def test_wrong_pairs_are_asked_nothing_but_whether_they_belong_together():
    said = [spoken(make_clip(seed)) for seed in range(20)]
    words = torch.from_numpy(np.random.default_rng(0).integers(0, 64, (20, N_CHIPS)))
    n_wrong = 0
    for step in range(12):
        rows = training_rows(step, said, 0)
        batch = laid_out(rows, words, torch.zeros(20, N_CHIPS, 3), random.Random(step))
        wrong = batch.matches == 0
        n_wrong += int(wrong.sum())
        assert (batch.labels[wrong] == NOT_ASKED).all()
    assert n_wrong > 20


def test_the_template_gives_no_verb_away():
    """What is cut off stands behind the verb."""
    said = [spoken(make_clip(seed)) for seed in range(20)]
    verbs = {ids_of(verb)[0] for verb in VERBS.values()}
    rows = [row for step in range(20) for row in training_rows(step, said, 1) if row.words and row.words[-1] in verbs]
    assert len(rows) > 50
    assert any(len(row.words) - 1 in row.hidden_words for row in rows)
