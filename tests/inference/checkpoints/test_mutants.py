"""A share of the mutants of `python -m tests.mutator`: each is answered, in bounds, and with what its file says."""

from __future__ import annotations

import shutil
import sys
from collections import Counter

import pytest

from tests.inference.tiny_checkpoints import save_gpt2
from tests.mutator import campaign, mutants
from tests.mutator.bases import make_bases
from tests.mutator.campaign import faults_of

# What broke a rule once; and others, which no run before had.
ONCE_BROKEN = (19, 53, 70, 79, 100, 106, 213, 404, 467, 608, 1990, 2485, 2557)
FRESH = range(100_000, 100_070)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="FIFOs and /proc; back when others are measured too")
def test_a_share_of_the_mutants_breaks_no_rule(tmp_path):
    made = make_bases(tmp_path / "bases")
    assert len(made) >= 16
    done = campaign.run(tmp_path / "bases", tmp_path / "place", (*ONCE_BROKEN, *FRESH))
    assert done.faults() == []
    assert len(done.results) == len(ONCE_BROKEN) + len(FRESH)
    outcomes = Counter(result["outcome"] for result in done.results)
    assert outcomes["opened"] >= 10  # not everything is refused
    assert outcomes["refused"] >= 10


SOUND = {
    "seed": 1, "base": "b", "what": "w", "outcome": "opened", "raw": False, "message": "m.", "wrong": [], "cpu": 0.1,
    "bytes": 0, "outside": [], "ran": False,
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"raw": True, "message": "TypeError: x"}, "raw: TypeError"),
        ({"wrong": ["a differs"]}, "wrong success: a differs"),
        ({"cpu": 5.1}, "5.1 s"),
        ({"bytes": 3 * 2**30}, "3.0 GB"),
        ({"outside": ["/etc/passwd"]}, "opened /etc/passwd"),
        ({"ran": True}, "code of the checkpoint ran"),
        ({"outcome": "ended", "message": "the process ended"}, "the process ended"),
    ],
)
def test_each_rule_turns_red(change, said):
    assert faults_of(SOUND) == []
    (fault,) = faults_of(SOUND | change)
    assert said in fault


@pytest.mark.skipif(sys.platform == "win32", reason="FIFOs")
def test_no_mutant_spoils_what_it_is_made_from(tmp_path):
    """Its weights are linked to those of the base, which others are made from, too."""
    base = tmp_path / "base"
    save_gpt2(base)
    before = {path.name: path.read_bytes() for path in base.iterdir()}
    for seed in range(440, 500):  # of which one copies another file over the weights
        mutants.make(base, tmp_path / "mutant", seed)
        shutil.rmtree(tmp_path / "mutant")
        assert {path.name: path.read_bytes() for path in base.iterdir()} == before, seed
