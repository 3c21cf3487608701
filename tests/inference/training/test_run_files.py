"""The folder of a run is a foreign file like all others: what does not fit is refused, and left out of the list."""

from __future__ import annotations

import json

import pytest

from inference.context import Refused
from inference.training import run_files
from tests.tiny_runs import make_tiny_request
from tests.views.training.runs import make_result


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "run"
    (folder / run_files.INSIDE).mkdir(parents=True)
    run_files.write_run(folder, make_tiny_request(folder), make_result(10))
    return folder


def spoil(folder, where, changes):
    file = folder / run_files.INSIDE / run_files.RUN
    told = json.loads(file.read_text())
    part = told
    for name in where:
        part = part[name]
    part.update(changes)
    file.write_text(json.dumps(told))


def test_what_was_written_is_read(folder):
    request, facts = run_files.read_run(folder)
    assert request == make_tiny_request(folder)
    assert (facts.n_done, facts.layers, facts.baselines) == (10, make_result(10).layers, make_result(10).baselines)
    assert [run.n_done for run in run_files.runs_in(folder.parent)] == [10]


@pytest.mark.parametrize(
    ("where", "changes", "why"),
    [
        ((), {"version": 2}, "'version' is not 1"),
        ((), {"request": []}, r"\[\] is not an object"),
        (("request",), {"task": "poetry"}, "'task' is 'poetry'"),
        (("request",), {"folder": "/tmp"}, "'folder' is unknown"),
        (("request", "sizes"), {"n_layers": "many"}, "'n_layers' is 'many'"),
        (("request", "sizes"), {"d_model": 0}, "d_model is 0; 16 to 256 can be trained"),
        (("request", "plan"), {"n_steps": 0}, "n_steps is 0; 1 to 20,000 can be trained"),
        (("request", "plan"), {"peak": "high"}, "'peak' is 'high'"),
        (("request", "plan"), {"schedule": "zigzag"}, "'schedule' is 'zigzag'"),
        (("request", "data"), {"path": None}, "'path' is None"),
        (("facts",), {"n_done": -1}, "'n_done' is -1 of 12 steps"),
        (("facts",), {"n_done": 13}, "'n_done' is 13 of 12 steps"),
        (("facts",), {"baselines": [["a", "b"]]}, "'baselines' is 'b'"),
        (("facts",), {"seconds": None}, "'seconds' is None"),
    ],
)
def test_what_does_not_fit_is_refused_and_left_out(folder, where, changes, why):
    spoil(folder, where, changes)
    with pytest.raises(Refused, match=f"run.json of run is damaged, or another version.*{why}"):
        run_files.read_run(folder)
    assert run_files.runs_in(folder.parent) == ()


def test_what_earlier_versions_did_not_write_has_its_default(folder):
    file = folder / run_files.INSIDE / run_files.RUN
    told = json.loads(file.read_text())
    del told["request"]["masks"], told["request"]["sizes"]["architecture"], told["facts"]["parts"], told["facts"]["row"]
    file.write_text(json.dumps(told))
    assert run_files.read_run(folder)[0] == make_tiny_request(folder)
