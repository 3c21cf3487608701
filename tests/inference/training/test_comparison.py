"""Runs that are compared differ in nothing but what is compared."""

from __future__ import annotations

from dataclasses import replace

import pytest

from inference.results.comparison import COMPARED, NotComparable, compared_runs
from tests.tiny_runs import PLAN, make_tiny_request


@pytest.mark.parametrize("compared", COMPARED)
def test_they_differ_in_what_is_compared_alone(compared):
    request = make_tiny_request("/runs/why")
    found = compared_runs(request, compared)
    assert len(found) == (4 if compared == "both" else 2)
    assert len({one.folder for one in found}) == len(found)
    assert all(one.folder.startswith("/runs/why-") for one in found)
    warm_ups, norms = {one.plan.warm_up for one in found}, {one.sizes.norm for one in found}
    assert warm_ups == ({3} if compared == "norms" else {3, 0})
    assert norms == ({"post"} if compared == "warm-up" else {"post", "pre"})
    for one in found:
        same = replace(one, folder=request.folder, comparison="", sizes=request.sizes, plan=request.plan)
        assert same == request
        assert replace(one.sizes, norm="post") == request.sizes
        assert replace(one.plan, warm_up=PLAN.warm_up) == request.plan


def test_what_cannot_be_compared_is_refused():
    request = make_tiny_request("/runs/why")
    with pytest.raises(NotComparable, match="Warm-up is 0 steps"):
        compared_runs(replace(request, plan=replace(PLAN, warm_up=0)), "both")
    with pytest.raises(NotComparable, match="string reversal only"):
        compared_runs(replace(request, task="causal"), "norms")
    recurrent = replace(request, sizes=replace(request.sizes, architecture="lstm"))
    for compared in ("norms", "both"):
        with pytest.raises(NotComparable, match="An LSTM has no norms"):
            compared_runs(recurrent, compared)
    assert len(compared_runs(recurrent, "warm-up")) == 2
