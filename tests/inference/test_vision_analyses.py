"""Classes after each layer, visual tokens of masked patches, and positions on a grid, against the models themselves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from inference.analyses.classes import classes
from inference.analyses.masked_image import masked_image
from inference.analyses.positions import positions
from inference.checkpoints.loading import load
from inference.context import Cancelled, Context, Refused
from inference.inputs.block_masking import block_mask
from inference.models.image_tokenizer import ImageTokenizer, ImageTokenizerConfig
from inference.results.classes import ClassesRequest
from inference.results.masked_image import MaskedImageRequest
from inference.results.positions import PositionsRequest
from resources.scene_shapes import KINDS
from tests.inference.tiny_checkpoints import edit_config
from tests.inference.tiny_images import CLASSIFIERS, N_TOKENS, build, model_of, save
from tests.inputs import image_input

IMAGE = image_input(seed=4)


# --- classes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_the_last_row_is_the_models_own_answer(tmp_path, name):
    model = model_of(name, tmp_path)
    result = classes(ClassesRequest("tiny", IMAGE), model, Context())
    with torch.inference_mode():
        logits = model.net(**model.encode(IMAGE).tensors).logits[0]
    np.testing.assert_allclose(result.probabilities[-1], logits.softmax(-1).numpy(), atol=1e-6)
    np.testing.assert_allclose(result.probabilities.sum(-1), 1, atol=1e-5)
    assert result.probabilities.shape == (3, 3)
    assert result.labels == ("LABEL_0", "LABEL_1", "LABEL_2")
    assert not result.is_multi_label
    expected = ("Into stage 2", "Layer 2", "Layer 3") if name == "swin" else ("Embeddings", "Layer 0", "Layer 1")
    assert result.layers == expected
    assert bool(result.notes) is (name == "swin")
    assert "forward" not in vars(model.net.base_model)


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("vit", "[CLS]"),
        ("deit", "[DIST]"),
        ("dinov2", "and the mean"),
        ("beit", "mean of the patches"),
        ("swin", "mean"),
    ],
)
def test_what_the_head_reads_is_said(tmp_path, name, read):
    assert read in classes(ClassesRequest("tiny", IMAGE), model_of(name, tmp_path), Context()).read_from


def test_earlier_rows_are_the_head_on_earlier_layers(tmp_path):
    """A model that ends after the first layer says the same."""
    model = model_of("vit", tmp_path)
    result = classes(ClassesRequest("tiny", IMAGE), model, Context())
    net = build("vit")
    del net.vit.layers[1]
    with torch.inference_mode():
        logits = net(**model.encode(IMAGE).tensors).logits[0]
    np.testing.assert_allclose(result.probabilities[1], logits.softmax(-1).numpy(), atol=1e-6)


def test_independent_classes_and_what_is_known_to_be_there(tmp_path):
    net = build("vit")
    net.config.problem_type = "multi_label_classification"
    model = model_of("vit", tmp_path, net)
    result = classes(ClassesRequest("tiny", IMAGE), model, Context())
    with torch.inference_mode():
        logits = net(**model.encode(IMAGE).tensors).logits[0]
    assert result.is_multi_label
    np.testing.assert_allclose(result.probabilities[-1], logits.sigmoid().numpy(), atol=1e-6)
    assert result.truth == ()  # these labels are not what is drawn
    net.config.id2label = dict(enumerate(KINDS))
    scene = model.prepare(IMAGE).scene
    truth = classes(ClassesRequest("tiny", IMAGE), model, Context()).truth
    assert {*truth} == {thing.kind for thing in scene.things}


def test_classes_can_be_cancelled(tmp_path):
    with pytest.raises(Cancelled):
        classes(ClassesRequest("tiny", IMAGE), model_of("vit", tmp_path), Context(is_cancelled=lambda: True))


def test_vit_scenes_names_what_is_drawn():
    """The bundled checkpoint, on pictures that no training has seen."""
    model = load("vit-scenes", Context())
    n_right = n_first = 0
    for seed in range(10):
        result = classes(ClassesRequest("vit-scenes", image_input(seed=seed)), model, Context())
        assert result.truth
        best = np.argsort(-result.probabilities, 1)[:, : len(result.truth)]
        n_right += len({result.labels[i] for i in best[-1]} & {*result.truth})
        n_first += len({result.labels[i] for i in best[0]} & {*result.truth})
    n_all = sum(len({thing.kind for thing in _scene(seed, model).things}) for seed in range(10))
    assert n_right > 0.9 * n_all
    assert n_first < 0.6 * n_all  # the embedding of [CLS] knows nothing yet


def _scene(seed: int, model):
    scene = model.prepare(image_input(seed=seed)).scene
    assert scene is not None
    return scene


# --- masked patches ---------------------------------------------------------------------------------------------------


def save_with_tokenizer(folder, n_tokens: int = N_TOKENS):
    """A checkpoint whose patches of 4 pixels are each a token of 8 of its tokenizer."""
    save(folder, "beit tokens", with_preprocessor=True)
    torch.manual_seed(1)
    config = ImageTokenizerConfig(vocab_size=n_tokens, patch_size=8, hidden_size=8, code_size=4)
    tokenizer = ImageTokenizer(config)
    tokenizer.codebook.normal_()
    tokenizer.save_pretrained(folder / "tokenizer")
    return folder


def test_masked_patches_are_guessed_as_by_the_model(tmp_path):
    model = model_of("beit tokens", tmp_path)
    result = masked_image(MaskedImageRequest("tiny", IMAGE, masked=(9, 2, 9), top_k=3), model, Context())
    is_masked = torch.zeros(1, 16, dtype=torch.bool)
    is_masked[0, [2, 9]] = True
    with torch.inference_mode():
        logits = model.net(**model.encode(IMAGE).tensors, bool_masked_pos=is_masked).logits[0, [2, 9]]
    probs, ids = logits.softmax(-1).topk(3)
    assert result.masked.tolist() == [2, 9]
    np.testing.assert_array_equal(result.ids, ids.numpy())
    np.testing.assert_allclose(result.probs, probs.numpy(), atol=1e-6)
    assert result.tokens.size == result.original_probs.size == result.swatches.size == result.rebuilt.size == 0
    assert "no picture tokenizer" in result.notes[0]


def test_blocks_are_masked_where_no_patch_is_chosen(tmp_path):
    model = model_of("beit tokens", tmp_path)
    result = masked_image(MaskedImageRequest("tiny", IMAGE, share=0.5, seed=3), model, Context())
    np.testing.assert_array_equal(result.masked, np.flatnonzero(block_mask(4, 4, 0.5, 3)))
    assert result.ids.shape == (len(result.masked), 5)


def test_tokens_and_rebuilt_pictures_are_the_tokenizers(tmp_path):
    model = load(str(save_with_tokenizer(tmp_path)), Context())
    result = masked_image(MaskedImageRequest("tiny", IMAGE, masked=(5, 6)), model, Context())
    tokenizer = model.image_tokenizer
    assert tokenizer is not None
    from PIL import Image

    shown = np.asarray(Image.fromarray(result.seen).resize((32, 32), Image.Resampling.LANCZOS))
    own = tokenizer.tokens(torch.from_numpy(shown.astype(np.float32) / 127.5 - 1).permute(2, 0, 1)[None])
    np.testing.assert_array_equal(result.tokens, own.flatten().numpy())
    guessed = own.flatten().clone()
    guessed[[5, 6]] = torch.from_numpy(result.ids[:, 0])
    for tokens, shown in ((own.flatten(), result.rebuilt_own), (guessed, result.rebuilt)):
        image = (tokenizer.rebuild(tokens.reshape(1, 4, 4))[0].permute(1, 2, 0) + 1) * 127.5
        np.testing.assert_array_equal(shown, image.round().clamp(0, 255).byte().numpy())
    with torch.inference_mode():
        is_masked = torch.zeros(1, 16, dtype=torch.bool)
        is_masked[0, [5, 6]] = True
        expected = model.net(**model.encode(IMAGE).tensors, bool_masked_pos=is_masked).logits[0, [5, 6]].softmax(-1)
    np.testing.assert_allclose(result.original_probs, expected[range(2), result.tokens[[5, 6]]].numpy(), atol=1e-6)
    assert result.swatches.shape == (N_TOKENS, 8, 8, 3)
    nine = (tokenizer.rebuild(torch.full((1, 3, 3), 7))[0, :, 8:16, 8:16].permute(1, 2, 0) + 1) * 127.5
    np.testing.assert_array_equal(result.swatches[7], nine.round().clamp(0, 255).byte().numpy())
    assert result.notes == ()


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda place: edit_config(place, vocab_size=9), "it has 9 tokens, the model 12"),
        (lambda place: edit_config(place, model_type="flava_image_codebook"), "it is a flava_image_codebook"),
        (lambda place: edit_config(place, hidden_size=16), "its weights do not fit"),
        (lambda place: edit_config(place, patch_size=0), "patch_size is 0; 2 to 64 are allowed"),
        (lambda place: edit_config(place, code_size="many"), "code_size is 'many'; 2 to 4,096 are allowed"),
        (lambda place: (place / "model.safetensors").write_bytes(b"x"), "model.safetensors"),
    ],
    ids=["tokens", "type", "size", "no patch", "no number", "weights"],
)
def test_a_tokenizer_that_does_not_fit_is_refused(tmp_path, spoil, sentence):
    spoil(save_with_tokenizer(tmp_path) / "tokenizer")
    with pytest.raises(Refused, match=f"^The picture tokenizer in tokenizer/ cannot be used: .*{sentence}"):
        load(str(tmp_path), Context())


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"masked": (16,)}, "^Patch 16 .* 4 rows of 4 patches, 0 to 15"),
        ({"masked": (-1,)}, "^Patch -1 "),
        ({"share": 0.0}, "share of masked patches is 0"),
        ({"share": 1.5}, "share of masked patches is 1.5"),
        ({"share": 0.001}, "masks none of 16"),
        ({"seed": -1}, "seed is -1"),
        ({"top_k": 0}, "^0 candidates"),
    ],
)
def test_masks_that_cannot_be_are_refused(tmp_path, changes, sentence):
    request = replace(MaskedImageRequest("tiny", IMAGE), **changes)
    with pytest.raises(Refused, match=sentence):
        masked_image(request, model_of("beit tokens", tmp_path), Context())


# --- positions --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["vit", "deit", "dinov2_with_registers", "clip", "mae", "imagegpt"])
def test_learned_places_lie_on_the_grid(tmp_path, name):
    model = model_of(name, tmp_path)
    result = positions(PositionsRequest("tiny", 8), model, Context())  # a grid is whole, however few are asked for
    table = result.tables[0]
    side = 6 if name == "imagegpt" else 4
    assert table.grid == (side, side)
    assert len(result.tables) == (2 if name == "mae" else 1)
    parameter = dict(model.net.named_parameters())
    rows = parameter[table.name if table.name in parameter else f"{table.name}.weight"].detach().squeeze(0)
    np.testing.assert_array_equal(table.values, rows[-side * side :].numpy())
    assert table.similarity.shape == (1, side * side, side * side)
    cosine = torch.nn.functional.cosine_similarity(rows[-side * side], rows[-1], dim=0)
    assert table.similarity[0, 0, -1] == pytest.approx(float(cosine), abs=1e-5)
    assert "place of the picture" in result.note or name == "mae"


@pytest.mark.parametrize(("name", "n_tables"), [("beit", 2), ("beit tokens", 1), ("swin", 4)])
def test_relative_biases_are_what_is_added(tmp_path, name, n_tables):
    model = model_of(name, tmp_path)
    tables = positions(PositionsRequest("tiny"), model, Context()).tables
    assert len(tables) == n_tables
    for table in tables:
        module = model.net.get_submodule(table.name.rpartition(".")[0])
        with torch.no_grad():
            bias = (module() if name == "swin" else module((4, 4))[:, :, 1:, 1:])[0].numpy()  # without [CLS]
        assert table.grid == (4, 4)
        np.testing.assert_array_equal(table.similarity, bias)
        by_distance = table.values.reshape(-1, 7, 7)
        for query, key in ((0, 15), (5, 2), (12, 3)):
            down, right = key // 4 - query // 4, key % 4 - query % 4
            np.testing.assert_array_equal(by_distance[:, 3 + down, 3 + right], bias[:, query, key])
