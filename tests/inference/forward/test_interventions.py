"""A head that is ablated, scaled or replaced: the model goes on as if its output projection had been given that."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from inference.context import Context, Refused
from inference.forward.model import Model
from inference.results.intervention import AblateHead, Intervention, ReplaceHead, ScaleHead
from tests.inference import tiny_images
from tests.inference.tiny_models import build_model, ids_of
from tests.inference.tiny_types import build_type
from tests.inputs import image_input, text_input

INPUT = text_input(token_ids=ids_of(11))
D_HEAD = 8
# Model type, group, and the projection that follows the attention of a block: caught in each of the ways there are.
MODELS = {
    "bert": ("encoder", "attention.output.dense"),
    "gpt2": ("decoder", "attn.c_proj"),
    "llama": ("decoder", "self_attn.o_proj"),
    "gemma2": ("decoder", "self_attn.o_proj"),
    "t5": ("cross", "layer.1.EncDecAttention.o"),
    "bart": ("decoder", "self_attn.out_proj"),
    "bloom": ("decoder", "self_attention.dense"),
    "codegen": ("decoder", "attn.out_proj"),
    "deberta-v2": ("encoder", "attention.output.dense"),
    "longformer": ("encoder", "attention.output.dense"),
}
WRITTEN_OUT = {"bloom", "codegen", "deberta-v2"}


@pytest.fixture(scope="module", params=MODELS)
def opened(request) -> tuple[str, Model]:
    return request.param, build_model(request.param, build_type(request.param))


def block_path(model: Model, group: str, layer: int) -> str:
    path = model.components.stacks["decoder" if group == "cross" else group].blocks[layer].path
    assert path is not None
    return path


def patterns(model: Model, run: Any) -> list[Tensor]:
    return [call.patterns() for group in model.info.groups for _, call in model.each_call(run, group.name, Context())]


def by_hook(model: Model, projection: str, head: int, factor: float, output: Tensor | None = None) -> list[Tensor]:
    """Patterns of the plain model whose projection is given something else in place of a head's output."""

    def change(_: Any, args: tuple[Tensor, ...]) -> tuple[Tensor]:
        states = args[0].clone()
        part = states[..., head * D_HEAD : (head + 1) * D_HEAD]
        part.mul_(factor) if output is None else part.copy_(output.expand_as(part))
        return (states,)

    model._last = model._changed = None
    handle = model.net.get_submodule(projection).register_forward_pre_hook(change)
    try:
        return patterns(model, model.run(INPUT, Context()))
    finally:
        handle.remove()
        model._last = model._changed = None


def assert_alike(found: list[Tensor], expected: list[Tensor]) -> None:
    for own, other in zip(found, expected, strict=True):
        torch.testing.assert_close(own, other, atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize(("factor", "head"), [(0.0, 2), (0.5, 0), (-2.0, 3)])
def test_a_scaled_head_is_its_slice_of_the_projections_input_scaled(opened, factor, head):
    name, model = opened
    group, projection = MODELS[name]
    change = AblateHead(group, 0, head) if factor == 0 else ScaleHead(group, 0, head, factor)
    expected = by_hook(model, f"{block_path(model, group, 0)}.{projection}", head, factor)
    plain = patterns(model, model.run(INPUT, Context()))
    found = patterns(model, model.run(INPUT, Context(), (change,)))
    assert_alike(found, expected)
    assert any(not torch.allclose(own, other, atol=1e-5) for own, other in zip(found, plain, strict=True))


def test_a_replaced_head_hands_on_what_it_is_given(opened):
    name, model = opened
    group, projection = MODELS[name]
    output = torch.linspace(-1, 1, D_HEAD)
    change = ReplaceHead(group, 0, 1, tuple(output.tolist()))
    if name in WRITTEN_OUT:
        with pytest.raises(Refused, match=r"cannot be replaced: the model writes .* It can be scaled\.$"):
            model.run(INPUT, Context(), (change,))
        return
    expected = by_hook(model, f"{block_path(model, group, 0)}.{projection}", 1, 0, output)
    assert_alike(patterns(model, model.run(INPUT, Context(), (change,))), expected)


def test_what_an_ablated_head_attends_to_is_still_seen(opened):
    name, model = opened
    group, _ = MODELS[name]
    plain = model.run(INPUT, Context()).calls[group][0].patterns()
    found = model.run(INPUT, Context(), (AblateHead(group, 0, 1),)).calls[group][0]
    assert_alike([found.patterns()], [plain])


def test_a_run_with_an_intervention_is_not_one_without():
    model = build_model("bert", build_type("bert"))
    first, second = (AblateHead("encoder", 0, 0),), (AblateHead("encoder", 0, 1),)
    plain, ablated = model.run(INPUT, Context()), model.run(INPUT, Context(), first)
    assert plain is not ablated
    assert model.run(INPUT, Context()) is plain
    assert model.run(INPUT, Context(), first) is ablated
    assert model.run(INPUT, Context(), second) is not ablated
    assert model.run(INPUT, Context()) is plain
    maps = {name: run.calls["encoder"][1].patterns() for name, run in [("plain", plain), ("ablated", ablated)]}
    assert not torch.allclose(maps["plain"], maps["ablated"], atol=1e-5)
    untouched = build_model("bert", build_type("bert")).run(INPUT, Context())
    assert_alike([maps["plain"]], [untouched.calls["encoder"][1].patterns()])


def test_several_heads_are_changed_one_behind_another():
    model = build_model("bert", build_type("bert"))
    twice = model.run(INPUT, Context(), (ScaleHead("encoder", 0, 1, 0.5), ScaleHead("encoder", 0, 1, 4.0)))
    once = build_model("bert", build_type("bert")).run(INPUT, Context(), (ScaleHead("encoder", 0, 1, 2.0),))
    assert_alike([twice.calls["encoder"][1].patterns()], [once.calls["encoder"][1].patterns()])


def test_layers_that_are_computed_again_are_those_of_the_intervention():
    changed = (AblateHead("encoder", 0, 2),)
    whole = build_model("bert", build_type("bert"))
    expected = patterns(whole, whole.run(INPUT, Context(), changed))
    small = build_model("bert", build_type("bert"))
    small.memory.budget = 1
    run = small.run(INPUT, Context(), changed)
    assert not any(call.is_held for call in run.calls["encoder"])
    assert_alike(patterns(small, run), expected)


def test_windows_are_changed_in_every_part(tmp_path):
    model = tiny_images.model_of("swin", tmp_path)
    image = image_input(seed=4)
    plain = model.run(image, Context()).calls["stage_1"][1].patterns()
    found = model.run(image, Context(), (AblateHead("stage_1", 0, 1),)).calls["stage_1"][1].patterns()
    assert not torch.allclose(found, plain, atol=1e-5)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (AblateHead("cross", 0, 0), "group 'cross' was asked for"),
        (AblateHead("encoder", 2, 0), "Layer 2 was asked for"),
        (ScaleHead("encoder", 0, 4, 1.0), "Head 4 was asked for"),
        (ReplaceHead("encoder", 0, 0, (1.0,)), "^1 numbers were to replace the output of head 0, which are 8"),
    ],
)
def test_what_is_not_there_is_refused(change: Intervention, sentence: str):
    with pytest.raises(Refused, match=sentence):
        build_model("bert", build_type("bert")).run(INPUT, Context(), (change,))
