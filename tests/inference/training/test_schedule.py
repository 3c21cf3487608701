"""Learning rates against transformers' own and the formula of 2017."""

from __future__ import annotations

import pytest
import torch
from transformers import (
    get_constant_schedule_with_warmup,
    get_cosine_schedule_with_warmup,
    get_inverse_sqrt_schedule,
    get_linear_schedule_with_warmup,
)

from inference.results.schedule import SCHEDULES, Schedule

PEAK = 0.003
THEIRS = {
    "linear": get_linear_schedule_with_warmup,
    "cosine": get_cosine_schedule_with_warmup,
    "inverse_sqrt": lambda optimizer, warm_up, _n_steps: get_inverse_sqrt_schedule(optimizer, warm_up),
    "constant": lambda optimizer, warm_up, _n_steps: get_constant_schedule_with_warmup(optimizer, warm_up),
}


@pytest.mark.parametrize(("warm_up", "n_steps"), [(10, 60), (0, 60), (1, 7), (60, 60), (80, 60)])
@pytest.mark.parametrize("kind", THEIRS)
def test_equals_transformers_step_for_step(kind, warm_up, n_steps):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=PEAK)
    theirs = THEIRS[kind](optimizer, warm_up, n_steps)
    ours = Schedule(kind, warm_up, n_steps, PEAK)
    for step in range(n_steps + 5):
        assert ours.rate(step) == pytest.approx(theirs.get_last_lr()[0], rel=1e-12, abs=1e-15), f"step {step}"
        optimizer.step()
        theirs.step()


@pytest.mark.parametrize(("d_model", "warm_up"), [(512, 4000), (64, 400), (64, 1)])
def test_equals_the_formula_of_2017(d_model, warm_up):
    ours = Schedule("2017", warm_up, 10_000, PEAK, d_model)
    for step in (1, 2, warm_up, warm_up + 1, 3 * warm_up, 9_999):
        assert ours.rate(step - 1) == pytest.approx(d_model**-0.5 * min(step**-0.5, step * warm_up**-1.5), rel=1e-12)
    assert max(map(ours.rate, range(2 * warm_up))) == pytest.approx(ours.highest)


def test_the_paper_peaks_at_7e_4():
    assert Schedule("2017", 4000, 100_000, PEAK, 512).highest == pytest.approx(6.99e-4, rel=1e-3)


def test_all_that_is_offered_is_tested():
    assert set(SCHEDULES) == {*THEIRS, "2017"}
