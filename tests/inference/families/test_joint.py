"""Models that read words and an image together: each map is transformers' own, and each place is where it is shown."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from inference.checkpoints.inspection import inspect
from inference.context import Context, Refused
from inference.forward.opening import load
from inference.results.request import Capability
from inference.results.tokens import NO_SEGMENT
from tests.inference.captured import CLOSE
from tests.inference.published import eager_patterns
from tests.inference.tiny_joint import NAMES, OF_REGIONS, given, save, save_regions

TEXT = "a small red house in the meadow"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return {name: save(tmp_path_factory.mktemp("joint"), name) for name in NAMES}


@pytest.fixture(scope="module")
def regions(tmp_path_factory):
    return save_regions(tmp_path_factory.mktemp("regions") / "regions.npz")


def opened(name, folder):
    return load(str(folder[name]), Context())


def input_for(name, regions, text=TEXT, **more):
    return given(text, regions if name in OF_REGIONS else None, **more)


@pytest.mark.parametrize("name", NAMES)
def test_every_map_is_that_of_transformers_and_makes_what_the_layer_hands_on(name, folder, regions):
    model = opened(name, folder)
    assert Capability.JOINT in model.info.capabilities
    run = model.run(input_for(name, regions), Context())
    for_all = eager_patterns(name, model, run.encoded.tensors)
    seen, peaks = 0, []
    for group in model.info.groups:
        n_queries, n_keys = map(len, run.tokens(group))
        for layer, call in model.each_call(run, group.name, Context()):
            pattern = call.patterns()
            assert pattern.shape == (group.n_heads[layer], n_queries, n_keys)
            torch.testing.assert_close(pattern.sum(-1), torch.ones(pattern.shape[:2]), atol=CLOSE, rtol=0)
            alike = [each for each in for_all[call.path] if each.shape == pattern.shape]
            assert min(float((pattern - each).abs().max()) for each in alike) <= CLOSE
            peaks.append(float(pattern.max()) * n_keys)
            torch.testing.assert_close(call.output(), pattern @ call.v.float(), atol=CLOSE, rtol=0)
            seen += 1
    assert max(peaks) > 2  # not flat, so that one head is not like another
    assert seen == sum(len(maps) for maps in for_all.values())  # none is left out


@pytest.mark.parametrize("name", NAMES)
def test_levels_name_every_attention_once_and_stretches_every_place(name, folder, regions):
    model = opened(name, folder)
    config, family = model.net.config, model.family
    named = [part for level in family.levels(config) for part in level.parts]
    assert sorted(named) == sorted((group.name, layer) for group in model.info.groups for layer in group.layers)
    given = input_for(name, regions)
    encoded = model.encode(given)
    for axis, stretches in family.stretches(encoded, config, model.prepare(given)).items():
        places = [place for stretch in stretches for place in stretch.places]
        assert sorted(places) == list(range(len(encoded.sequences[axis]))), axis


@pytest.mark.parametrize("name", NAMES)
def test_patches_and_regions_are_of_no_sentence(name, folder, regions):
    """They stood beside the bar of the first one in Arcs."""
    model = opened(name, folder)
    given = input_for(name, regions, text_pair="a small bird")
    encoded = model.encode(given)
    for axis, stretches in model.family.stretches(encoded, model.net.config, model.prepare(given)).items():
        segment = encoded.sequences[axis].segment
        for stretch in (one for one in stretches if one.kind != "other"):
            is_seen = stretch.kind in ("patch", "region")
            assert ((segment[list(stretch.places)] == NO_SEGMENT) == is_seen).all()


def changed_rows(model, encoded, tensor, change):
    """Which places of each sequence get another state where the image is changed, before any attention mixes them."""
    # What attends hands on nothing: a state is of its own place alone.
    with torch.no_grad():
        for path, part in model.net.named_modules():
            if isinstance(part, nn.Linear) and path.endswith(("attention.output.dense", "attention.out_proj")):
                part.weight.zero_()
    states = []
    for tensors in (encoded.tensors, encoded.tensors | {tensor: change(encoded.tensors[tensor])}):
        torch.manual_seed(5)
        with torch.inference_mode():
            states.append(model.family.output(model.net, tensors, with_head=False))
    return states


@pytest.mark.parametrize("place", [(0, 0), (1, 2), (2, 0)])
@pytest.mark.parametrize("name", ["vilt words", "vilt of few"])
def test_a_changed_block_of_pixels_changes_the_patch_that_is_shown_there(name, place, folder):
    """ViLT shuffles its patches, and may leave some out: what changes is where it says it is, or nothing does."""
    model = opened(name, folder)
    encoded = model.encode(given(TEXT))
    row, column = place

    def change(pixels):
        pixels = pixels.clone()
        pixels[..., 8 * row : 8 * row + 8, 8 * column : 8 * column + 8] += 1
        return pixels

    before, after = changed_rows(model, encoded, "pixel_values", change)
    differs = ((before.last_hidden_state - after.last_hidden_state).abs().amax(-1)[0] > 1e-4).nonzero()[:, 0].tolist()
    words = encoded.sequences["both"].words
    assert len(words) == before.last_hidden_state.shape[1]
    assert [words[i] for i in differs] == ([f"{row},{column}"] if f"{row},{column}" in words else [])
    assert len(words) == len(model.encode(given(TEXT)).tensors["input_ids"][0]) + 1 + (9 if name == "vilt words" else 5)


def test_what_vilt_reads_is_what_it_would_read_in_an_order_of_its_own(folder):
    """The order of patches means nothing to it: transformers' own shuffled pass tells the same words."""
    model = opened("vilt words", folder)
    tensors = model.encode(given(TEXT)).tensors
    places = []
    plain = model.net.vilt.embeddings.visual_embed

    @contextmanager
    def listened():
        def kept(*args, **kwargs):
            found = plain(*args, **kwargs)
            places.append(found[2][0][0].tolist())
            return found

        model.net.vilt.embeddings.visual_embed = kept
        yield
        del model.net.vilt.embeddings.visual_embed

    with torch.inference_mode(), listened():
        ordered = model.family.output(model.net, tensors).logits
        torch.manual_seed(1)
        shuffled = model.net(**tensors).logits
    assert places[0] == [[row, column] for row in range(3) for column in range(3)]
    assert places[1] != places[0]
    torch.testing.assert_close(shuffled, ordered, atol=1e-5, rtol=0)


def test_a_task_is_a_place_behind_the_first_one_and_masks_are_counted_with_it(folder, regions):
    """Words are read as they were; what is told of them is told at the place where they are shown."""
    model = opened("vilbert of tasks", folder)
    plain = opened("vilbert", folder).encode(given(TEXT, regions)).sequences["text"].words
    encoded = model.encode(given(TEXT, regions, task=12, masked=(1, 3)))
    shown = encoded.sequences["text"].words
    assert shown[:2] == (plain[0], "[task]")
    assert shown[2:] == (plain[1], "[MASK]", *plain[3:])
    assert encoded.notes == ("The task that it is told is NLVR2.",)
    assert model.encode(given(TEXT, regions)).notes == ("The task that it is told is RetrievalFlickr30k.",)
    assert model.info.told_beside == ("task",)
    with torch.inference_mode():
        logits = [
            model.family.word_logits(model.net, model.encode(given(TEXT, regions, task=task)).tensors)
            for task in (12, 15)
        ]
    assert len(logits[0]) == len(shown)
    assert not torch.allclose(*logits)
    with pytest.raises(Refused, match=r"^Task 20 was asked for; 0 to 19 are there\.$"):
        model.encode(given(TEXT, regions, task=20))


def test_drawn_cells_are_read_at_their_places(folder):
    """Pixel-BERT: a seed draws the cells, the same ones each time, and what they become is what they are called."""
    model = opened("pixel_bert", folder)
    assert model.info.told_beside == ("cells_seed",)

    def read(seed):
        given_it = given(TEXT)
        encoded = model.encode(replace(given_it, image=replace(given_it.image, cells_seed=seed)))
        with torch.inference_mode():
            net = model.net.bert
            grid = net.img_embeddings(encoded.tensors["pixel_values"])[0]
        return encoded, grid

    whole, grid = read(None)
    n = len(whole.tensors["input_ids"][0])
    assert len(whole.sequences["both"].words) == n + 36
    drawn, _ = read(4)
    words = drawn.sequences["both"].words[n:]
    assert words == read(4)[0].sequences["both"].words[n:]
    assert words != read(5)[0].sequences["both"].words[n:]
    assert drawn.notes == ("It reads 5 drawn cells of 36, as in a step of its training.",)
    numbers = [6 * int(row) + int(column) for row, column in (word.split(",") for word in words)]
    seen = grid[numbers]
    torch.testing.assert_close(grid.gather(0, drawn.tensors["cells"][0][:, None].expand(-1, grid.shape[1])), seen)


@pytest.mark.parametrize("place", [(0, 0), (2, 5)])
def test_a_changed_block_of_pixels_changes_the_cell_of_pixel_bert_that_is_shown_there(place, folder):
    """A residual network looks around: the cell at the block changes, and those more than two away do not."""
    model = opened("pixel_bert", folder)
    tensors = model.encode(given(TEXT)).tensors
    row, column = place
    pixels = tensors["pixel_values"].clone()
    pixels[..., 4 * row : 4 * row + 4, 4 * column : 4 * column + 4] += 1
    with torch.inference_mode():
        before, after = (model.net.bert.img_embeddings(each)[0] for each in (tensors["pixel_values"], pixels))
    changed = (after - before).abs().sum(-1).reshape(6, 6)
    assert changed[place] > 0
    assert all(max(abs(i - row), abs(j - column)) <= 2 for i, j in changed.nonzero().tolist())


def test_flava_places_its_patches_behind_two_tokens_of_its_own(folder):
    model = opened("flava", folder)
    words = model.encode(given(TEXT)).sequences["both"].words
    assert words[:4] == ("[CLS_M]", "[CLS]", "0,0", "0,1")
    assert words[2 + 9] == "[CLS]"
    assert words[-1] == "[SEP]"


def test_blip_writes_behind_its_start_and_matches_the_whole_text(folder):
    writes, matches = (opened(name, folder).encode(given(TEXT)) for name in ("blip writes", "blip matches"))
    assert writes.tokens.words == matches.tokens.words[:-1]
    assert matches.tokens.words[-1] == "[SEP]"
    causal = [group.is_causal for group in opened("blip writes", folder).info.groups]
    assert causal == [False, True, False]


@pytest.mark.parametrize("name", OF_REGIONS)
def test_regions_are_read_as_the_file_says(name, folder, regions):
    model = opened(name, folder)
    encoded = model.encode(input_for(name, regions))
    axis = "regions" if name in ("lxmert", "vilbert", "vilbert of tasks") else "both"
    words = [word for word in encoded.sequences[axis].words if word != "[END]"]
    assert words[-5:] == [f"thing {i}" for i in range(5)]
    with np.load(regions) as file:
        features = encoded.tensors[model.family.image_tensors[0]][0]
        # OSCAR's are followed by boxes, ViLBERT's come behind the whole image.
        np.testing.assert_array_equal(features[-5:, :12], file["features"])
        if name == "lxmert":
            np.testing.assert_allclose(encoded.tensors["visual_pos"][0], file["boxes"] / 256, rtol=1e-6)
    assert model.info.reads == ("text", "image", "regions")


@pytest.mark.parametrize("name", OF_REGIONS)
def test_without_features_a_sentence_says_what_the_model_needs(name, folder, tmp_path):
    model = opened(name, folder)
    cls = model.info.architecture
    with pytest.raises(Refused, match=f"^{cls} reads 12 numbers of every region .*; open a file of regions"):
        model.encode(given(TEXT))
    with pytest.raises(Refused, match=r"the file of regions has 7\.$"):
        model.encode(given(TEXT, save_regions(tmp_path / "narrow.npz", n_numbers=7)))


def test_lxmert_shows_all_its_eleven_attentions(folder):
    groups = inspect(str(folder["lxmert"])).groups
    assert {group.title: group.n_layers for group in groups} == {
        "Text": 2,
        "Regions": 1,
        "Text to regions": 2,
        "Regions to text": 2,
        "Text, joint layers": 2,
        "Regions, joint layers": 2,
    }
