"""Hidden regions, alignment and concepts, against the model's own heads and states."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from inference.analyses.alignment import alignment
from inference.analyses.concepts import concepts, silhouette
from inference.analyses.hidden_region import hidden_region
from inference.context import Context, Refused
from inference.forward.opening import load
from inference.inputs.images import make_drawing
from inference.results.alignment import AlignmentRequest
from inference.results.concepts import ConceptsRequest
from inference.results.hidden_region import HiddenRegionRequest
from inference.results.inputs import ImageInput, Input, RegionsInput, TextInput
from inference.results.joint import KINDS
from resources import CHECKPOINTS
from resources.scenes import sentences_of
from tests.inference.tiny_joint import given, save, save_regions

TEXT = "a red house"
SCENE = Input(TextInput("a small red house"), ImageInput(seed=3, kind="scene"), regions=RegionsInput())


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    found = {name: load(str(save(tmp_path_factory.mktemp(name), name)), Context()) for name in ("uniter", "vilbert")}
    bundled = {name: load(str(CHECKPOINTS / name), Context()) for name in ("uniter-scenes", "vilbert-scenes")}
    return found | bundled | {"vilt": load(str(save(tmp_path_factory.mktemp("vilt"), "vilt words")), Context())}


@pytest.fixture(scope="module")
def regions(tmp_path_factory):
    return save_regions(tmp_path_factory.mktemp("regions") / "regions.npz")


@pytest.mark.parametrize("name", ["uniter", "vilbert"])
def test_a_hidden_region_is_told_by_what_is_left(name, models, regions):
    """Its vector, whatever it is, changes nothing; its box and the words do."""
    model, input = models[name], given(TEXT, regions)
    found = hidden_region(HiddenRegionRequest("", input, 2, 3), model, Context())
    assert found.region == 2
    assert found.probs.shape == (2, 3)
    assert found.names[0][0].startswith("class ")
    assert not np.allclose(found.probs[0], found.probs[1])
    tensors = model.encode(input).tensors
    key = "img_feat" if name == "uniter" else "image_feat"
    first = 0 if name == "uniter" else 1  # the whole image stands first
    with torch.inference_mode():
        other = tensors[key].clone()
        other[0, first + 2] = 9.0
        logits = [model.family.region_logits(model.net, tensors | {key: each}, 2) for each in (tensors[key], other)]
    torch.testing.assert_close(*logits)
    np.testing.assert_allclose(found.probs[0], logits[0].softmax(-1).topk(3).values, atol=1e-5)


def test_no_region_is_hidden_until_one_is_chosen(models, regions):
    found = hidden_region(HiddenRegionRequest("", given(TEXT, regions), -1), models["uniter"], Context())
    assert (found.names, found.truth, found.probs.size) == (((), ()), "", 0)


@pytest.mark.parametrize("name", ["uniter-scenes", "vilbert-scenes"])
def test_a_sentence_tells_what_a_hidden_region_is(name, models):
    """Of scenes the truth is one of the classes, and a sentence about the thing raises its probability."""
    told, blind = [], []
    for seed in range(6):
        scene = make_drawing("scene", seed)
        sentence = sentences_of(scene)[0]
        thing = scene.things[sentence.things[0]]
        image = ImageInput(seed=seed, kind="scene")
        input = Input(TextInput(sentence.text), image, regions=RegionsInput(of_scene=True, of_detector=False))
        found = hidden_region(HiddenRegionRequest("", input, sentence.things[0]), models[name], Context())
        assert (found.truth, found.n_classes) == (thing.tag.removeprefix("a "), 129)
        told.append(found.truth_probs[0])
        blind.append(found.truth_probs[1])
    assert np.mean(told) > 2 * np.mean(blind)


def test_refusals(models, regions):
    for request, said in (
        (HiddenRegionRequest("", given(TEXT, regions), 5), "Region 5 was asked for; there are 0 to 4."),
        (HiddenRegionRequest("", given(" ", regions), 0), "A text and an image are needed; type a text."),
    ):
        with pytest.raises(Refused, match=said):
            hidden_region(request, models["uniter"], Context())
    with pytest.raises(Refused, match="reads no regions of an image"):
        hidden_region(HiddenRegionRequest("", given(TEXT), 0), models["vilt"], Context())
    with pytest.raises(Refused, match="no head that tells whether a text fits an image"):
        alignment(AlignmentRequest("", given(TEXT)), models["vilt"], Context())
    with pytest.raises(Refused, match="not at hand"):
        alignment(AlignmentRequest("", given(TEXT, regions)), models["uniter"], Context())
    with pytest.raises(Refused, match="40 pairs were asked for; it is 2 to 32"):
        alignment(AlignmentRequest("", SCENE, 40), models["uniter-scenes"], Context())


def test_alignment_is_the_score_of_each_pair_and_right_ones_come_first(models):
    model = models["uniter-scenes"]
    result = alignment(AlignmentRequest("", SCENE, 5), model, Context())
    assert result.scores.shape == (5, 5)
    assert result.texts[0] == "a small red house"
    assert len(set(result.texts)) == 5
    with torch.inference_mode():
        wanted = model.family.pair_score(model.net, model.encode(SCENE).tensors).value
    assert result.scores[0, 0] == pytest.approx(wanted, abs=1e-5)
    of_drawn = np.arange(1, 5)  # their sentences are true of them
    assert (result.scores[of_drawn, of_drawn] > 0.5).mean() >= 0.75
    assert (result.image_ranks[1:] == 1).mean() >= 0.5


def test_concepts_are_states_of_what_means_or_shows_a_thing(models):
    result = concepts(ConceptsRequest("", 6), models["uniter-scenes"], Context())
    assert set(np.unique(result.kinds)) == {KINDS.index("word"), KINDS.index("region")}
    assert np.linalg.norm(result.places, axis=1).max() < 2  # vectors of length 1 round their mean
    assert -1 <= result.silhouette <= 1
    assert result.distances[0] < result.distances[1]  # words lie nearer to what they mean
    again = concepts(ConceptsRequest("", 6, "tsne"), models["uniter-scenes"], Context())
    assert np.isnan(again.explained).all()
    assert again.silhouette == result.silhouette  # of the whole states, however they are shown
    assert {KINDS[kind] for kind in concepts(ConceptsRequest("", 6), models["vilt"], Context()).kinds} <= {
        "word",
        "patch",
    }


@pytest.mark.parametrize("name", ["vilbert", "lxmert", "uniter", "flava", "blip matches", "bridgetower pairs"])
def test_the_steps_are_all_attentions(name, tmp_path):
    """Each once; both directions of a connection side by side, and the layers of a stream in order."""
    model = load(str(save(tmp_path / name, name)), Context())
    steps = model.family.steps(model.net.config)
    every = {(group.name, layer) for group in model.info.groups for layer in group.layers}
    assert set(steps) == every
    assert len(steps) == len(every)
    for group in model.info.groups:
        assert [layer for name, layer in steps if name == group.name] == sorted(group.layers)
    for k in [layer for group, layer in steps if group == "text_to_regions"]:
        assert steps.index(("regions_to_text", k)) == steps.index(("text_to_regions", k)) + 1


def test_the_silhouette_is_that_of_its_definition():
    rng = np.random.default_rng(1)
    points, groups = rng.normal(size=(9, 3)), np.array([0, 0, 0, 1, 1, 1, 1, 2, 2])
    apart = np.linalg.norm(points[:, None] - points, axis=-1)
    wanted = []
    for i in range(9):
        others = [apart[i, [j for j in range(9) if groups[j] == g and j != i]].mean() for g in range(3)]
        a, b = others[groups[i]], min(x for g, x in enumerate(others) if g != groups[i])
        wanted.append((b - a) / max(a, b))
    assert silhouette(apart, groups) == pytest.approx(np.mean(wanted))
    assert np.isnan(silhouette(apart, np.zeros(9)))
