"""Where the colours of attention end, and what the bar beside them says."""

import numpy as np
import pytest

from widgets.figures.color_bar import ColorBar, bright_end, bright_level


def test_as_a_rule_the_last_colour_is_the_largest_number():
    assert bright_end(np.array([[0.7, 0.3], [0.4, np.nan]])) == 0.7
    assert bright_end(np.zeros((3, 3))) == 1.0


def test_a_few_numbers_far_beyond_all_others_have_the_colour_of_what_is_usual():
    pattern = np.full((65, 65), 1 / 65)
    pattern[3, 3:5] = 0.4, 0.3
    assert bright_end(pattern) == pytest.approx(0.016)


@pytest.mark.parametrize("n", [90, 340])
@pytest.mark.parametrize("spread", [0.5, 2.0, 4.0])
@pytest.mark.parametrize("kind", ["any", "two columns", "causal"])
def test_where_colours_end_is_found_as_by_sorting_all(n, spread, kind):
    random = np.random.default_rng(0)
    pattern = np.exp(spread * random.standard_normal((n, n))).astype(np.float32)
    if kind == "two columns":  # 340 is 20 times 17: a part may see both of them, or none
        pattern[:, [0, 18]] += 5
    elif kind == "causal":
        pattern = np.tril(pattern)
    pattern /= pattern.sum(-1, keepdims=True)
    found = np.sort(pattern[pattern > 0].astype(np.float64))[::-1]
    rare = int(found.size * 0.005)
    usual = found[min(int((np.cumsum(found) < found.sum() / 5).sum()), rare)]
    end = bright_end(pattern)
    assert end == pytest.approx(float(pattern.max())) or usual <= end < 1.1 * usual


def test_a_causal_model_is_not_measured_by_its_first_query():
    pattern = np.tril(np.ones((256, 256)))
    pattern /= pattern.sum(1, keepdims=True)
    end = bright_end(pattern)
    assert 1 / 256 < end < 0.1


def test_a_head_that_looks_at_one_place_is_shown_as_it_is():
    pattern = np.full((256, 256), 0.3 / 255)
    np.fill_diagonal(pattern, np.linspace(0.6, 0.75, 256))  # 1 cell in 256, but most of the attention
    assert bright_end(pattern) == 0.75


def test_the_bar_says_that_numbers_lie_beyond_its_end():
    bar = ColorBar(0.076, "raw", "attention", is_clipped=True)
    texts = [text for _, text in bar.ticks()]
    assert texts == ["0.00", "0.02", "0.04", "0.06", "\N{GREATER-THAN OR EQUAL TO} 0.076"]
    crowded = ColorBar(0.061, "raw", "attention", is_clipped=True)
    assert [text for _, text in crowded.ticks()][-2:] == ["0.04", "\N{GREATER-THAN OR EQUAL TO} 0.061"]


@pytest.mark.parametrize("seed", range(20))
def test_the_end_of_levels_is_that_of_their_shares(seed):
    """Counting 256 levels tells as much as sorting millions of shares."""
    rng = np.random.default_rng(seed)
    share = rng.beta(rng.uniform(0.05, 2), rng.uniform(0.5, 20), (2, 3, 20, 20))
    levels = np.round(255 * share**0.5).astype(np.uint8)
    levels[rng.random(levels.shape) < rng.choice([0.0, 0.4])] = 0
    end = bright_end((levels / 255) ** 2)
    assert bright_level(levels) == max(1, round(255 * end**0.5))


def test_levels_that_are_all_zero_end_at_the_last():
    assert bright_level(np.zeros((2, 3, 4, 4), np.uint8)) == 255
