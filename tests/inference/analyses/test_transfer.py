"""What a network is worth for another task: features as transformers gives them, and four methods that differ."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from inference.analyses import transfer as module
from inference.analyses.transfer import n_scratch_steps, transfer
from inference.context import Cancelled, Context, Refused
from inference.family.image_features import GivesImageFeatures
from inference.forward.opening import load
from inference.results.events import Partial, Progress
from inference.results.request import Capability
from inference.results.transfer import TransferRequest
from inference.training.image_tower import TaughtTower, fresh_net, learn
from inference.training.linear_probe import linear_probe
from tests.inference import tiny_pairs, tiny_segments
from tests.inference.families.test_virtex import save_virtex
from tests.inference.tiny_images import model_of

TINY = TransferRequest("", most=32, n_tested=8, n_runs=2, n_label_scenes=32)


class Nearest:
    """A classifier that takes no time: the label of the nearest features."""

    def __init__(self, features, labels):
        self.features, self.labels = features, labels

    def score(self, features, labels):
        distances = ((features[:, None] - self.features[None]) ** 2).sum(-1)
        return float((self.labels[distances.argmin(1)] == labels).mean())


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(module, "linear_probe", Nearest)
    monkeypatch.setattr(module, "_STEPS", 1)


@pytest.fixture
def virtex(tmp_path):
    return load(str(save_virtex(tmp_path / "virtex")), Context())


def test_sizes_double_up_to_the_most():
    assert replace(TINY, most=100).sizes == (16, 32, 64, 100)
    assert replace(TINY, most=16).sizes == (16,)
    assert [n_scratch_steps(n) for n in (16, 64)] == [4, 8]


@pytest.mark.parametrize("name", ["vit", "swin", "dinov2", "mae"])
def test_features_are_the_mean_of_what_transformers_says_of_the_patches(name, tmp_path):
    model = model_of(name, tmp_path)
    pixels = torch.randn(2, 3, *model.preparation.size)
    with torch.inference_mode():
        found = model.family.image_features(model.net, pixels)
        if name == "mae":  # which else hides some
            model.net.config.mask_ratio = 0.0
        states = model.net.base_model(pixels).last_hidden_state
    n_special = {"vit": 1, "swin": 0, "dinov2": 1, "mae": 1}[name]
    torch.testing.assert_close(found, states[:, n_special:].mean(1), atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize(("save", "name"), [(tiny_pairs.save, "clip"), (tiny_segments.save, "lseg")])
def test_towers_beside_texts_have_features_too(save, name, tmp_path):
    save(tmp_path, name)
    model = load(str(tmp_path), Context())
    assert Capability.IMAGE_FEATURES in model.info.capabilities
    assert isinstance(model.family, GivesImageFeatures)
    example = torch.zeros(1, 3, 24, 24)
    tower = TaughtTower(model.family, fresh_net(model, 0), example, 4)
    texts = {id(p) for n, p in tower.net.named_parameters() if "text" in n or "clip_pretrained" in n}
    assert tower.parts
    assert not texts & {id(part) for part in tower.parts}  # of what reads texts nothing is trained


def test_a_model_that_reads_words_says_why_it_has_none(tmp_path):
    from tests.inference.tiny_checkpoints import save_bert

    info = load(str(save_bert(tmp_path)), Context()).info
    assert info.why_missing(TINY.needs).endswith("reads texts, not images")


def test_each_method_has_a_number_a_run_and_a_size(virtex):
    told = []
    found = transfer(TINY, virtex, Context(told.append)).study
    assert tuple(found.methods) == ("frozen", "labels", "random", "scratch")
    assert [(run.method, run.n_examples) for run in found.runs] == [
        (method, n) for method in found.methods for n in (16, 32)
    ]
    assert all(
        run.accuracies.shape == (2,) and ((run.accuracies >= 0) & (run.accuracies <= 1)).all() for run in found.runs
    )
    assert (found.base, found.n_tested, found.unit) == ("virtex", 8, "portraits")
    parts = [event.result.study for event in told if isinstance(event, Partial)]
    assert [sum(len(run.accuracies) for run in part.runs) for part in parts] == list(range(1, 17))
    steps = [event for event in told if isinstance(event, Progress)]
    assert [step.done for step in steps] == list(range(steps[-1].total))
    again = transfer(TINY, virtex, Context()).study
    for one, other in zip(found.runs, again.runs, strict=True):
        np.testing.assert_array_equal(one.accuracies, other.accuracies)


def test_the_checkpoint_stays_as_it_is_and_others_begin_anew(virtex):
    before = {name: tensor.clone() for name, tensor in virtex.net.state_dict().items()}
    transfer(replace(TINY, most=16, n_runs=1), virtex, Context())
    for name, tensor in virtex.net.state_dict().items():
        torch.testing.assert_close(tensor, before[name], rtol=0, atol=0)
    first, same, other = (fresh_net(virtex, seed).state_dict() for seed in (0, 0, 1))
    name = "visual.cnn.conv1.weight"
    torch.testing.assert_close(first[name], same[name], rtol=0, atol=0)
    assert not torch.equal(first[name], other[name])
    assert not torch.equal(other[name], before[name])


def test_a_linear_probe_tells_apart_what_features_tell_apart():
    rng = np.random.default_rng(0)
    labels = np.arange(60) % 3
    features = np.eye(3)[labels] * [1, 100, 1] + 0.01 * rng.normal(size=(60, 3))
    assert linear_probe(features[:30], labels[:30]).score(features[30:], labels[30:]) == 1


def test_what_is_left_out_is_not_there(virtex, monkeypatch):
    request = replace(TINY, most=16, n_runs=1, n_label_scenes=0, with_scratch=False)
    left = transfer(request, virtex, Context()).study
    assert [run.method for run in left.runs] == ["frozen", "random"]
    assert len(left.methods) == 4  # each keeps its place, and so its colour
    monkeypatch.setattr(module, "MOST_TRAINED", 100)
    found = transfer(replace(TINY, most=16, n_runs=1), virtex, Context()).study
    assert [run.method for run in found.runs] == ["frozen", "random"]
    assert "up to 100 are trained here" in found.told[-1]


def test_a_tower_learns_what_it_is_shown(virtex):
    """Two colours are told apart behind a few steps."""
    torch.manual_seed(0)
    truth = torch.arange(8) % 2
    pixels = (truth * 2.0 - 1)[:, None, None, None].expand(8, 3, 32, 32) + 0.1 * torch.randn(8, 3, 32, 32)
    tower = TaughtTower(virtex.family, fresh_net(virtex, 0), pixels[:1], 2)
    steps = []
    learn(tower, lambda _: (pixels, truth), torch.nn.functional.cross_entropy, 20, steps.append)
    assert steps == list(range(20))
    assert not tower.training
    assert tower(pixels).argmax(-1).tolist() == truth.tolist()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"most": 8}, "^8 labelled portraits were asked for; 16 to 4,096 will do"),
        ({"n_tested": 0}, "^0 portraits to test on"),
        ({"n_runs": 9}, "^9 runs"),
        ({"n_label_scenes": -1}, "^-1 scenes with labels"),
    ],
)
def test_numbers_out_of_range_are_refused(virtex, changes, sentence):
    with pytest.raises(Refused, match=sentence):
        transfer(replace(TINY, **changes), virtex, Context())


def test_it_is_cancelled_between_steps(virtex):
    calls = iter(range(1000))
    with pytest.raises(Cancelled):
        transfer(TINY, virtex, Context(is_cancelled=lambda: next(calls) > 40))
    assert next(calls) < 45
