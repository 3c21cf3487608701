"""Words and an image in one map: every block is the attention that it says it is, and every box is where it says."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from inference.analyses.heads import heads
from inference.analyses.joint import joint, joint_words
from inference.analyses.measures import measures
from inference.analyses.read_regions import read_regions
from inference.context import Cancelled, Context, Refused
from inference.forward.opening import load
from inference.inputs.other_scenes import FIRST_OTHER_SEED
from inference.inputs.scene_images import thing_boxes
from inference.results.heads import HeadsRequest
from inference.results.inputs import ImageInput, Input, RegionsInput, TextInput
from inference.results.joint import KINDS, JointRequest, JointWordsRequest
from inference.results.measures import MeasuresRequest
from inference.results.read_regions import ReadRegionsRequest
from tests.inference.tiny_joint import NAMES, OF_REGIONS, given, save, save_regions

TEXT = "a small red house in the meadow"


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    found = {}

    def opened(name):
        if name not in found:
            found[name] = load(str(save(tmp_path_factory.mktemp("joint"), name)), Context())
        return found[name]

    return opened


@pytest.fixture(scope="module")
def regions(tmp_path_factory):
    return save_regions(tmp_path_factory.mktemp("regions") / "regions.npz")


def asked(model, input, level=0):
    return joint(JointRequest(model.info.checkpoint, input, level), model, Context())


def input_for(name, regions, text=TEXT, **more):
    return given(text, regions if name in OF_REGIONS else None, **more)


def kinds_of(result):
    return [KINDS[kind] for kind in result.kinds]


@pytest.mark.parametrize("name", NAMES)
def test_a_patch_or_a_region_is_not_taken_for_the_token_of_its_number(models, regions, name):
    """[SEP] is token 3, and the fourth region is none; nor is it an earlier occurrence of that word."""
    model = models(name)
    for group in model.info.groups:
        request = model.info.checkpoint, input_for(name, regions), group.name
        found, exact = (
            heads(HeadsRequest(*request), model, Context()),
            measures(MeasuresRequest(*request), model, Context()),
        )
        tokens = found.key_tokens
        assert set(found.marks.values()) <= {"[CLS]", "[SEP]"}
        of_marks = np.nansum([found.measures["cls"], found.measures["sep"]], axis=0)
        assert (of_marks <= np.nan_to_num(exact.measures["special"]) + 1e-5).all()
        is_seen = np.array([any(letter.isdigit() for letter in word) for word in tokens.words])
        assert (tokens.ids[is_seen] < 0).all()


def test_lxmert_is_one_map_of_four_attentions(models, regions):
    model = models("lxmert")
    input = given(TEXT, regions)
    result = asked(model, input)
    assert result.levels[result.level].title == "Joint layer 0"
    (_, _, n_text), (_, start, n) = result.axes
    assert (n_text, start, n) == (9, 9, 14)
    assert kinds_of(result) == ["special", *["word"] * 7, "special", *["region"] * 5]
    run = model.run(input, Context())
    for group, rows, columns in (
        ("text_joint_layers", slice(0, 9), slice(0, 9)),
        ("text_to_regions", slice(0, 9), slice(9, 14)),
        ("regions_to_text", slice(9, 14), slice(0, 9)),
        ("regions_joint_layers", slice(9, 14), slice(9, 14)),
    ):
        own = model.call(run, group, 0, Context()).patterns().numpy()
        np.testing.assert_array_equal(result.pattern[:, rows, columns], own)
    with np.load(regions) as file:
        np.testing.assert_allclose(result.boxes[9:], file["boxes"] * 480 / 256, rtol=1e-6)
    assert result.picture.size == (480, 480)
    assert result.rollout is None
    assert result.regions.labels[2] == "thing 2"
    assert result.regions.features is None


def test_who_reads_whom_is_told_by_what_lies_on_their_sequences(models, regions):
    """Not by the names of groups: VirTex's are called after the caption that they write."""
    streams = asked(models("lxmert"), given(TEXT, regions)).streams
    lxmert = {stream.name: (stream.reader, stream.read) for stream in streams}
    assert lxmert["text_to_regions"] == ("text", "image")
    assert lxmert["regions_to_text"] == ("image", "text")
    assert lxmert["text_joint_layers"] == lxmert["text"] == ("text", "text")
    assert lxmert["regions"] == ("image", "image")
    vilt = asked(models("vilt both"), given(TEXT))
    assert {(stream.reader, stream.read) for stream in vilt.streams} == {("both", "both")}
    request = JointRequest("virtex-scenes", Input(text=TextInput("a small red car"), image=ImageInput(seed=1)))
    virtex = joint(request, load("virtex-scenes", Context()), Context())
    assert [(stream.title, stream.reader, stream.read) for stream in virtex.streams] == [
        ("Caption", "text", "text"), ("Caption to image", "text", "image"),
        ("Caption from its end", "text", "text"), ("Caption from its end to image", "text", "image"),
    ]  # fmt: skip


def test_blip_reads_patches_that_read_no_words(models):
    result = asked(models("blip matches"), given(TEXT))
    n = result.axes[0][2]
    assert np.isfinite(result.pattern[:, :n]).all()
    assert np.isnan(result.pattern[:, n:]).all()
    np.testing.assert_allclose(result.pattern[:, :n, :n].sum(-1), 1, atol=1e-5)
    np.testing.assert_allclose(result.pattern[:, :n, n:].sum(-1), 1, atol=1e-5)


def test_one_stream_is_rolled_out(models):
    model = models("vilt words")
    result = asked(model, given(TEXT), level=1)
    run = model.run(given(TEXT), Context())
    maps = [model.call(run, "text_and_image", layer, Context()).patterns().numpy().mean(0) for layer in (0, 1)]
    eye = np.eye(len(maps[0]))
    np.testing.assert_allclose(result.rollout, (maps[1] + eye) / 2 @ (maps[0] + eye) / 2, atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_shares_are_sums_of_the_maps(name, models, regions):
    """What lies on all kinds together is everything, in each attention; and each share is what it says."""
    result = asked(models(name), input_for(name, regions))
    level = result.pattern.astype(np.float64)
    for query in set(result.kinds.tolist()):
        for key in set(result.kinds.tolist()):
            block = level[:, result.kinds == query][:, :, result.kinds == key]
            found = result.shares[result.level, : result.n_heads, query, key]
            if np.isnan(block).all():
                assert np.isnan(found).all()
                continue
            np.testing.assert_allclose(found, block.sum(-1).mean(-1), atol=1e-5)
            n = block.shape[-1]
            if n > 1:
                # A causal query sees nothing of what stands behind it; below that float32 has no digits.
                sees = block.sum(-1) > np.finfo(np.float32).tiny
                share = block / np.where(sees, block.sum(-1), 1)[..., None]
                entropy = -(share * np.log(share, where=share > 0, out=np.zeros_like(share))).sum(-1)
                focus = result.focus[result.level, : result.n_heads, query, key]
                n_seeing = sees.sum(-1)
                wanted = np.where(sees, 1 - entropy / math.log(n), 0).sum(-1) / np.maximum(n_seeing, 1)
                wanted[n_seeing == 0] = np.nan
                np.testing.assert_allclose(focus, wanted, atol=1e-4)


def test_the_plan_of_uniter_brings_words_to_regions(models, regions):
    """As in its training (systems 5), of all tokens and regions; other models have none."""
    model = models("uniter")
    result = asked(model, given(TEXT, regions))
    n = len(result.kinds) - 5
    tensors = model.encode(given(TEXT, regions)).tensors
    with torch.inference_mode():
        output = model.net(**tensors)
    words, areas = (x / x.norm(dim=-1, keepdim=True) for x in (output.text_states[0], output.region_states[0]))
    cost = (1 - words @ areas.T).double().numpy()
    plan, right = np.ones((n, 5)), np.full(n, 1 / n)
    for _ in range(50):
        step = np.exp(-cost / 0.5) * plan
        left = 1 / (5 * (step * right[:, None]).sum(0))
        right = 1 / (n * (step * left).sum(1))
        plan = right[:, None] * step * left
    np.testing.assert_allclose(result.transport[:n, n:], plan / plan.sum(1, keepdims=True), atol=1e-5)
    np.testing.assert_allclose(result.transport[n:, :n], (plan / plan.sum(0)).T, atol=1e-5)
    assert np.isnan(result.transport[:n, :n]).all()
    assert np.isnan(result.transport[n:, n:]).all()
    assert asked(models("oscar"), given(TEXT, regions)).transport is None


@pytest.mark.parametrize("size", [(96, 96), (96, 48), (50, 130)])
def test_the_box_of_a_patch_holds_the_pixels_that_it_is_made_of(size, models, tmp_path):
    """In pixels of the file, whatever was done to fit it: whiten what the box says, and only that patch changes."""
    model = models("vilt words")
    rows, columns = size
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (rows, columns, 3)).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    input = Input(text=TextInput(TEXT), image=ImageInput(str(tmp_path / "a.png")))
    result = asked(model, input)
    before = model.prepare(input).values
    places = result.places("patch")
    place = places[len(places) // 2]
    x0, y0, x1, y1 = np.rint(result.boxes[place]).astype(int)
    inner = (slice(y0 + 2, y1 - 2), slice(x0 + 2, x1 - 2))
    pixels[inner] = 255 - pixels[inner]
    Image.fromarray(pixels).save(tmp_path / "b.png")
    after = model.prepare(Input(text=TextInput(TEXT), image=ImageInput(str(tmp_path / "b.png")))).values
    row, column = map(int, result.tokens.words[place].split(","))
    side = model.net.config.patch_size
    changed = np.abs(after - before).max(0)
    inside = changed[row * side : (row + 1) * side, column * side : (column + 1) * side].sum()
    assert inside > 0.9 * changed.sum() > 0


def test_boxes_of_a_scene_and_drawn_ones_are_told_over_patches_and_cost_no_pass(models):
    model = models("vilt words")
    plain = given(TEXT)
    drawn = Input(plain.text, plain.image, regions=RegionsInput(boxes=((1, 2, 30, 40),), of_scene=True))
    model.run(plain, Context())
    kept = model._last
    result = asked(model, drawn)
    assert model._last is kept
    prepared = model.prepare(plain)
    assert result.regions.labels == (*prepared.scene.tags, "")
    np.testing.assert_allclose(result.regions.boxes[:-1], thing_boxes(prepared.scene, prepared.size[0]))
    assert result.regions.boxes[-1].tolist() == [1, 2, 30, 40]


def test_what_cannot_be_asked_is_said(models, regions):
    model = models("vilt words")
    with pytest.raises(Refused, match=r"^Level 2 was asked for; .* has levels 0 to 1\.$"):
        asked(model, given(TEXT), level=2)
    with pytest.raises(Refused, match=r"^A text and an image are needed; type a text\.$"):
        asked(model, given("  "))
    beside = Input(TextInput(TEXT), ImageInput(seed=3, kind="scene"), regions=RegionsInput(boxes=((5, 5, 999, 10),)))
    with pytest.raises(Refused, match=r"^The drawn boxes: number 0 is 5, 5, 999, 10; x0 < x1"):
        asked(model, beside)
    with pytest.raises(Refused, match=r"^0 words were asked for"):
        joint_words(JointWordsRequest("", given(TEXT), 0), model, Context())


def test_it_can_be_cancelled(models):
    model, calls = models("flava"), iter(range(100))
    with pytest.raises(Cancelled):
        joint(JointRequest("", given("a cat")), model, Context(is_cancelled=lambda: next(calls) > 3))


# The model's own heads


@pytest.mark.parametrize("name", ["vilt words", "bridgetower words", "flava", "visual_bert", "lxmert"])
def test_masked_words_are_those_of_the_head_with_the_image_and_without(name, models, regions):
    model = models(name)
    input = input_for(name, regions, masked=(3, 4))
    result = joint_words(JointWordsRequest("", input, 3), model, Context())
    assert result.tokens.words[3] == "[MASK]"
    assert result.original == ("red", "house")
    tensors = model.encode(input).tensors
    image = {"visual_bert": "visual_embeds", "lxmert": "visual_feats"}.get(name, "pixel_values")
    for number, given_tensors in enumerate((tensors, tensors | {image: torch.zeros_like(tensors[image])})):
        with torch.inference_mode():
            if name == "flava":
                states = model.net.flava(**given_tensors).multimodal_embeddings[:, 11:]
                logits = model.net.mmm_text_head(states)[0]
            else:
                output = model.family.output(model.net, given_tensors)
                logits = (output["prediction_logits"] if "prediction_logits" in output else output["logits"])[0]
        probs = logits[[3, 4]].softmax(-1)
        np.testing.assert_allclose(result.probs[number], probs.topk(3).values, atol=1e-5)
        was = model.tokenizer.convert_tokens_to_ids(["red", "house"])
        np.testing.assert_allclose(result.original_probs[number], probs[[0, 1], was], atol=1e-6)
    assert not np.allclose(result.probs[0], result.probs[1])


@pytest.mark.parametrize("name", ["vilt words", "visual_bert"])
def test_masked_words_with_another_image_are_those_of_a_scene_in_its_place(name, models, regions):
    model, input = models(name), input_for(name, regions, masked=(3,))
    result = joint_words(JointWordsRequest("", input, 3), model, Context())
    if name == "visual_bert":  # a file has the regions of one image
        assert result.given == ("image", "image hidden")
        return
    assert result.given == ("image", "image hidden", "another image")
    other = replace(input, image=ImageInput(seed=FIRST_OTHER_SEED, kind="scene"), regions=None)
    with torch.inference_mode():
        logits = model.family.output(model.net, model.encode(other).tensors)["logits"][0, 3]
    np.testing.assert_allclose(result.probs[2, 0], logits.softmax(-1).topk(3).values, atol=1e-5)


def test_oscar_is_asked_without_its_tags_too():
    model = load("oscar-scenes", Context())
    text, image = TextInput("a red house", masked=(2,)), ImageInput(seed=3, kind="scene")
    input = Input(text=text, image=image, regions=RegionsInput())
    result = joint_words(JointWordsRequest("", input, 3), model, Context())
    assert result.given == ("image", "image hidden", "no tags", "another image")
    tensors = model.encode(input).tensors
    n = 5  # [CLS] a [MASK] house [SEP]; tags stand behind
    assert tensors["input_ids"].shape[1] > n
    bare = tensors | {name: tensors[name][:, :n] for name in ("input_ids", "token_type_ids")}
    with torch.inference_mode():
        probs = model.family.word_logits(model.net, bare)[2].softmax(-1)
    np.testing.assert_allclose(result.probs[2, 0], probs.topk(3).values, atol=1e-5)
    typed = replace(input, text=replace(text, text_pair="a cup"))  # in place of the tags
    assert "no tags" not in joint_words(JointWordsRequest("", typed, 3), model, Context()).given


MATCH = {"bridgetower pairs": 1, "blip matches": 1, "flava": 1, "visual_bert": 0, "lxmert": 1}


@pytest.mark.parametrize("name", [*MATCH, "vilt pairs"])
def test_the_score_of_a_pair_is_the_class_that_means_a_match(name, models, regions):
    """transformers' classes are in either order: the one that its documentation calls a match is told."""
    model = models(name)
    input = input_for(name, regions)
    result = joint_words(JointWordsRequest("", input), model, Context())
    tensors = model.encode(input).tensors
    with torch.inference_mode():
        if name == "flava":
            logits = model.net.itm_head(model.net.flava(**tensors).multimodal_embeddings)
        else:
            output = model.family.output(model.net, tensors)
            names = ("seq_relationship_logits", "cross_relationship_score", "itm_score", "logits")
            logits = next(output[key] for key in names if key in output)
    wanted = float(logits[0, 0]) if name == "vilt pairs" else float(logits[0].softmax(-1)[MATCH[name]])
    assert result.scores[0] == pytest.approx(wanted, abs=1e-5)
    assert result.is_probability == (name != "vilt pairs")
    assert result.scores[0] != result.scores[1]


def test_vilt_with_both_heads_tells_words_pairs_and_what_goes_where(models):
    model, input = models("vilt both"), given("a red house", masked=(2,))
    found = joint_words(JointWordsRequest("", input, 3), model, Context())
    tensors = model.encode(input).tensors
    with torch.inference_mode():
        output = model.family.output(model.net, tensors)
    np.testing.assert_allclose(found.probs[0, 0], output.word_logits[0, 2].softmax(-1).topk(3).values, atol=1e-5)
    assert found.scores[0] == pytest.approx(float(output.match_logits[0].softmax(-1)[1]), abs=1e-5)
    assert found.is_probability
    result = asked(model, given("a red house"))
    words, patches = result.places("word"), result.places("patch")
    plan = result.transport[np.ix_(words, patches)]
    np.testing.assert_allclose(plan.sum(1), 1, atol=1e-5)
    of_patches = result.transport[np.ix_(patches, words)]
    np.testing.assert_allclose(of_patches.sum(1), 1, atol=1e-5)
    is_bound = np.isfinite(result.transport).any(1)
    assert not is_bound[result.places("special", "other")].any()  # [CLS] and [SEP] go nowhere, nor does the image's
    assert asked(models("vilt words"), given("a red house")).transport is None


def test_a_model_without_heads_says_so(models):
    result = joint_words(JointWordsRequest("", given(TEXT, masked=(3,))), models("blip writes"), Context())
    assert np.isnan(result.scores).all()
    assert result.why_no_words == "BlipForConditionalGeneration has no head that fills in words"
    assert result.why_no_score.startswith("BlipForConditionalGeneration has no head that tells")
    assert len(result.positions) == 0


@pytest.mark.parametrize("name", NAMES)
def test_whether_regions_can_be_read_is_told_before_they_are_looked_at(name, models, tmp_path):
    """As the views would say it: of a file that is none, one of another image, and one without the right numbers."""
    model, path = models(name), tmp_path / "notes.npz"

    def read():
        asked = given(TEXT, path if name in OF_REGIONS else None)
        request = ReadRegionsRequest("", replace(asked, regions=RegionsInput(str(path))))
        return read_regions(request, model, Context())

    path.write_text("no regions")
    with pytest.raises(Refused, match=r"notes\.npz is no NPZ file of regions, or is damaged"):
        read()
    np.savez(path, boxes=[[0.0, 0.0, 10.0, 9_000.0]])
    with pytest.raises(Refused, match=r"The boxes of notes\.npz: number 0"):
        read()
    save_regions(path)
    read()
    if name in OF_REGIONS:
        np.savez(path, boxes=[[0.0, 0.0, 9.0, 9.0]], features=np.ones((1, 3)))
        with pytest.raises(Refused, match="the file of regions has 3"):
            read()
