"""VL-BERT, Unicoder-VL and Pixel-BERT equal a plain reading of their equations; VL-BERT reads published names."""

from __future__ import annotations

import math
import re

import pytest
import torch
from torch.nn.functional import batch_norm, conv2d, gelu, max_pool2d
from transformers import BertTokenizer

from inference.checkpoints.inspection import inspect
from inference.models.streams import pixel_bert, unicoder_vl, vl_bert
from resources.recipes.joint_scenes.published import convert
from tests.inference.models.slow_streams import IDS, IS_REGION, IS_WORD, SMALL, TYPES, Slowly, regions, uneven

IS_HIDDEN = torch.tensor([[False, True, False], [False, False, False]])


def small_vl_bert(**more):
    sizes = {"visual_feature_size": 10, "n_waves": 3, "visual_region_classes": 7, "type_vocab_size": 3}
    return uneven(vl_bert.VlBert(vl_bert.VlBertConfig(**SMALL | sizes | more)))


def slow_waves(box, n):
    """Each number of a box, written out: [4 * (sines, cosines)]."""
    left, top, right, bottom = box
    numbers = []
    for share in ((left + right) / 2, (top + bottom) / 2, right - left, bottom - top):
        angles = [100 * share / 1_000 ** (i / n) for i in range(n)]
        numbers += [math.sin(a) for a in angles] + [math.cos(a) for a in angles]
    return torch.tensor(numbers, dtype=torch.float64)


def test_vl_bert_equals_its_equations():
    """Words + the whole image's look; regions + one word and one place; [END] behind; sum of four, one norm."""
    net, (vectors, boxes) = small_vl_bert(with_rel_head=True), regions(10)
    found = net(IDS, vectors, boxes, TYPES, IS_WORD, IS_REGION, IS_HIDDEN)
    slow = Slowly(net)
    w, own = slow.w, "vlbert"
    for i in range(2):
        n, m = int(IS_WORD[i].sum()), int(IS_REGION[i].sum())
        looks, words = [], []
        for k in range(m):
            hidden = bool(IS_HIDDEN[i, k])
            vector = w["object_mask_visual_embedding.weight"][0] if hidden else vectors[i, k]
            both = torch.cat([slow_waves(boxes[i, k].tolist(), 3), vector])
            looks.append(slow.linear("image_feature_extractor.obj_downsample.1", both).relu())
            words.append(
                w[f"object_{'mask_word' if hidden else 'linguistic'}_embedding{'' if hidden else 's'}.weight"][0]
            )
        rows = []
        for k in range(n + m + 1):
            if k < n:
                row = w[f"{own}.word_embeddings.weight"][IDS[i, k]] + slow.norm(f"{own}.visual_ln_text", looks[0])
                place, kind = k, TYPES[i, k]
            elif k < n + m:
                row = words[k - n] + slow.norm(f"{own}.visual_ln_object", looks[k - n])
                place, kind = n, 2
            else:
                row, place, kind = w[f"{own}.end_embedding.weight"][0], n + 1, 2
            row = row + w[f"{own}.position_embeddings.weight"][place] + w[f"{own}.token_type_embeddings.weight"][kind]
            rows.append(slow.norm(f"{own}.embedding_LayerNorm", row))
        x = torch.stack(rows)
        for layer in range(2):
            x = slow.layer(f"{own}.encoder.layer.{layer}", x, 2)
        torch.testing.assert_close(found.text_states[i, :n], x[:n])
        torch.testing.assert_close(found.region_states[i, :m], x[n : n + m])
        said = slow.head(f"{own}.mlm_head.predictions", x[:n], f"{own}.word_embeddings.weight")
        torch.testing.assert_close(found.word_logits[i, :n], said)
        named = gelu(slow.linear(f"{own}.mvrc_head.transform.dense", x[n : n + m]))
        torch.testing.assert_close(found.region_logits[i, :m], slow.linear(f"{own}.mvrc_head.region_cls_pred", named))
        pooled = slow.linear(f"{own}.pooler.dense", x[0]).tanh()
        pair = slow.linear(f"{own}.relationsip_head.caption_image_relationship", pooled)
        torch.testing.assert_close(found.match_logits[i], pair)


def test_unicoder_vl_equals_its_equations():
    """Regions are LN(vector + box), hidden vectors zeros; one linear map names them."""
    sizes = {"img_dim": 10, "img_label_dim": 7}
    net, (vectors, boxes) = uneven(unicoder_vl.UnicoderVl(unicoder_vl.UnicoderVlConfig(**SMALL | sizes))), regions(10)
    area = ((boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1]))[..., None]
    places = torch.cat([boxes, area], -1)
    found = net(IDS, vectors, places, TYPES, torch.cat([IS_WORD, IS_REGION], 1), IS_HIDDEN)
    slow = Slowly(net)
    for i in range(2):
        n, m = int(IS_WORD[i].sum()), int(IS_REGION[i].sum())
        seen = vectors[i, :m] * ~IS_HIDDEN[i, :m, None]
        own = "bert.img_embeddings"
        x = slow.linear(f"{own}.img_linear", seen) + slow.linear(f"{own}.pos_linear", places[i, :m])
        x = torch.cat([slow.words("bert.embeddings", IDS[i, :n], TYPES[i, :n]), slow.norm(f"{own}.LayerNorm", x)])
        for layer in range(2):
            x = slow.layer(f"bert.encoder.layer.{layer}", x, 2)
        torch.testing.assert_close(found.text_states[i, :n], x[:n])
        torch.testing.assert_close(found.word_logits[i, :n], slow.head("cls.predictions", x[:n]))
        torch.testing.assert_close(found.region_logits[i, :m], slow.linear("cls.region_classifier", x[n:]))
        pooled = slow.linear("bert.pooler.dense", x[0]).tanh()
        torch.testing.assert_close(found.match_logits[i], slow.linear("cls.seq_relationship", pooled))


GRID = {"resnet_depths": (1,), "resnet_strides": (1,), "resnet_width": 4, "resnet_is_small": True}


def small_pixel_bert():
    net = uneven(pixel_bert.PixelBert(pixel_bert.PixelBertConfig(**SMALL | GRID, image_size=16, n_sampled=5)))
    torch.manual_seed(2)
    for name, buffer in net.named_buffers():
        if name.endswith("running_var"):
            buffer.uniform_(0.5, 2)
        elif name.endswith("running_mean"):
            buffer.normal_()
    return net


def slow_grid(slow, image):
    """A stem and one bottleneck, the greatest of two by two cells, a projection, and the vector of the image."""
    own = "bert.img_embeddings.cnn"

    def normed(name, x):
        w = slow.w
        mean, var = w[f"{own}.{name}.running_mean"], w[f"{own}.{name}.running_var"]
        return batch_norm(x, mean, var, w[f"{own}.{name}.weight"], w[f"{own}.{name}.bias"])

    x = normed("bn1", conv2d(image[None], slow.w[f"{own}.conv1.weight"], stride=2, padding=1)).relu()
    block = "layer1.0"
    inner = normed(f"{block}.bn1", conv2d(x, slow.w[f"{own}.{block}.conv1.weight"])).relu()
    inner = normed(f"{block}.bn2", conv2d(inner, slow.w[f"{own}.{block}.conv2.weight"], padding=1)).relu()
    inner = normed(f"{block}.bn3", conv2d(inner, slow.w[f"{own}.{block}.conv3.weight"]))
    beside = normed(f"{block}.downsample.1", conv2d(x, slow.w[f"{own}.{block}.downsample.0.weight"]))
    (cells,) = max_pool2d((inner + beside).relu(), 2)
    rows = [cells[:, row, column] for row in range(cells.shape[1]) for column in range(cells.shape[2])]
    projected = slow.linear("bert.img_embeddings.projection", torch.stack(rows))
    return projected + slow.w["bert.img_embeddings.visual_embedding"]


def test_pixel_bert_equals_its_equations():
    """Cells are max-pooled features, projected, with one vector for all, and no place; chosen ones alone are read."""
    net = small_pixel_bert()
    torch.manual_seed(1)
    pixels = torch.randn(2, 3, 16, 16).double()
    kept = torch.tensor([[0, 3, 7], [1, 2, 15]])
    slow = Slowly(net)
    for cells in (None, kept):
        found = net(IDS, pixels, TYPES, IS_WORD, cells)
        for i in range(2):
            n = int(IS_WORD[i].sum())
            image = slow_grid(slow, pixels[i])
            assert len(image) == 16
            image = image if cells is None else image[cells[i]]
            x = torch.cat([slow.words("bert.embeddings", IDS[i, :n], TYPES[i, :n]), image])
            for layer in range(2):
                x = slow.layer(f"bert.encoder.layer.{layer}", x, 2)
            torch.testing.assert_close(found.text_states[i, :n], x[:n])
            torch.testing.assert_close(found.region_states[i], x[n:])
            torch.testing.assert_close(found.word_logits[i, :n], slow.head("cls.predictions", x[:n]))
            pooled = slow.linear("bert.pooler.dense", x[0]).tanh()
            torch.testing.assert_close(found.match_logits[i], slow.linear("cls.seq_relationship", pooled))


def test_in_training_pixel_bert_reads_some_cells_drawn_anew():
    net = small_pixel_bert()
    pixels = torch.randn(2, 3, 16, 16).double()
    assert net(IDS, pixels).region_states.shape[1] == 16
    net.train()
    assert net(IDS, pixels).region_states.shape[1] == 5
    drawn = [pixel_bert.sampled(2, 16, 5, torch.Generator().manual_seed(seed)) for seed in (0, 0, 1)]
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])
    assert all(len(set(row)) == 5 and row == sorted(row) for each in drawn for row in each.tolist())
    assert pixel_bert.sampled(1, 4, 5).tolist() == [[0, 1, 2, 3]]


def published():
    """The names of `vl-bert-base-prec.model`: without a head of pairs, trained by several GPUs, with an unused look."""
    state = {f"module.{name}": tensor.clone() for name, tensor in small_vl_bert().state_dict().items()}
    return state | {"module.aux_text_visual_embedding.weight": torch.zeros(1, 128)}


def test_published_weights_of_vl_bert_are_loaded_by_their_names():
    state = published()
    model = vl_bert.from_published(state)
    assert all(torch.equal(tensor.double(), state[f"module.{name}"]) for name, tensor in model.state_dict().items())
    assert (model.config.n_waves, model.config.visual_feature_size, model.config.with_rel_head) == (3, 10, False)
    needed = "module.vlbert.visual_ln_text.weight"
    for change, told in (
        ({needed: None}, "1 tensor is missing (vlbert.visual_ln_text.weight)"),
        (
            {"module.vlbert.end_embedding.weight": torch.zeros(1, 3)},
            "vlbert.end_embedding.weight is (1, 3), not (1, 128)",
        ),
        ({"module.more.weight": torch.zeros(1)}, "1 is not known (more.weight)"),
        ({"module.image_feature_extractor.backbone.conv1.weight": torch.zeros(1)}, "reads pixels itself (e2e)"),
    ):
        changed = {key: tensor for key, tensor in (state | change).items() if tensor is not None}
        with pytest.raises(ValueError, match=re.escape(told)):
            vl_bert.from_published(changed)


def test_the_published_sizes_of_vl_bert_are_the_defaults():
    with torch.device("meta"):
        net = vl_bert.VlBert(vl_bert.VlBertConfig())
    shapes = {key: tuple(tensor.shape) for key, tensor in net.state_dict().items()}
    wanted = {
        "image_feature_extractor.obj_downsample.1.weight": (768, 4_096),
        "object_linguistic_embeddings.weight": (1, 768),
        "object_mask_visual_embedding.weight": (1, 2_048),
        "object_mask_word_embedding.weight": (1, 768),
        "vlbert.word_embeddings.weight": (30_522, 768),
        "vlbert.end_embedding.weight": (1, 768),
        "vlbert.position_embeddings.weight": (512, 768),
        "vlbert.token_type_embeddings.weight": (3, 768),
        "vlbert.embedding_LayerNorm.bias": (768,),
        "vlbert.visual_ln_text.weight": (768,),
        "vlbert.visual_ln_object.weight": (768,),
        "vlbert.encoder.layer.11.attention.self.query.weight": (768, 768),
        "vlbert.mlm_head.predictions.decoder.weight": (30_522, 768),
        "vlbert.mlm_head.predictions.transform.LayerNorm.weight": (768,),
        "vlbert.mvrc_head.transform.dense.weight": (768, 768),
        "vlbert.mvrc_head.region_cls_pred.weight": (1_601, 768),
    }
    assert wanted.items() <= shapes.items()
    assert not [name for name in shapes if "pooler" in name or "relationsip" in name]


def test_a_cell_of_pixel_bert_is_sixty_four_pixels_a_side():
    """ResNet-50 halves an image five times, and a pooling once more (section 3.2)."""
    assert pixel_bert.PixelBertConfig().stride == 64


def test_published_weights_become_a_folder_that_opens(tmp_path):
    """As the file lies there: pickled tensors in a `state_dict`, beside the state of an optimiser."""
    torch.save({"state_dict": published(), "optimizer": {"step": 3}}, tmp_path / "vl-bert-base-prec.model")
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "red", "cup"]
    BertTokenizer(vocab={word: i for i, word in enumerate(words)}).save_pretrained(tmp_path / "words")
    convert("vl-bert", tmp_path / "vl-bert-base-prec.model", tmp_path / "words", tmp_path / "made")
    info = inspect(str(tmp_path / "made"))
    assert (info.family, info.architecture, info.groups[0].n_heads) == ("vl_bert", "VlBert", (2, 2))
    many = {word: i for i, word in enumerate([*words, *map(str, range(30))])}
    BertTokenizer(vocab=many).save_pretrained(tmp_path / "more")
    with pytest.raises(ValueError, match=r"^The tokenizer knows 38 tokens; these weights have 30\.$"):
        convert("vl-bert", tmp_path / "vl-bert-base-prec.model", tmp_path / "more", tmp_path / "other")
