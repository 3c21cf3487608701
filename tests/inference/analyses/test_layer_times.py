"""Layer times: what is timed is the layer that it is called, and what is told is what the clock said."""

from __future__ import annotations

from itertools import count

import numpy as np
import pytest
import torch

from inference.analyses.layer_times import banded_attention, layer_times, pieces
from inference.context import Cancelled, Context, Refused
from inference.results.events import Partial, Progress
from inference.results.layer_times import LayerTimesRequest, LayerTimesResult
from inference.service.engine import Engine

SMALL = LayerTimesRequest(lengths=(5, 9), d_model=8, kernel=3, neighbourhood=4, n_repeats=3)


@pytest.mark.parametrize("one_sided", [1, 2, 3, 7, 40])
@pytest.mark.parametrize("n", [1, 2, 12, 13])
def test_banded_attention_is_full_attention_within_a_band(n, one_sided):
    generator = torch.Generator().manual_seed(n)
    q, k, v = (torch.randn(n, 8, generator=generator, dtype=torch.float64) for _ in range(3))
    places = torch.arange(n)
    scores = (q @ k.T / 8**0.5).masked_fill((places - places[:, None]).abs() > one_sided, -torch.inf)
    torch.testing.assert_close(banded_attention(q, k, v, one_sided), scores.softmax(-1) @ v)


def test_every_piece_maps_a_sequence_to_one_of_the_same_shape():
    x = torch.randn(1, 11, 8, generator=torch.Generator().manual_seed(0))
    assert all(piece(x).shape == x.shape for piece in pieces(SMALL, torch.device("cpu")).values())


def test_the_recurrent_piece_looks_back_and_the_others_as_far_as_they_say():
    """What changes when one position is changed."""
    x = torch.randn(1, 11, 8, generator=torch.Generator().manual_seed(0))
    other = x.clone()
    other[0, 4] += 1
    changed = {}
    with torch.inference_mode():
        for name, piece in pieces(SMALL, torch.device("cpu")).items():
            is_changed = (piece(x) - piece(other)).abs().amax(-1)[0] > 0
            changed[name] = is_changed.nonzero()[:, 0].tolist()
    assert changed == {
        "full": [*range(11)],
        "recurrent": [*range(4, 11)],
        "convolutional": [3, 4, 5],
        "restricted": [2, 3, 4, 5, 6],
    }


def test_the_median_of_the_repetitions_is_told():
    """A clock of which each look is later than the one before by one second more."""
    ticks = (float(i * (i + 1) // 2) for i in count())
    result = layer_times(SMALL, Context(), clock=lambda: next(ticks))
    # A piece is run once to warm up and once for its length; then the gaps of the clock are 5, 7 and 9 seconds, and 10
    # looks later again.
    np.testing.assert_array_equal(result.seconds, 7 + 10 * np.arange(8).reshape(2, 4).T)


def test_each_number_is_shown_as_soon_as_it_is_there():
    told: list[object] = []
    result = layer_times(SMALL, Context(told.append))
    partials = [e.result for e in told if isinstance(e, Partial) and isinstance(e.result, LayerTimesResult)]
    assert [np.isfinite(one.seconds).sum() for one in partials] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert (result.seconds > 0).all()
    np.testing.assert_array_equal(result.seconds, partials[-1].seconds)
    has_gpu = torch.cuda.is_available()
    assert result.device == (torch.cuda.get_device_name() if has_gpu else "CPU")
    assert result.n_threads == (0 if has_gpu else torch.get_num_threads())
    assert result.request == SMALL
    labels = {event.label for event in told if isinstance(event, Progress)}
    assert "Timing restricted at 9 positions" in labels
    assert all(event.total == 8 for event in told if isinstance(event, Progress))


def test_it_ends_when_it_is_cancelled():
    told: list[object] = []
    context = Context(told.append, is_cancelled=lambda: sum(isinstance(e, Partial) for e in told) == 3)
    with pytest.raises(Cancelled):
        layer_times(SMALL, context)
    assert sum(isinstance(event, Partial) for event in told) == 3


def test_it_leaves_the_random_numbers_of_others_alone():
    torch.manual_seed(3)
    before = torch.random.get_rng_state()
    layer_times(SMALL, Context())
    assert torch.equal(torch.random.get_rng_state(), before)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"d_model": 4}, "d_model is 4; 8 to 1,024"),
        ({"n_repeats": 0}, "n_repeats is 0"),
        ({"kernel": 4}, "A kernel of 4"),
        ({"neighbourhood": 7}, "a neighbourhood of 7"),
        ({"lengths": ()}, "Lengths none"),
        ({"lengths": (8, 4)}, "Lengths 8, 4"),
        ({"lengths": (64, 100_000)}, "between 1 and 32,768"),
    ],
)
def test_what_cannot_be_timed_is_refused(changes, words):
    request = LayerTimesRequest(**{"lengths": (8,), "d_model": 8, **changes})
    with pytest.raises(Refused, match=words):
        layer_times(request, Context())


def test_the_engine_needs_no_checkpoint_for_it():
    result = Engine().run(SMALL, Context())
    assert isinstance(result, LayerTimesResult)
