"""Models of words and regions equal a plain reading of their equations, and read weights with the published names."""

from __future__ import annotations

import re

import pytest
import torch
from torch.nn.functional import gelu

from inference.models.streams import oscar, uniter, vilbert
from inference.models.streams.boxes import box_numbers
from inference.models.streams.transport import transport
from tests.inference.models.slow_streams import IDS, IS_REGION, IS_WORD, SMALL, TYPES, Slowly, regions, uneven

OF_REGIONS = {"v_hidden_size": 48, "v_num_hidden_layers": 2, "v_num_attention_heads": 4, "v_intermediate_size": 40}
CONNECTED = {"bi_hidden_size": 32, "bi_num_attention_heads": 4, "v_biattention_id": (0, 1), "t_biattention_id": (2, 3)}


def build(name, **more):
    if name == "uniter":
        return uneven(uniter.Uniter(uniter.UniterConfig(img_dim=10, img_label_dim=7, **SMALL)))
    if name == "oscar":
        return uneven(oscar.Oscar(oscar.OscarConfig(img_feature_dim=16, use_img_layernorm=True, **SMALL)))
    sizes = SMALL | OF_REGIONS | CONNECTED | {"num_hidden_layers": 4}
    return uneven(vilbert.VilBert(vilbert.VilBertConfig(v_feature_size=10, v_target_size=7, **sizes | more)))


def test_uniter_equals_its_equations():
    """Regions are LN(LN(vector) + LN(box) + type 1); what is padded is as if it were not there."""
    net, (vectors, boxes) = build("uniter"), regions(10)
    places = box_numbers(boxes, 7)
    is_hidden = torch.tensor([[False, True, False], [False, False, False]])
    found = net(IDS, vectors, places, TYPES, torch.cat([IS_WORD, IS_REGION], 1), is_hidden)
    slow = Slowly(net)
    for i in range(2):
        n, m = int(IS_WORD[i].sum()), int(IS_REGION[i].sum())
        seen = torch.where(
            is_hidden[i, :m, None], slow.w["uniter.img_embeddings.mask_embedding.weight"][1], vectors[i, :m]
        )
        name = "uniter.img_embeddings"
        parts = [slow.norm(f"{name}.img_layer_norm", slow.linear(f"{name}.img_linear", seen))]
        parts.append(slow.norm(f"{name}.pos_layer_norm", slow.linear(f"{name}.pos_linear", places[i, :m])))
        x = slow.norm(f"{name}.LayerNorm", sum(parts) + slow.w["uniter.embeddings.token_type_embeddings.weight"][1])
        x = torch.cat([slow.words("uniter.embeddings", IDS[i, :n], TYPES[i, :n]), x])
        for layer in range(2):
            x = slow.layer(f"uniter.encoder.layer.{layer}", x, 2)
        torch.testing.assert_close(found.text_states[i, :n], x[:n])
        torch.testing.assert_close(found.region_states[i, :m], x[n:])
        words = slow.head("cls.predictions", x[:n], "uniter.embeddings.word_embeddings.weight")
        torch.testing.assert_close(found.word_logits[i, :n], words)
        pooled = slow.linear("uniter.pooler.dense", x[0]).tanh()
        torch.testing.assert_close(found.match_logits[i], slow.linear("itm_output", pooled))
        own = slow.norm("feat_regress.net.2", gelu(slow.linear("feat_regress.net.0", x[n:])))
        own = own @ slow.w["uniter.img_embeddings.img_linear.weight"] + slow.w["feat_regress.bias"]
        torch.testing.assert_close(net.region_vectors(found.region_states)[i, :m], own)


def test_oscar_equals_its_equations():
    """Regions are LN(W [vector, box]) alone, without a place or a type, behind words and tags."""
    net, (vectors, boxes) = build("oscar"), regions(10)
    numbers = torch.cat([vectors, box_numbers(boxes, 6)], -1)
    found = net(IDS, numbers, TYPES, torch.cat([IS_WORD, IS_REGION], 1))
    slow = Slowly(net)
    for i in range(2):
        n, m = int(IS_WORD[i].sum()), int(IS_REGION[i].sum())
        x = slow.norm("bert.LayerNorm", slow.linear("bert.img_embedding", numbers[i, :m]))
        x = torch.cat([slow.words("bert.embeddings", IDS[i, :n], TYPES[i, :n]), x])
        for layer in range(2):
            x = slow.layer(f"bert.encoder.layer.{layer}", x, 2)
        torch.testing.assert_close(found.text_states[i, :n], x[:n])
        torch.testing.assert_close(found.word_logits[i, :n], slow.head("cls.predictions", x[:n]))
        pooled = slow.linear("bert.pooler.dense", x[0]).tanh()
        torch.testing.assert_close(found.match_logits[i], slow.linear("cls.seq_relationship", pooled))


@pytest.mark.parametrize("has_tasks", [False, True])
def test_vilbert_equals_its_equations(has_tasks):
    """Text layers 0 and 1, then twice a connection, a layer of regions and one of text (systems 3.1).

    A task has a place of its own behind [CLS], without a position (12-in-1): the words behind it have those they had.
    """
    net, (vectors, boxes) = build("vilbert", **({"n_tasks": 20} if has_tasks else {})), regions(10)
    places, task = box_numbers(boxes, 5), torch.tensor([8, 12])
    told = {"task_ids": task} if has_tasks else {}
    found = net(IDS, vectors, places, TYPES, IS_WORD, IS_REGION, **told)
    slow = Slowly(net)
    for i in range(2):
        n, m = int(IS_WORD[i].sum()), int(IS_REGION[i].sum())
        t = slow.words("bert.embeddings", IDS[i, :n], TYPES[i, :n])
        if has_tasks:
            kept = torch.tensor([0, *range(2, n)])
            t = slow.words("bert.embeddings", IDS[i, kept], TYPES[i, kept])
            own = slow.norm("bert.embeddings.LayerNorm", slow.w["bert.embeddings.task_embeddings.weight"][task[i]])
            t = torch.cat([t[:1], own[None], t[1:]])
        own = "bert.v_embeddings"
        v = slow.linear(f"{own}.image_embeddings", vectors[i, :m])
        v = slow.norm(f"{own}.LayerNorm", v + slow.linear(f"{own}.image_location_embeddings", places[i, :m]))
        for layer in range(2):
            t = slow.layer(f"bert.encoder.layer.{layer}", t, 2)
        for k in range(2):
            own = f"bert.encoder.c_layer.{k}"
            (q1, k1, v1), (q2, k2, v2) = (
                [slow.linear(f"{own}.biattention.{part}{j}", x) for part in ("query", "key", "value")]
                for j, x in ((1, v), (2, t))
            )
            of_regions, of_words = slow.attention(q2, k1, v1, 4), slow.attention(q1, k2, v2, 4)
            v = slow.norm(f"{own}.biOutput.LayerNorm1", slow.linear(f"{own}.biOutput.dense1", of_words) + v)
            t = slow.norm(f"{own}.biOutput.LayerNorm2", slow.linear(f"{own}.biOutput.dense2", of_regions) + t)
            v = slow.network(f"{own}.v_intermediate", f"{own}.v_output", v)
            t = slow.network(f"{own}.t_intermediate", f"{own}.t_output", t)
            v = slow.layer(f"bert.encoder.v_layer.{k}", v, 4)
            t = slow.layer(f"bert.encoder.layer.{2 + k}", t, 2)
        torch.testing.assert_close(found.text_states[i, :n], t)
        torch.testing.assert_close(found.region_states[i, :m], v)
        both = [slow.linear(f"bert.{kind}_pooler.dense", x[0]).relu() for kind, x in (("t", t), ("v", v))]
        pair = slow.linear("vil_logit" if has_tasks else "cls.bi_seq_relationship", both[0] * both[1])
        torch.testing.assert_close(found.match_logits[i], pair)
        head = "cls.imagePredictions"
        named = slow.norm(f"{head}.transform.LayerNorm", gelu(slow.linear(f"{head}.transform.dense", v)))
        torch.testing.assert_close(found.region_logits[i, :m], slow.linear(f"{head}.decoder", named))


def test_the_order_of_the_published_vilbert():
    config = vilbert.VilBertConfig()
    order = vilbert.order_of(config)
    assert order[:6] == [("text", i) for i in range(6)]
    assert order[6:9] == [("connection", 0), ("text", 6), ("connection", 1)] or order[6] == ("connection", 0)
    assert order.index(("regions", 0)) > order.index(("connection", 0))
    assert sorted(order) == sorted(
        [("text", i) for i in range(12)] + [(kind, i) for kind in ("regions", "connection") for i in range(6)]
    )


@pytest.mark.parametrize("places", [[0, 2**31], [1, 0], [-1, 1]])
def test_connections_stand_at_layers_that_there_are(places):
    config = vilbert.VilBertConfig(v_biattention_id=places, t_biattention_id=[1, 2])
    with pytest.raises(ValueError, match=r"v_biattention_id is .* from 0 to 6 are needed"):
        vilbert.order_of(config)


PUBLISHED = {
    "uniter": (uniter.from_published, "uniter.img_embeddings.pos_linear.weight"),
    "oscar": (oscar.from_published, "bert.img_embedding.weight"),
    "vilbert": (lambda state: vilbert.from_published(state, (2, 4, 4)), "bert.v_embeddings.image_embeddings.weight"),
}
EXTRA = {  # what published files hold besides
    "uniter": {},
    "oscar": {"bert.embeddings.position_ids": torch.arange(16)},
    "vilbert": {f"bert.encoder.c_layer.{k}.biOutput.q_dense{j}.weight": torch.zeros(1) for k in (0, 1) for j in (1, 2)},
}


def published(name):
    state = {key: tensor.clone() for key, tensor in build(name).state_dict().items()}
    if name == "uniter":
        state["feat_regress.weight"] = state["uniter.img_embeddings.img_linear.weight"].clone()
    return state | EXTRA[name]


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_weights_are_loaded_by_their_names(name):
    read, needed = PUBLISHED[name]
    state = published(name)
    model = read(state).double().eval()
    assert all(torch.equal(tensor, state[key]) for key, tensor in model.state_dict().items())
    config, whole = model.config, build(name).config
    different = {key for key, value in whole.to_dict().items() if getattr(config, key) != value}
    assert different <= {"dtype", "transformers_version"}
    for change, told in (
        ({needed: None}, f"{needed} is missing|1 tensor is missing"),
        ({"more.weight": torch.zeros(1)}, "1 is not known (more.weight)"),
        ({needed: torch.zeros(3, 5)}, "not"),
    ):
        changed = {key: tensor for key, tensor in (state | change).items() if tensor is not None}
        with pytest.raises(ValueError, match=told if "|" in told else re.escape(told)):
            read(changed)


def test_weights_of_several_tasks_bring_heads_that_are_asked_in_one_of_them_only():
    """`multi_task_model.bin`: its heads of one task are known, and a ViLBERT without tasks has none of them."""
    state = {key: tensor.clone() for key, tensor in build("vilbert", n_tasks=20).state_dict().items()} | EXTRA[
        "vilbert"
    ]
    state |= {f"vil_prediction_gqa.logit_fc.{i}.bias": torch.zeros(1) for i in (0, 2, 3)}
    state |= {f"{name}.weight": torch.zeros(1) for name in ("vil_tri_prediction", "vision_logit", "linguisic_logit")}
    model = vilbert.from_published(state, (2, 4, 4))
    assert (model.config.n_tasks, tuple(model.vil_logit.weight.shape)) == (20, (1, 32))
    with pytest.raises(ValueError, match="task_ids is missing"):
        model(IDS, *(torch.zeros(2, 3, n) for n in (10, 5)))
    with pytest.raises(ValueError, match=r"1 is not known \(vision_logit\.weight\)"):
        vilbert.from_published(published("vilbert") | {"vision_logit.weight": torch.zeros(1)}, (2, 4, 4))


def test_a_uniter_whose_projection_is_not_turned_round_is_none():
    state = published("uniter")
    state["feat_regress.weight"] = state["feat_regress.weight"] + 1
    with pytest.raises(ValueError, match=r"feat_regress\.weight is not uniter\.img_embeddings\.img_linear\.weight"):
        uniter.from_published(state)


NAMES_AND_SHAPES = {
    "uniter": (
        lambda: uniter.Uniter(uniter.UniterConfig()),
        {
            "uniter.embeddings.word_embeddings.weight": (28_996, 768),
            "uniter.img_embeddings.img_linear.weight": (768, 2_048),
            "uniter.img_embeddings.pos_linear.weight": (768, 7),
            "uniter.img_embeddings.mask_embedding.weight": (2, 2_048),
            "uniter.encoder.layer.11.attention.self.query.weight": (768, 768),
            "uniter.encoder.layer.11.intermediate.dense.weight": (3_072, 768),
            "cls.predictions.decoder.weight": (28_996, 768),
            "feat_regress.net.2.bias": (768,),
            "feat_regress.bias": (2_048,),
            "region_classifier.net.3.weight": (1_601, 768),
            "itm_output.weight": (2, 768),
        },
    ),
    "oscar": (
        lambda: oscar.Oscar(oscar.OscarConfig()),
        {
            "bert.img_embedding.weight": (768, 2_054),
            "bert.encoder.layer.0.output.LayerNorm.bias": (768,),
            "bert.pooler.dense.weight": (768, 768),
            "cls.predictions.transform.dense.weight": (768, 768),
            "cls.seq_relationship.weight": (2, 768),
        },
    ),
    "vilbert": (
        lambda: vilbert.VilBert(vilbert.VilBertConfig()),
        {
            "bert.v_embeddings.image_location_embeddings.weight": (1_024, 5),
            "bert.encoder.v_layer.5.attention.self.value.weight": (1_024, 1_024),
            "bert.encoder.c_layer.5.biattention.query2.weight": (1_024, 768),
            "bert.encoder.c_layer.0.biOutput.dense2.weight": (768, 1_024),
            "bert.encoder.c_layer.0.t_intermediate.dense.weight": (3_072, 768),
            "bert.t_pooler.dense.weight": (1_024, 768),
            "cls.bi_seq_relationship.weight": (2, 1_024),
            "cls.imagePredictions.decoder.weight": (1_601, 1_024),
        },
    ),
}


@pytest.mark.parametrize("name", NAMES_AND_SHAPES)
def test_the_published_sizes_are_the_defaults(name):
    build_it, wanted = NAMES_AND_SHAPES[name]
    with torch.device("meta"):
        net = build_it()
    shapes = {key: tuple(tensor.shape) for key, tensor in net.state_dict().items()}
    assert wanted.items() <= shapes.items()
    if name == "vilbert":  # systems 3.1: 250.0 M with its heads and what is never used
        unused = 6 * (1_024 * (1_024 + 768) + 1_024 + 768)
        assert 249.9e6 < sum(p.numel() for p in net.parameters()) + unused < 250.1e6


@pytest.mark.parametrize(
    ("n", "wanted"),
    [
        (4, [0.1, 0.2, 0.5, 0.8]),
        (5, [0.1, 0.2, 0.5, 0.8, 0.24]),
        (6, [0.1, 0.2, 0.5, 0.8, 0.4, 0.6]),
        (7, [0.1, 0.2, 0.5, 0.8, 0.4, 0.6, 0.24]),
    ],
)
def test_boxes_are_told_in_four_to_seven_numbers(n, wanted):
    assert box_numbers(torch.tensor([[0.1, 0.2, 0.5, 0.8]]), n)[0].tolist() == pytest.approx(wanted)


def test_no_other_numbers_tell_of_a_box():
    with pytest.raises(ValueError, match="in 4 to 7 numbers, not in 3"):
        box_numbers(torch.zeros(1, 4), 3)


def test_a_plan_gives_all_of_every_word_and_fills_every_region():
    torch.manual_seed(0)
    words, areas = torch.randn(2, 5, 8).double(), torch.randn(2, 3, 8).double()
    found = transport(words, areas, IS_WORD.bool(), IS_REGION.bool())
    for i in range(2):
        n, m = int(IS_WORD[i].sum()), int(IS_REGION[i].sum())
        plan = found.plan[i]
        torch.testing.assert_close(plan.sum(1)[:n], torch.full((n,), 1 / n).double())
        torch.testing.assert_close(plan.sum(0)[:m], torch.full((m,), 1 / m).double(), atol=1e-3, rtol=0)
        assert plan[n:].sum() == plan[:, m:].sum() == 0


def test_a_plan_is_nearly_the_cheapest_one():
    """Four words that are four regions, in another order: each goes where it costs nothing."""
    states = torch.eye(4, 6).double()[None]
    order = [2, 0, 3, 1]
    every = torch.ones(1, 4, dtype=torch.bool)
    found = transport(states, states[:, order], every, every)
    assert [order[i] for i in found.plan[0].argmax(1)] == [0, 1, 2, 3]
    assert found.distance.item() < 0.01


def test_a_plan_is_that_of_the_published_loop():
    """Algorithm 1 of Xie et al. with one inner round, written out for words that are not padded."""
    torch.manual_seed(0)
    words, areas = torch.randn(1, 4, 8).double(), torch.randn(1, 3, 8).double()
    a, b = (x[0] / x[0].norm(dim=-1, keepdim=True) for x in (words, areas))
    cost = (1 - a @ b.T).T  # [region, word]
    plan, kernel, sigma = torch.ones(3, 4).double(), torch.exp(-cost / 0.5), torch.full((4,), 0.25).double()
    for _ in range(50):
        q = kernel * plan
        delta = 1 / (3 * q @ sigma)
        sigma = 1 / (4 * delta @ q)
        plan = delta[:, None] * q * sigma
    every = torch.ones(1, 4, dtype=torch.bool)
    torch.testing.assert_close(transport(words, areas, every, every[:, :3]).plan[0], plan.T)
