"""PolyGen against its equations written out by hand; saved and opened again; seen through transformers' attention."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from transformers import AttentionInterface, AutoConfig, AutoModel

from inference.models.polygen import PolyGenConfig, PolyGenForMeshGeneration, eager_attention
from tests.inference.polygen_by_hand import face_probabilities, items_of, vertex_probabilities
from tests.inference.solids import CONE_FACES, CONE_VERTICES, CUBE_FACES, CUBE_VERTICES
from tests.inference.tiny_polygen import build

CUBE = np.array(CUBE_VERTICES[:-1]).reshape(-1, 3) - 1
CONE = np.array(CONE_VERTICES[:-1]).reshape(-1, 3) - 1


@pytest.fixture(scope="module")
def net():
    return build()


def tensor(rows):
    return torch.tensor(np.array(rows)[None])


@pytest.mark.parametrize("attention", ["eager", "sdpa"])
@pytest.mark.parametrize("label", [0, 1])
def test_vertex_model_is_its_equations(attention, label):
    net = build(attention=attention)
    tokens = CUBE_VERTICES[:-1]
    with torch.inference_mode():
        p = net(vertex_tokens=tensor(tokens), labels=torch.tensor([label])).vertex_logits[0].softmax(-1)
    assert p.numpy() == pytest.approx(vertex_probabilities(net, tokens, label), abs=1e-12)


@pytest.mark.parametrize("attention", ["eager", "sdpa"])
def test_face_model_is_its_equations(attention):
    net = build(attention=attention)
    tokens = CUBE_FACES[:-1]
    with torch.inference_mode():
        p = net(vertices=tensor(CUBE), face_tokens=tensor(tokens)).face_logits[0].softmax(-1)
    assert p.numpy() == pytest.approx(face_probabilities(net, CUBE, tokens), abs=1e-12)


def test_without_classes_it_needs_no_label():
    net = build(is_conditional=False)
    with torch.inference_mode():
        p = net(vertex_tokens=tensor(CONE_VERTICES[:-1])).vertex_logits[0].softmax(-1)
    assert p.numpy() == pytest.approx(vertex_probabilities(net, CONE_VERTICES[:-1]), abs=1e-12)


def test_with_classes_it_needs_a_label(net):
    with pytest.raises(ValueError, match="labels are needed"):
        net(vertex_tokens=tensor(CONE_VERTICES[:-1]))


def test_nothing_given_still_says_how_a_mesh_begins(net):
    with torch.inference_mode():
        none = torch.zeros(1, 0, dtype=torch.int64)
        output = net(vertex_tokens=none, vertices=tensor(CONE), face_tokens=none, labels=torch.tensor([1]))
    assert output.vertex_logits.shape == (1, 1, 257)
    assert output.face_logits.shape == (1, 1, 2 + len(CONE))
    assert output.vertex_logits[0].softmax(-1).numpy() == pytest.approx(vertex_probabilities(net, [], 1), abs=1e-12)


@pytest.mark.parametrize("attention", ["eager", "sdpa"])
def test_filling_up_a_batch_changes_nothing(attention):
    net = build(attention=attention)
    values, is_vertex = torch.zeros(2, 8, 3, dtype=torch.int64), torch.zeros(2, 8, dtype=torch.bool)
    faces = torch.zeros(2, len(CUBE_FACES), dtype=torch.int64)
    for row, (own, tokens) in enumerate(((CUBE, CUBE_FACES), (CONE, CONE_FACES))):
        values[row, : len(own)], is_vertex[row, : len(own)] = torch.tensor(own), True
        faces[row, : len(tokens)] = torch.tensor(tokens)
    with torch.inference_mode():
        p = net(vertices=values, face_tokens=faces, is_vertex=is_vertex).face_logits.softmax(-1).numpy()
    cone = face_probabilities(net, CONE, CONE_FACES)
    assert p[0] == pytest.approx(face_probabilities(net, CUBE, CUBE_FACES), abs=1e-12)
    assert p[1, : len(cone), : 2 + len(CONE)] == pytest.approx(cone, abs=1e-12)
    assert p[1, :, 2 + len(CONE) :].max() == 0


def test_the_encoder_does_not_know_the_order_of_vertices(net):
    order = np.array([3, 0, 7, 5, 1, 2, 6, 4])
    with torch.inference_mode():
        items = net.face_model.encode(tensor(CUBE[order]))[0].numpy()
    expected = items_of(net, CUBE)
    assert items[:2] == pytest.approx(expected[:2], abs=1e-12)
    assert items[2:] == pytest.approx(expected[2:][order], abs=1e-12)


def test_a_new_model_expects_everything_alike():
    """Branches and heads begin switched off (ReZero)."""
    net = PolyGenForMeshGeneration(PolyGenConfig(hidden_size=8, num_attention_heads=2, intermediate_size=8))
    with torch.inference_mode():
        logits = net(vertex_tokens=tensor(CUBE_VERTICES), labels=torch.tensor([0])).vertex_logits
    assert logits.abs().max() == 0
    alphas = [parameter for name, parameter in net.named_parameters() if name.endswith("alpha")]
    assert len(alphas) == 2 * (4 + 3 + 4)
    assert all(alpha == 0 for alpha in alphas)


@pytest.mark.parametrize("is_conditional", [True, False])
def test_saved_and_opened_again(tmp_path, is_conditional):
    net = build(is_conditional=is_conditional)
    net.save_pretrained(tmp_path)
    config = AutoConfig.from_pretrained(tmp_path)
    assert config.id2label == {0: "cube", 1: "cone"}
    assert config.architectures == ["PolyGenForMeshGeneration"]
    again, said = AutoModel.from_pretrained(tmp_path, dtype=torch.float64, output_loading_info=True)
    assert isinstance(again, PolyGenForMeshGeneration)
    assert not said["missing_keys"]
    assert not said["unexpected_keys"]
    assert {name for name, _ in again.named_parameters()} == {name for name, _ in net.named_parameters()}
    for name, parameter in again.state_dict().items():
        assert torch.equal(parameter, net.state_dict()[name]), name


def test_every_attention_goes_through_transformers():
    seen = []

    def spy(module, q, k, v, mask, **given):
        seen.append((module, q.shape, k.shape))
        return eager_attention(module, q, k, v, mask, **given)

    AttentionInterface.register("spy", spy)
    net = build(attention="spy")
    with torch.inference_mode():
        net(
            vertex_tokens=tensor(CUBE_VERTICES[:-1]),
            vertices=tensor(CUBE),
            face_tokens=tensor(CUBE_FACES[:-1]),
            labels=torch.tensor([0]),
        )
    names = {id(module): name for name, module in net.named_modules()}
    lengths = {"vertex_model.layers": 25, "face_model.encoder_layers": 10, "face_model.layers": len(CUBE_FACES)}
    assert [(names[id(module)].rpartition(".")[0], q[2], k[2]) for module, q, k in seen] == [
        (f"{stack}.{i}", length, length)
        for (stack, length), n in zip(lengths.items(), (3, 2, 2), strict=True)
        for i in range(n)
    ]
