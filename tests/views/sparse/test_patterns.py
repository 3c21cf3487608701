"""Attention patterns cell by cell, how far they reach, and what they cost."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from widgets.look.theme import DARK, LIGHT
from widgets.views.sparse import kinds
from widgets.views.sparse.cost import TABLE, flops, map_bytes
from widgets.views.sparse.patterns import KIND_NAMES, PATTERNS, Parameters, Pattern, random_blocks
from widgets.views.sparse.reach import Reach

parameters = st.builds(
    Parameters,
    n=st.integers(1, 70),
    window=st.integers(0, 20).map(lambda half: 2 * half),
    dilation=st.integers(1, 5),
    n_global=st.integers(0, 8),
    n_random=st.integers(0, 5),
    block_size=st.integers(1, 9),
    seed=st.integers(0, 99),
    as_in_code=st.booleans(),
)


def kind_of(name, p, query, key):
    """One cell, from the words of the papers."""
    half, distance = p.window // 2, abs(query - key)
    if name == "full":
        return "seen"
    if name == "causal":
        return "seen" if key <= query else "hidden"
    if name == "window":
        return "window" if distance <= half else "hidden"
    if name == "dilated":
        return "dilated" if distance % p.dilation == 0 and distance // p.dilation <= half else "hidden"
    if name == "longformer":
        if min(query, key) < p.n_global:
            return "global"
        return "window" if distance <= half else "hidden"
    last = (p.n - 1) // p.block_size
    row, column = query // p.block_size, key // p.block_size
    if {row, column} & {0, last}:
        return "global"
    if abs(row - column) <= 1:
        return "window"
    drawn = random_blocks(last + 1, p.n_random, p.seed, as_in_code=p.as_in_code)[0]
    return "random" if column in drawn[row - 1] else "hidden"


@pytest.mark.parametrize("name", PATTERNS)
@settings(deadline=None, max_examples=25)
@given(p=parameters)
def test_every_cell_is_of_the_kind_that_the_paper_says(name, p):
    shown = Pattern.of(name, p).kinds()
    assert shown.shape == (p.n, p.n)
    for query, key in itertools.product(range(0, p.n, 3), range(p.n)):
        assert KIND_NAMES[shown[query, key]] == kind_of(name, p, query, key)


@pytest.mark.parametrize("name", PATTERNS)
@settings(deadline=None, max_examples=100)
@given(p=parameters)
def test_cells_are_counted_without_a_map(name, p):
    pattern = Pattern.of(name, p)
    assert pattern.cells() == np.count_nonzero(pattern.kinds())
    assert Pattern.of(name, Parameters()).cells(p.n) == Pattern.of(name, Parameters(n=p.n)).cells()


def test_full_attention_over_a_long_text_has_the_cells_that_everyone_fears():
    assert Pattern.of("full", Parameters()).cells(131_072) == 131_072**2
    longformer = Pattern.of("longformer", Parameters(window=512, n_global=1))
    assert longformer.cells(4096) == 2 * 4096 - 1 + sum(4095 - abs(m) for m in range(-256, 257))


def test_parameters_that_a_pattern_does_not_use_make_no_difference():
    other = Parameters(n=64, window=8, dilation=7, n_random=5, seed=3)
    assert Pattern.of("window", other) == Pattern.of("window", Parameters(n=64, window=8))
    assert Pattern.of("dilated", other) != Pattern.of("dilated", Parameters(n=64, window=8))


@settings(deadline=None, max_examples=60)
@given(st.integers(3, 40), st.integers(0, 5), st.integers(0, 50), st.booleans())
def test_random_blocks_are_never_those_that_are_seen_anyway(n_blocks, n_random, seed, as_in_code):
    two_heads = random_blocks(n_blocks, n_random, seed, n_heads=2, as_in_code=as_in_code)
    for drawn in two_heads:
        assert len(drawn) == n_blocks - 2
        for row, blocks in enumerate(drawn, start=1):
            assert len(set(blocks)) == len(blocks) <= n_random
            assert not set(blocks) & {0, row - 1, row, row + 1, n_blocks - 1}
            assert all(0 < block < (min(n_blocks, 2 * n_random + 5) if as_in_code else n_blocks) for block in blocks)
            if n_blocks >= n_random + 7:
                assert len(blocks) == n_random
    assert two_heads == random_blocks(n_blocks, n_random, seed, n_heads=2, as_in_code=as_in_code)


def test_another_seed_draws_other_blocks():
    assert random_blocks(30, 3, 0) != random_blocks(30, 3, 1)


# Reach


@pytest.mark.parametrize("name", PATTERNS)
@settings(deadline=None, max_examples=20)
@given(p=parameters)
def test_reach_is_a_power_of_the_matrix(name, p):
    pattern = Pattern.of(name, p)
    seen = (pattern.kinds() > 0).astype(np.int64)
    reach = Reach.of(pattern)
    power = np.eye(p.n, dtype=np.int64)
    needed = np.zeros((p.n, p.n), int)
    for layer in range(1, 6):
        power = (power @ seen > 0).astype(np.int64)
        needed[(power > 0) & (needed == 0)] = layer
        np.testing.assert_array_equal(reach.after(layer), power > 0)
        np.testing.assert_array_equal(reach.layers_needed(layer), needed)
        assert reach.count(layer) == power.sum()
        assert reach.count(layer, p.n // 2) == power[p.n // 2].sum()
        np.testing.assert_array_equal(reach.field(p.n // 2, layer)[-1], power[p.n // 2] > 0)
        assert reach.shares(layer)[-1] == power.sum() / p.n**2


@pytest.mark.parametrize("name", PATTERNS)
@settings(deadline=None, max_examples=20)
@given(p=parameters)
def test_layers_until_everything_knows_of_everything(name, p):
    pattern = Pattern.of(name, p)
    seen = (pattern.kinds() > 0).astype(np.int64)
    power, n_layers = seen, 1
    while not power.all() and n_layers < p.n:
        power, n_layers = (power @ seen > 0).astype(np.int64), n_layers + 1
    assert Reach.of(pattern).n_until_all == (n_layers if power.all() else None)


def test_how_far_the_patterns_of_the_lecture_reach():
    p = Parameters(n=65, window=8, dilation=2)
    assert Reach.of(Pattern.of("full", p)).n_until_all == 1
    assert Reach.of(Pattern.of("window", p)).n_until_all == 16  # 64 places in steps of 4
    assert Reach.of(Pattern.of("longformer", p)).n_until_all == 2  # by way of a global token
    assert Reach.of(Pattern.of("causal", p)).n_until_all is None
    # Even places never meet odd ones; yet the field grows by l x d x w (Longformer, section 3.1).
    dilated = Reach.of(Pattern.of("dilated", p))
    assert dilated.n_until_all is None
    for n_layers in (1, 2, 3, 4):
        places = np.flatnonzero(dilated.field(32, n_layers)[-1])
        assert places[-1] - places[0] == n_layers * 2 * 8


# Cost


def test_cost_follows_from_the_cells():
    assert flops(10, 64) == 2 * 2 * 10 * 64
    assert map_bytes(10) == 40


def test_the_table_of_2017():
    n, d, k, r = 1000, 10, 3, 50
    assert {layer.name: (layer.operations(n, d, k, r), layer.path_length(n, k, r)) for layer in TABLE} == {
        "full": (10_000_000, 1),
        "recurrent": (100_000, 1000),
        "convolutional": (300_000, pytest.approx(6.2877, abs=1e-4)),
        "restricted": (500_000, 20),
    }


# Colours

# Linear RGB as people without one kind of cones see it (Machado, Oliveira and Fernandes 2009, severity 1).
BLINDNESS = {
    "none": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}


def lab(color, blindness):
    """CIE L*a*b* of a colour."""
    channels = np.array(color.getRgbF()[:3])
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    linear = np.clip(np.array(blindness) @ linear, 0, 1)
    to_xyz = np.array([[0.4125, 0.3576, 0.1804], [0.2127, 0.7152, 0.0722], [0.0193, 0.1192, 0.9503]])
    xyz = to_xyz @ linear / np.array([0.9505, 1, 1.0888])
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("blindness", BLINDNESS.values(), ids=BLINDNESS)
def test_colour_blind_people_tell_the_kinds_apart(theme, blindness):
    for one, other in itertools.combinations(KIND_NAMES, 2):
        a, b = (lab(kinds.color(name, theme), blindness) for name in (one, other))
        assert np.linalg.norm(a - b) > 18, (one, other)  # 2 is just seen


def test_what_more_layers_reach_is_paler(qapp):
    shades = [kinds.reached_color(m, 5, LIGHT).lightness() for m in range(2, 6)]
    assert shades == sorted(shades)
    assert len(set(shades)) == 4
