"""Grounding counts where the strongest weight of a word lies, against what was painted."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
import torch

from inference.analyses.grounding import grounding
from inference.analyses.joint import joint
from inference.context import Cancelled, Context, Refused
from inference.forward.opening import load
from inference.forward.scenes.followed import FIRST_SEED, FollowedScene
from inference.inputs.images import make_drawing
from inference.inputs.scene_images import thing_boxes
from inference.models.streams.oscar import Oscar, OscarConfig
from inference.models.streams.uniter import Uniter, UniterConfig
from inference.models.streams.vilbert import VilBert, VilBertConfig
from inference.results.grounding import GroundingRequest, GroundingResult
from inference.results.inputs import ImageInput, Input, RegionsInput, TextInput
from inference.results.joint import KINDS, JointRequest
from resources.recipes.joint_scenes.data import make_tokenizer
from resources.scenes import sentences_of
from tests.inference.tiny_joint import save

N = 4  # scenes


def save_scenes(folder: Path, name: str) -> Path:
    """A small random model that reads the regions of the bundled detector, on disk with the words of scenes."""
    torch.manual_seed(0)
    tokenizer = make_tokenizer()
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 48}
    sizes |= {"vocab_size": len(tokenizer), "max_position_embeddings": 40, "detector": "scene-detector"}
    if name == "uniter":
        net = Uniter(UniterConfig(img_dim=64, img_label_dim=129, **sizes))
    elif name == "oscar":
        net = Oscar(OscarConfig(img_feature_dim=70, num_contrast_classes=3, use_img_layernorm=True, **sizes))
    else:
        more = {"v_hidden_size": 32, "v_num_hidden_layers": 1, "v_num_attention_heads": 4, "v_intermediate_size": 32}
        more |= {"bi_hidden_size": 32, "bi_num_attention_heads": 4, "v_biattention_id": (0,), "t_biattention_id": (1,)}
        net = VilBert(VilBertConfig(v_feature_size=64, v_target_size=129, **sizes | more))
    with torch.no_grad():
        for parameter in net.parameters():
            if parameter.ndim > 1:
                parameter.normal_(0, 2 / parameter.shape[-1] ** 0.5)
    net.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    names = ("uniter", "oscar", "vilbert")
    found = {name: load(str(save_scenes(tmp_path_factory.mktemp(name), name)), Context()) for name in names}
    return found | {"vilt": load(str(save(tmp_path_factory.mktemp("vilt"), "vilt words")), Context())}


def ask(model, n=N, **more):
    return grounding(GroundingRequest(model.info.checkpoint, n, **more), model, Context())


def counted(model, number, level, *, of_detector=True):
    """Hits [head], words, and what chance would hit, by the map that Words and image shows."""
    seed = FIRST_SEED + number
    scene = make_drawing("scene", seed)
    told = [each for each in sentences_of(scene) if len(each.things) == 2] or list(sentences_of(scene))
    sentence = random.Random(number).choice(told)
    regions = RegionsInput(of_scene=True, of_detector=of_detector)
    image = ImageInput(seed=seed, kind="scene")
    result = joint(JointRequest("", Input(TextInput(sentence.text), image, regions=regions), level), model, Context())
    at = result.places("region", "patch")
    truth = thing_boxes(scene, result.picture.size[0])
    n_words, chance, hits = 0, [], np.zeros(result.n_heads, int)
    words = list(result.tokens.words)
    place = 0
    for thing in sentence.things:
        own = scene.things[thing]
        alike = [truth[i] for i, other in enumerate(scene.things) if other.phrase == own.phrase]
        right = np.array([any(is_shown(result, pos, box) for box in alike) for pos in at])
        for word in (own.size, own.colour, own.kind):
            if word not in words[place:]:
                continue
            place = words.index(word, place)
            if right.any():
                n_words += 1
                chance.append(right.mean())
                hits += right[result.pattern[:, place][:, at].argmax(1)]
            place += 1
    return hits, n_words, chance


def is_shown(result, pos, thing):
    box = result.boxes[pos]
    if KINDS[result.kinds[pos]] == "patch":
        x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        return thing[0] <= x < thing[2] and thing[1] <= y < thing[3]
    wide, high = (max(0, min(box[2 + i], thing[2 + i]) - max(box[i], thing[i])) for i in (0, 1))
    areas = [(each[2] - each[0]) * (each[3] - each[1]) for each in (box, thing)]
    return wide * high / (sum(areas) - wide * high) >= 0.5


@pytest.mark.parametrize("name", ["uniter", "oscar", "vilbert", "vilt"])
def test_it_is_what_the_maps_show(name, models):
    result = ask(models[name])
    assert (result.n_scenes, result.scores.shape[0]) == (N, len(result.levels))
    for level in range(2 if name in ("uniter", "oscar") else 1):
        found = [counted(models[name], number, level) for number in range(N)]
        n = sum(words for _, words, _ in found)
        np.testing.assert_allclose(result.scores[level], sum(hits for hits, _, _ in found) / n, atol=1e-6)
        assert result.n_words == n
        assert result.chance == pytest.approx(np.mean([x for _, _, each in found for x in each]), abs=1e-6)
    if name == "vilbert":  # no words look at the image in the layers of one stream
        assert np.isnan(result.scores[1:]).all()


def test_words_are_followed_where_words_and_image_are_one_sequence_of_its_own(tmp_path):
    """FLAVA reads the words alone first: only its joint layers look at the image from them."""
    result = ask(load(str(save(tmp_path, "flava")), Context()))
    titles = [level.title for level in result.levels]
    assert titles[0] == "Joint layer 0"
    is_joint = np.array([title.startswith("Joint") for title in titles])
    assert np.isfinite(result.scores[is_joint]).all()
    assert np.isnan(result.scores[~is_joint]).all()
    assert (result.scores[is_joint] <= 1).all()


def test_the_things_that_were_painted_can_be_its_regions(models):
    """Then none is missed."""
    result = ask(models["uniter"], of_detector=False)
    assert result.n_left_out == 0
    hits = sum(counted(models["uniter"], number, 0, of_detector=False)[0] for number in range(N))
    np.testing.assert_allclose(result.scores[0], hits / result.n_words, atol=1e-6)


def test_words_that_a_tokenizer_does_not_know_are_left_out(models):
    """That of the tiny ViLT knows red, blue, green, small and large, and houses, trees and cars."""
    result = ask(models["vilt"])
    assert result.n_left_out > 0
    assert 0 < result.n_words < 6 * N


def test_words_find_things_by_way_of_tags(models):
    """A word looks at tags with a head, and these at regions with the mean of the heads before."""
    model, n_words, hits = models["oscar"], 0, 0
    found = ask(model)
    for number in range(N):
        scene = FollowedScene(number, model, Context(), of_detector=True)
        before, own = (model.call(scene.run, "text_and_regions", layer, Context()).patterns() for layer in (0, 1))
        (kinds,) = scene.kinds.values()
        tags, regions = np.flatnonzero(kinds == KINDS.index("tag")), np.flatnonzero(kinds == KINDS.index("region"))
        path = own[:, :, tags] @ before.mean(0)[tags][:, regions]
        for pos, right in scene.places.items():
            n_words += 1
            hits = hits + right[path[:, pos].argmax(-1)]
    np.testing.assert_allclose(found.through_tags[1], hits / n_words, atol=1e-6)
    assert np.isnan(found.through_tags[0]).all()  # nothing comes before the first layer
    assert ask(models["uniter"]).through_tags is None


def test_the_best_head_is_the_highest_number():
    scores = np.array([[0.2, np.nan], [0.1, 0.9]], np.float32)
    assert GroundingResult((), scores, 0.2, 5, 0, 1).best == (1, 1)
    assert GroundingResult((), np.full((2, 2), np.nan, np.float32), 0.2, 5, 0, 1).best == (0, 0)


def test_refusals(models, tmp_path):
    with pytest.raises(Refused, match="0 scenes were asked for; it is 1 to 500"):
        ask(models["uniter"], 0)
    other = load(str(save(tmp_path, "lxmert")), Context())
    with pytest.raises(Refused, match="reads regions of a detector that is not at hand"):
        ask(other)
    with pytest.raises(Refused, match="No attention of bert-mini goes between words and an image"):
        ask(load("bert-mini", Context()))


def test_it_can_be_cancelled(models):
    calls = iter(range(100))
    with pytest.raises(Cancelled):
        grounding(GroundingRequest("", N), models["uniter"], Context(is_cancelled=lambda: next(calls) > 3))
