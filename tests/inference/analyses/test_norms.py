"""The residual stream around every sub-layer: equal to plain hooks on plain models, of many architectures."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import transformers as tf
from torch import nn

from inference.analyses.norms import norms
from inference.checkpoints.inspection import inspect
from inference.context import Cancelled, Context, Refused
from inference.results.norms import OUTLIER, QUANTITIES, STAGES, NormsRequest
from resources import checkpoint_path
from tests.inference.tiny_models import ARCHITECTURES, build_model, ids_of
from tests.inputs import text_input

N = 13
INPUT = text_input(token_ids=ids_of(N))
POST, PRE, SANDWICH = ("on_stream",), ("before",), ("before", "behind")
# Where the papers and the code of each have their norms: (attention, MLP), kind, and whether one ends the stack.
KNOWN = {
    "bert": ((POST, POST), "LayerNorm", False),
    "roberta": ((POST, POST), "LayerNorm", False),
    "distilbert": ((POST, POST), "LayerNorm", False),
    "albert": ((POST, POST), "LayerNorm", False),
    "openai-gpt": ((POST, POST), "LayerNorm", False),
    "bart": ((POST, POST), "LayerNorm", False),
    "transformer": ((POST, POST), "LayerNorm", False),
    "gpt2": ((PRE, PRE), "LayerNorm", True),
    "bloom": ((PRE, PRE), "LayerNorm", True),
    "pegasus": ((PRE, PRE), "LayerNorm", True),
    "llama": ((PRE, PRE), "RMSNorm", True),
    "qwen3": ((PRE, PRE), "RMSNorm", True),
    "t5": ((PRE, PRE), "RMSNorm", True),
    "gemma2": ((SANDWICH, SANDWICH), "RMSNorm", True),
    "gptj": ((PRE, PRE), "LayerNorm", True),
    "gpt_neox": ((PRE, PRE), "LayerNorm", True),
}
PARALLEL = {"gptj", "gpt_neox", "codegen", "falcon", "falcon-alibi"}


def asked(model, number=0):
    return norms(NormsRequest("tiny", INPUT, model.info.groups[number].name), model, Context())


def heard(model, paths):
    """What modules were given and returned, by plain hooks: [token, d_model] of the first call of each."""
    given, returned, hooks = {}, {}, []

    def first(value):
        return value[0] if isinstance(value, tuple) else value

    def listen(path):
        def before(_module, args, kwargs):
            given.setdefault(path, (args[0] if args else kwargs["hidden_states"])[0].double().clone())

        def behind(_module, _args, output):
            returned.setdefault(path, first(output)[0].double().clone())

        module = model.net.get_submodule(path)
        hooks.append(module.register_forward_pre_hook(before, with_kwargs=True))
        hooks.append(module.register_forward_hook(behind))

    for path in paths:
        listen(path)
    with torch.inference_mode():
        model.net(**model.encode(INPUT).tensors)
    for hook in hooks:
        hook.remove()
    return given, returned


def sizes(state):
    return {"norm": state.norm(dim=-1), "std": state.var(dim=-1, correction=0).sqrt(), "mean": state.mean(-1)}


def check(result, step, wanted):
    """Every quantity of every stage of a sub-layer; what is not there is NaN."""
    for quantity in QUANTITIES:
        for at, stage in enumerate(STAGES):
            found = result.values[quantity][step, at]
            if stage in wanted:
                np.testing.assert_allclose(found, sizes(wanted[stage])[quantity], rtol=2e-5, atol=2e-6, err_msg=stage)
            else:
                assert np.isnan(found).all(), stage


def test_of_bert_all_numbers_are_those_of_plain_hooks(tiny):
    """Post-norm: LayerNorm(x + SubLayer(x)), twice."""
    model = tiny("bert")
    result = asked(model)
    for layer in (0, 1):
        at = f"bert.encoder.layer.{layer}"
        names = {
            "block": at, "attended": f"{at}.attention.output.dense", "first": f"{at}.attention.output.LayerNorm",
            "mlp": f"{at}.output.dense", "second": f"{at}.output.LayerNorm",
        }  # fmt: skip
        given, returned = heard(model, names.values())
        check(result, 2 * layer, {
            "before": given[names["block"]], "added": returned[names["attended"]],
            "sum": given[names["first"]], "after": returned[names["first"]],
        })  # fmt: skip
        check(result, 2 * layer + 1, {
            "before": returned[names["first"]], "added": returned[names["mlp"]],
            "sum": given[names["second"]], "after": returned[names["block"]],
        })  # fmt: skip
    at = "bert.encoder.layer.0"
    np.testing.assert_allclose(result.first["norm"], sizes(heard(model, [at])[0][at])["norm"], rtol=1e-5)
    assert np.isnan(result.final["norm"]).all()


PRE_NORM = {
    "gpt2": ("transformer.h.{}", "ln_1", "attn", "ln_2", "mlp", "transformer.ln_f"),
    "llama": ("model.layers.{}", "input_layernorm", "self_attn", "post_attention_layernorm", "mlp", "model.norm"),
    "t5": (
        "encoder.block.{}", "layer.0.layer_norm", "layer.0.SelfAttention", "layer.1.layer_norm",
        "layer.1.DenseReluDense", "encoder.final_layer_norm",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", list(PRE_NORM))
def test_of_pre_norm_models_all_numbers_are_those_of_plain_hooks(tiny, name):
    """x + SubLayer(Norm(x)), twice."""
    model = tiny(name)
    result = asked(model)
    block, *parts, final = PRE_NORM[name]
    for layer in (0, 1):
        at = block.format(layer)
        first, attention, second, mlp = (f"{at}.{part}" for part in parts)
        given, returned = heard(model, [at, first, attention, second, mlp, final])
        middle = given[second]
        check(result, 2 * layer, {
            "before": given[at], "normed": returned[first], "added": returned[attention], "sum": middle,
            "after": middle,
        })  # fmt: skip
        check(result, 2 * layer + 1, {
            "before": middle, "normed": returned[second], "added": returned[mlp], "sum": returned[at],
            "after": returned[at],
        })  # fmt: skip
    for row, state in enumerate((given[final], returned[final])):
        np.testing.assert_allclose(result.final["norm"][row], sizes(state)["norm"], rtol=1e-5)


def test_of_vit_all_numbers_are_those_of_plain_hooks():
    """Pre-norm in an encoder of patches; the class token stands first."""
    from inference.forward.opening import load
    from inference.results.inputs import ImageInput, Input

    model = load("vit-scenes", Context())
    input = Input(image=ImageInput(seed=3))
    result = norms(NormsRequest("vit", input, model.info.groups[0].name), model, Context())
    block = model.components.stacks[model.components.of_features].blocks[1].path
    seen = {}
    layer = model.net.get_submodule(block)
    norm_modules = [part for part in layer.modules() if isinstance(part, nn.LayerNorm)]
    hooks = [
        layer.register_forward_pre_hook(
            lambda _, args, kwargs: seen.update(before=args[0] if args else kwargs["hidden_states"]), with_kwargs=True
        ),
        layer.register_forward_hook(lambda _, __, out: seen.update(after=out[0] if isinstance(out, tuple) else out)),
        norm_modules[1].register_forward_pre_hook(lambda _, args: seen.update(middle=args[0])),
        norm_modules[0].register_forward_hook(lambda _, __, out: seen.update(normed=out)),
    ]
    with torch.inference_mode():
        model.net(**model.encode(input).tensors)
    for hook in hooks:
        hook.remove()
    before, middle, after, normed = (seen[name][0].double() for name in ("before", "middle", "after", "normed"))
    check(result, 2, {
        "before": before, "normed": normed, "added": middle - before, "sum": middle, "after": middle,
    })  # fmt: skip
    np.testing.assert_allclose(result.values["norm"][3, 5], sizes(after)["norm"], rtol=1e-5)


def test_of_the_transformer_of_2017_all_numbers_are_those_of_plain_hooks(tiny):
    """Post-norm with cross-attention in the decoder."""
    model = tiny("transformer")
    number = next(i for i, group in enumerate(model.info.groups) if group.name == "decoder")
    result = asked(model, number)
    block = model.components.stacks["decoder"].blocks[1].path
    layer = model.net.get_submodule(block)
    paths = [f"{block}.{name}" for name, part in layer.named_modules() if isinstance(part, nn.LayerNorm)]
    given, returned = heard(model, [block, *paths])
    stream = given[block]
    assert [step.kind for step in result.sub_layers if step.layer == 1] == ["attention", "cross", "mlp"]
    for step, path in enumerate([path for path in given if path != block], 3):  # in the order of their calls
        check(result, step, {
            "before": stream, "added": given[path] - stream, "sum": given[path], "after": returned[path],
        })  # fmt: skip
        stream = returned[path]
    torch.testing.assert_close(stream, returned[block])


@pytest.mark.parametrize("name", list(KNOWN))
def test_norms_stand_where_the_papers_have_them(tiny, name):
    result = asked(tiny(name))
    places, kind, has_final = KNOWN[name]
    by_kind = {}
    for step in result.sub_layers:
        assert step.norm_kind == kind
        by_kind.setdefault(step.kind, set()).add(step.norms)
    assert (by_kind["attention"], by_kind["mlp"]) == tuple({place} for place in places)
    assert bool(result.final_norm) == has_final


@pytest.mark.parametrize("name", list(ARCHITECTURES))
def test_what_is_added_leads_from_each_layer_to_the_next(tiny, name):
    """Of every architecture: no step is missing, and the stream behind one is that before the next."""
    model = tiny(name)
    for number in range(len(model.info.groups)):
        result = asked(model, number)
        found = result.values["norm"]
        np.testing.assert_array_equal(found[0, 0], result.first["norm"])
        for step, sub_layer in enumerate(result.sub_layers):
            if step and not sub_layer.is_parallel:
                np.testing.assert_array_equal(found[step, 0], found[step - 1, 5])
            assert sub_layer.is_parallel <= (name in PARALLEL)
        if result.final_norm:
            np.testing.assert_allclose(result.final["norm"][0], found[-1, 5], rtol=1e-6)
        kinds = [step.kind for step in result.sub_layers if step.layer == 0]
        assert kinds in (["attention", "mlp"], ["attention", "cross", "mlp"])


def test_a_learned_factor_of_what_is_added_is_followed():
    """BEiT multiplies by one a dimension, which is no module; so does PolyGen by one number."""
    from inference.forward.opening import load
    from inference.results.inputs import ImageInput, Input, MeshInput

    for name, input in (
        ("beit-scenes", Input(image=ImageInput(seed=1))),
        ("polygen-furniture", Input(mesh=MeshInput(0))),
    ):
        model = load(name, Context())
        result = norms(NormsRequest(name, input, model.info.groups[0].name), model, Context())
        assert {step.norms for step in result.sub_layers} == {("before",)}


def test_dimensions_that_stand_out_are_named(tiny):
    net = build_model("gpt2").net
    with torch.no_grad():
        net.transformer.wpe.weight[:, 5] += 40
        net.transformer.wte.weight[:, 20] -= 15
    result = asked(build_model("gpt2", net))
    assert result.outliers.tolist() == [5, 20]
    assert (result.outlier_ratios >= OUTLIER).all()
    assert asked(tiny("gpt2")).outliers.tolist() == []


class Unfollowed(nn.Module):
    """What no module returns is added."""

    def __init__(self, part):
        super().__init__()
        self.part = part

    def forward(self, hidden_states, *args, **kwargs):
        output = self.part(hidden_states, *args, **kwargs)
        first = output[0] if isinstance(output, tuple) else output
        first = first + torch.sin(7 * hidden_states).flip(-1)
        return (first, *output[1:]) if isinstance(output, tuple) else first


def test_a_layer_that_cannot_be_followed_is_refused():
    net = build_model("gpt2").net
    net.transformer.h[1] = Unfollowed(net.transformer.h[1])
    model = build_model("gpt2", net)
    with pytest.raises(Refused, match="Where the norms of tiny-gpt2 stand could not be told: in layer 1"):
        asked(model)


def test_what_is_not_there_is_refused_and_hooks_are_gone(tiny):
    model = tiny("bert")
    with pytest.raises(Refused, match="attention group 'decoder' was asked for"):
        norms(NormsRequest("tiny", INPUT, "decoder"), model, Context())
    with pytest.raises(Cancelled):
        norms(NormsRequest("tiny", INPUT, "encoder"), model, Context(is_cancelled=lambda: True))
    asked(model)
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in model.net.modules())
    xlm = build_model("xlm", tf.XLMModel(tf.XLMConfig(vocab_size=50, emb_dim=32, n_layers=2, n_heads=4)).eval())
    with pytest.raises(Refused, match="no modules of their own"):
        asked(xlm)


def test_where_the_layers_lie_is_told_before_anything_is_opened():
    known, unknown = (inspect(str(checkpoint_path(name))) for name in ("vit-scenes", "lseg-scenes"))
    assert known.why_missing(NormsRequest.needs) == ""
    assert unknown.why_missing(NormsRequest.needs) == "single layers are not supported for LSeg"
