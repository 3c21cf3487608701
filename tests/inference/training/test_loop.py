"""The lab's loop against a plain one, step by step; a run that is stopped and goes on; a process that is killed."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn
from transformers import get_scheduler

from inference.context import Cancelled, Context, Refused
from inference.results.events import Partial
from inference.results.training import NETWORKS, MaskShares
from inference.training import run_files
from inference.training.loop import Training, look_steps
from inference.training.reversal import IGNORED, PAD, START, ReversalTask, build_model, make_strings, to_pairs
from inference.training.run import SAVE_EVERY, build_task, train
from tests.tiny_runs import N_STEPS, PLAN, SIZES, make_tiny_request
from widgets.views.training.record import RunRecord


@pytest.fixture
def request_(tmp_path):
    return make_tiny_request(tmp_path / "run")


def plain_losses(request):
    """What anybody would write."""
    torch.manual_seed(request.plan.seed)
    net = build_model(request)
    optimizer = torch.optim.AdamW(net.parameters(), lr=PLAN.peak, betas=(0.9, 0.98), eps=1e-9, weight_decay=0.0)
    schedule = get_scheduler("cosine", optimizer, PLAN.warm_up, PLAN.n_steps)
    losses, norms, rates = [], [], []
    net.train()
    for _ in range(PLAN.n_steps):
        source, labels = to_pairs(*make_strings(PLAN.batch, request.data.length, held_out=False))
        written = torch.cat([torch.full((len(labels), 1), START), labels[:, :-1].clamp(min=PAD)], 1)
        logits = net(source, (source != PAD).long(), written, use_cache=False).logits
        loss = F.cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=IGNORED, label_smoothing=0.1)
        optimizer.zero_grad()
        loss.backward()
        norms.append(float(nn.utils.clip_grad_norm_(net.parameters(), PLAN.clip)))
        rates.append(schedule.get_last_lr()[0])
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
    return losses, norms, rates


@pytest.mark.parametrize("architecture", NETWORKS)
def test_it_is_a_plain_loop_step_by_step(request_, architecture):
    request_ = replace(request_, sizes=replace(SIZES, architecture=architecture))
    with torch.random.fork_rng():
        losses, norms, rates = plain_losses(request_)
    result = train(request_, Context())
    np.testing.assert_allclose(result.log.loss, losses, rtol=2e-6)
    np.testing.assert_allclose(np.linalg.norm(result.log.gradient, axis=1), norms, rtol=1e-5)
    np.testing.assert_allclose(result.log.rate, rates, rtol=1e-12)
    assert len(set(losses)) == N_STEPS


def test_looking_changes_nothing(request_, monkeypatch):
    """Also where what is looked at draws random numbers."""
    look = ReversalTask.look
    monkeypatch.setattr(ReversalTask, "look", lambda task: (torch.rand(3), look(task))[1])
    seen = train(request_, Context())
    monkeypatch.setattr("inference.training.run.look_steps", lambda n: (n,))
    unseen = train(replace(request_, folder=f"{request_.folder}-2"), Context())
    assert len(seen.validations) > len(unseen.validations)
    np.testing.assert_array_equal(seen.log.loss, unseen.log.loss)


class StopAt(Context):
    """Cancels before the step of that number."""

    def __init__(self, n):
        super().__init__(is_cancelled=self.is_there)
        self.n, self.asked = n, 0

    def is_there(self):
        return self.asked > self.n

    def checkpoint(self, done=0, total=0, label=""):
        self.asked += not label
        super().checkpoint(done, total, label)

    def partial(self, result, *, is_whole=True):
        pass


@pytest.mark.parametrize(
    ("after", "architecture"), [(1, "transformer"), (5, "transformer"), (N_STEPS - 1, "transformer"), (5, "lstm")]
)
def test_a_run_that_was_stopped_goes_on_with_the_same_numbers(request_, after, architecture):
    request_ = replace(request_, sizes=replace(SIZES, architecture=architecture))
    whole = train(replace(request_, folder=f"{request_.folder}-whole"), Context())
    with pytest.raises(Cancelled):
        train(request_, StopAt(after))
    kept, facts = run_files.read_run(Path(request_.folder))
    assert kept == request_
    assert facts.n_done == after
    again = train(request_, Context())
    for name in ("loss", "rate", "gradient"):
        np.testing.assert_array_equal(getattr(again.log, name), getattr(whole.log, name))
    assert [one.said for one in again.validations] == [one.said for one in whole.validations]
    np.testing.assert_array_equal(again.validations[-1].pattern, whole.validations[-1].pattern)
    assert [one.loss for one in again.validations] == [one.loss for one in whole.validations]
    for one, other in zip(again.validations, whole.validations, strict=True):
        np.testing.assert_array_equal(one.by_distance, other.by_distance)


class Clock:
    """A second goes by each time that it is looked at, and an hour between runs."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        self.now += 1.0
        return self.now


def test_seconds_are_of_training_alone_however_often_a_run_is_stopped(request_):
    clock = Clock()
    with pytest.raises(Cancelled):
        train(request_, StopAt(5), clock)
    clock.now += 3_600.0
    result = train(request_, Context(), clock)
    np.testing.assert_array_equal(result.log.seconds, np.arange(1.0, N_STEPS + 1))
    assert result.seconds == N_STEPS
    assert [one.seconds for one in result.validations] == [float(one.step) for one in result.validations]
    kept = run_files.read_result(Path(request_.folder))
    np.testing.assert_array_equal(kept.log.seconds, result.log.seconds)
    assert [one.seconds for one in kept.validations] == [one.seconds for one in result.validations]


def as_of_an_older_version(folder):
    """Take away what runs did not keep before there were recurrent networks."""
    told = json.loads((folder / "training" / "run.json").read_text())
    del told["request"]["sizes"]["architecture"]
    (folder / "training" / "run.json").write_text(json.dumps(told))
    for name, new in (("log", ("seconds",)), ("validations", ("seconds", "by_distance"))):
        with np.load(folder / "training" / f"{name}.npz") as arrays:
            old = {key: arrays[key] for key in arrays.files if key not in new}
        np.savez(folder / "training" / f"{name}.npz", **old)


def test_a_run_of_an_older_version_opens_and_goes_on(request_):
    whole = train(replace(request_, folder=f"{request_.folder}-whole"), Context())
    with pytest.raises(Cancelled):
        train(request_, StopAt(5))
    folder = Path(request_.folder)
    as_of_an_older_version(folder)
    assert run_files.read_run(folder)[0] == request_
    old = run_files.read_result(folder)
    assert np.isnan(old.log.seconds).all()
    assert all(np.isnan(one.seconds) and not one.by_distance.size for one in old.validations)
    again = train(request_, Context())
    np.testing.assert_array_equal(again.log.loss, whole.log.loss)
    assert np.isnan(again.log.seconds[:5]).all()
    assert (np.diff(again.log.seconds[5:]) > 0).all()
    kept = run_files.read_result(folder)  # old and new validations lie in one file
    assert [one.by_distance.any() for one in kept.validations] == [one.step > 5 for one in kept.validations]


def test_parts_together_are_the_whole(request_):
    parts = []
    clock = iter(range(1_000_000))
    result = train(request_, Context(lambda event: parts.append(event)), clock=lambda: float(next(clock)))
    record = RunRecord(request_, 0)
    told = [part.result for part in parts if isinstance(part, Partial)]
    for part in told:
        record.take(part)
    assert len(told) > 3
    assert record.result is not None
    for name in ("loss", "rate", "gradient", "seconds"):
        np.testing.assert_array_equal(getattr(record.result.log, name), getattr(result.log, name))
    seen = [one.step for one in record.result.validations]
    assert seen == [one.step for one in result.validations] == list(look_steps(N_STEPS))
    assert sum(len(part.log.loss) for part in told) == N_STEPS  # nothing is sent twice


def test_it_saves_often_enough(request_, monkeypatch):
    """By a clock on which each step takes a second, no more than that many seconds of training are ever unsaved."""
    saved = []
    write = run_files.write_state
    monkeypatch.setattr(
        run_files, "write_state", lambda folder, state: saved.append(state["step"]) or write(folder, state)
    )
    now = [0.0]

    class Slow(Context):
        def checkpoint(self, done=0, total=0, label=""):
            pass

    def clock():
        now[0] += 1.0
        return now[0]

    train(request_, Slow(), clock=clock)
    gaps = np.diff([0, *saved])
    assert SAVE_EVERY <= 9
    assert gaps.max() <= SAVE_EVERY


def test_a_killed_process_loses_only_what_it_had_not_saved(request_):
    """The run is killed without a word in the middle, and goes on with the numbers of one that never was."""
    program = (
        "import os, signal, sys\n"
        "from inference.context import Context\n"
        "from inference.training import run\n"
        "from tests.tiny_runs import make_tiny_request\n"
        "run.SAVE_EVERY = 0.0\n"  # after every step
        "class Killed(Context):\n"
        "    n = 0\n"
        "    def checkpoint(self, done=0, total=0, label=''):\n"
        "        self.n += not label\n"
        "        if self.n > 7: os.kill(os.getpid(), signal.SIGKILL)\n"
        "    def partial(self, result, *, is_whole=True): pass\n"
        "run.train(make_tiny_request(sys.argv[1]), Killed())\n"
    )
    root = Path(__file__).parents[3]
    done = subprocess.run([sys.executable, "-c", program, request_.folder], cwd=root, check=False)
    assert done.returncode == -signal.SIGKILL
    state = run_files.read_state(Path(request_.folder))
    assert state is not None
    assert state["step"] == 7
    again = train(request_, Context())
    whole = train(replace(request_, folder=f"{request_.folder}-whole"), Context())
    np.testing.assert_array_equal(again.log.loss, whole.log.loss)


def test_there_is_a_run_as_soon_as_it_begins(request_):
    with pytest.raises(Cancelled):
        train(request_, Context(is_cancelled=lambda: run_files.is_run(Path(request_.folder))))
    kept, facts = run_files.read_run(Path(request_.folder))
    assert (kept, facts.n_done) == (request_, 0)
    assert train(request_, Context()).n_done == N_STEPS


def test_numbers_behind_the_saved_state_are_cut_off(request_):
    with pytest.raises(Cancelled):
        train(request_, StopAt(6))
    folder = Path(request_.folder)
    state = run_files.read_state(folder)
    assert state is not None
    with pytest.raises(Cancelled):
        train(request_, StopAt(4))  # on to 10
    run_files.write_state(folder, state)  # as if it had been killed between the numbers and the state
    again = train(request_, Context())
    whole = train(replace(request_, folder=f"{request_.folder}-whole"), Context())
    np.testing.assert_array_equal(again.log.loss, whole.log.loss)


def test_a_run_that_is_done_is_only_read(request_, monkeypatch):
    first = train(request_, Context())
    monkeypatch.setattr("inference.training.run.LiveRun", None)
    again = train(request_, Context())
    np.testing.assert_array_equal(again.log.loss, first.log.loss)
    assert not (Path(request_.folder) / "training" / "state.pt").exists()


def test_a_loss_that_is_no_number_ends_it_and_what_was_done_stays(request_):
    request = replace(request_, plan=replace(PLAN, peak=0.1, warm_up=0, clip=0.0))
    task = build_task(request, torch.device("cpu"))
    training = Training(request, task)
    training.advance()
    before = {name: value.clone() for name, value in task.net.state_dict().items()}
    loss = task.loss
    task.loss = lambda: loss() * float("nan")
    with pytest.raises(Refused, match="loss is no number any more at step 2"):
        training.advance()
    assert all(torch.equal(value, before[name]) for name, value in task.net.state_dict().items())
    assert training.step == 1


def test_two_processes_do_not_train_the_same_run(request_):
    with run_files.reserved(Path(request_.folder)), pytest.raises(Refused, match="being trained already"):
        train(request_, Context())


def test_of_what_could_not_be_read_no_folder_is_left(request_):
    wish = replace(request_, task="masked", data=replace(request_.data, path="/no/such.txt"))
    with pytest.raises(Refused, match=r"such\.txt cannot be read"):
        train(wish, Context())
    assert not Path(request_.folder).exists()
    Path(request_.folder).mkdir()
    with pytest.raises(Refused):
        train(wish, Context())
    assert list(Path(request_.folder).iterdir()) == []  # but one that was there stays


@pytest.mark.parametrize(
    ("wishes", "why"),
    [
        ({"plan": replace(PLAN, n_steps=0)}, "n_steps is 0; 1 to 20,000"),
        ({"plan": replace(PLAN, peak=1.0)}, "peak is 1.0"),
        ({"plan": replace(PLAN, smoothing=1.0)}, "smoothing is 1.0"),
        ({"sizes": replace(SIZES, n_heads=3)}, "multiple of the number of heads"),
        ({"sizes": replace(SIZES, d_model=4096)}, "d_model is 4,096"),
        ({"task": "sorting"}, "'sorting'; one of"),
        ({"sizes": replace(SIZES, architecture="gru")}, "'gru'; one of transformer, lstm is needed"),
        ({"task": "masked", "sizes": replace(SIZES, architecture="lstm")}, "an LSTM learns string reversal and next"),
    ],
)
def test_what_cannot_be_trained_is_refused_in_a_sentence(request_, wishes, why):
    with pytest.raises(Refused, match=why):
        train(replace(request_, **wishes), Context())
    assert not Path(request_.folder).exists()


def test_a_folder_of_something_else_is_left_alone(request_):
    folder = Path(request_.folder)
    folder.mkdir()
    (folder / "thesis.tex").write_text("x")
    with pytest.raises(Refused, match=r"thesis\.tex"):
        train(request_, Context())
    assert [one.name for one in folder.iterdir()] == ["thesis.tex"]
    (folder / "thesis.tex").unlink()
    train(request_, Context())
    with pytest.raises(Refused, match="other options"):
        train(replace(request_, plan=replace(PLAN, seed=4)), Context())


def test_damaged_runs_are_refused_and_left_out(request_):
    train(request_, Context())
    folder = Path(request_.folder)
    assert [run.n_done for run in run_files.runs_in(folder.parent)] == [N_STEPS]
    file = folder / "training" / "log.npz"
    file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(Refused, match="cannot be read"):
        run_files.read_result(folder)
    told = folder / "training" / "run.json"
    for damaged in ("{", "[]", json.dumps({"version": 1, "request": {"task": "reversal"}, "facts": {}})):
        told.write_text(damaged)
        with pytest.raises(Refused):
            run_files.read_run(folder)
        assert run_files.runs_in(folder.parent) == ()


def test_only_runs_of_the_folder_are_deleted(request_, tmp_path):
    train(request_, Context())
    folder = Path(request_.folder)
    with pytest.raises(Refused, match="only runs that are kept there"):
        run_files.remove_run(folder, tmp_path / "elsewhere")
    with run_files.reserved(folder), pytest.raises(Refused, match="being trained already"):
        run_files.remove_run(folder, tmp_path)
    (tmp_path / "other").mkdir()
    run_files.remove_run(tmp_path / "other", tmp_path)
    assert (tmp_path / "other").exists()
    run_files.remove_run(folder, tmp_path)
    assert not folder.exists()


def test_a_run_of_masked_words_is_read_as_it_was_written(tmp_path):
    masks = MaskShares(0.3, 0.5, 0.25, 0.25)
    request = make_tiny_request(tmp_path / "run", task="masked", masks=masks, comparison="why")
    result = train(request, Context())
    assert run_files.read_run(Path(request.folder))[0] == request
    kept = run_files.read_result(Path(request.folder))
    assert kept.row == result.row
    assert kept.parts == result.parts
    assert [one.parts for one in kept.validations] == [one.parts for one in result.validations]
    assert len(kept.validations[-1].parts) == 3


def test_a_run_that_an_earlier_version_wrote_is_read_and_goes_on(request_):
    with pytest.raises(Cancelled):
        train(request_, Context(is_cancelled=StopsAfter(6)))
    inside = Path(request_.folder) / "training"
    told = json.loads((inside / "run.json").read_text())
    for name in ("masks", "comparison"):
        del told["request"][name]
    for name in ("parts", "row"):
        del told["facts"][name]
    (inside / "run.json").write_text(json.dumps(told))
    with np.load(inside / "validations.npz") as arrays:
        old = {name: arrays[name] for name in arrays if name != "parts"}
    np.savez(inside / "validations.npz", **old)
    assert run_files.read_run(Path(request_.folder))[0] == request_
    assert run_files.read_result(Path(request_.folder)).validations[0].parts == ()
    assert train(request_, Context()).n_done == N_STEPS


class StopsAfter:
    """Cancels at the nth time that it is asked."""

    def __init__(self, n):
        self._n = n

    def __call__(self):
        self._n -= 1
        return self._n < 0
