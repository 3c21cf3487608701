"""Every way in which a model may attend, also several in one model, with and without changing it on the way."""

from __future__ import annotations

import random
import threading
from typing import Any

import numpy as np
import pytest
import torch
import transformers as tf
from torch import Tensor, nn

from inference.capture.attention_call import Received
from inference.capture.capture import capture
from inference.context import Cancelled, Context
from tests.inference.tiny_models import build, ids_of

SIZES = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
IMAGE = {**SIZES, "image_size": 16, "patch_size": 8}


def siglip() -> tuple[nn.Module, dict[str, Tensor]]:
    return tf.SiglipVisionModel(tf.SiglipVisionConfig(**IMAGE)), {"pixel_values": torch.randn(2, 3, 16, 16)}


def git() -> tuple[nn.Module, dict[str, Tensor]]:
    config = tf.GitConfig(**SIZES, vocab_size=50, max_position_embeddings=40, vision_config=dict(IMAGE))
    return tf.GitForCausalLM(config), {
        "pixel_values": torch.randn(1, 3, 16, 16),
        "input_ids": torch.tensor([[5, 6, 7]]),
    }


def x_clip() -> tuple[nn.Module, dict[str, Tensor]]:
    mit = {"mit_hidden_size": 32, "mit_intermediate_size": 64, "mit_num_hidden_layers": 1, "mit_num_attention_heads": 4}
    config = tf.XCLIPConfig(
        text_config={**SIZES, "vocab_size": 50, "max_position_embeddings": 20, "eos_token_id": 2},
        vision_config={**IMAGE, **mit, "num_frames": 2},
        projection_dim=32,
        prompt_layers=2,
        prompt_num_attention_heads=4,
    )
    inputs = {"pixel_values": torch.randn(1, 2, 3, 16, 16), "input_ids": torch.tensor([[5, 6, 7, 2]])}
    return tf.XCLIPModel(config), inputs


def lxmert() -> tuple[nn.Module, dict[str, Tensor]]:
    layers = {"l_layers": 2, "x_layers": 2, "r_layers": 1}
    config = tf.LxmertConfig(
        vocab_size=50, hidden_size=32, num_attention_heads=4, intermediate_size=64, visual_feat_dim=8, **layers
    )
    boxes = {"visual_feats": torch.randn(1, 3, 8), "visual_pos": torch.rand(1, 3, 4)}
    return tf.LxmertModel(config), {"input_ids": torch.tensor([[5, 6, 7, 2]]), **boxes}


def timesformer() -> tuple[nn.Module, dict[str, Tensor]]:
    net = tf.TimesformerModel(tf.TimesformerConfig(**IMAGE, num_frames=2))
    return net, {"pixel_values": torch.randn(1, 2, 3, 16, 16)}


def fsmt() -> tuple[nn.Module, dict[str, Tensor]]:
    sizes = {f"{part}_{name}": n for part in ("encoder", "decoder") for name, n in (("layers", 2), ("ffn_dim", 64))}
    heads = {"encoder_attention_heads": 4, "decoder_attention_heads": 4}
    config = tf.FSMTConfig(langs=["a", "b"], src_vocab_size=50, tgt_vocab_size=50, d_model=32, **sizes, **heads)
    return tf.FSMTModel(config), {
        "input_ids": torch.tensor([[5, 6, 7, 2]]),
        "decoder_input_ids": torch.tensor([[5, 6]]),
    }


def xlnet() -> tuple[nn.Module, dict[str, Tensor]]:
    config = tf.XLNetConfig(vocab_size=50, d_model=32, n_layer=2, n_head=4, d_inner=64)
    return tf.XLNetModel(config), {"input_ids": torch.tensor([[5, 6, 7, 2]])}


def torch_encoder() -> tuple[nn.Module, dict[str, Tensor]]:
    """Without capture torch runs each layer of it as a whole."""
    net = nn.TransformerEncoder(nn.TransformerEncoderLayer(32, 4, 64, batch_first=True), 2, enable_nested_tensor=False)
    return net, {"src": torch.randn(2, 9, 32), "src_key_padding_mask": torch.arange(9) > torch.tensor([[8], [5]])}


ROUTES = {
    siglip: ["interface", "interface", "mha"],
    git: ["interface"] * 2 + ["softmax"] * 2,
    x_clip: ["interface"] * 9,
    lxmert: ["softmax"] * 11,
    timesformer: ["softmax"] * 4,
    fsmt: ["softmax"] * 6,
    xlnet: ["softmax"] * 2,
    torch_encoder: ["mha", "mha"],
}


def made(build: Any) -> tuple[nn.Module, dict[str, Tensor]]:
    torch.manual_seed(0)
    net, inputs = build()
    return net.eval(), inputs


def run(net: nn.Module, inputs: dict[str, Tensor]) -> Tensor:
    with torch.inference_mode():
        output = net(**inputs)
    return output if isinstance(output, Tensor) else output[0]


@pytest.mark.parametrize("build", ROUTES)
def test_every_attention_is_caught_once_and_nothing_changes(build):
    net, inputs = made(build)
    plain = run(net, inputs)
    with capture(net, Context()) as received:
        captured = run(net, inputs)
    torch.testing.assert_close(captured, plain, atol=5e-6, rtol=1e-5)
    assert [each.source for each in received] == ROUTES[build]
    assert [each.number for each in received] == list(range(len(received)))
    assert all(each.v is not None for each in received)
    for call in (call for each in received for call in each.split()):
        sums = call.patterns().sum(-1)
        torch.testing.assert_close(sums, torch.ones_like(sums))


def test_a_pattern_times_the_values_is_what_multi_head_attention_hands_on():
    """Of torch's own module, behind its output projection; some keys are padding."""
    net, inputs = made(torch_encoder)
    outputs: list[Tensor] = []
    layers = [layer.self_attn for layer in net.layers]
    hooks = [layer.register_forward_hook(lambda _m, _a, output: outputs.append(output[0])) for layer in layers]
    with capture(net, Context()) as received:
        run(net, inputs)
    for hook in hooks:
        hook.remove()
    for each, layer, output in zip(received, layers, outputs, strict=True):
        states = torch.stack([call.output() for call in each.split()]).transpose(1, 2).flatten(2)
        with torch.inference_mode():
            torch.testing.assert_close(layer.out_proj(states), output, atol=1e-5, rtol=1e-5)
        assert not each.split()[1].patterns()[:, :, 6:].any()


@pytest.mark.parametrize("name", ["gpt2", "llama", "gemma2", "gptj", "falcon", "bloom", "bart", "t5"])
def test_rows_with_a_cache_are_those_of_the_whole_text(name):
    """Read a few tokens first, then one at a time: keys are all those so far, after rotary embedding."""
    net, n, n_first = build(name), 9, 5
    ids = torch.tensor([ids_of(n)])
    source = {"input_ids": torch.tensor([ids_of(7, seed=2)])} if net.config.is_encoder_decoder else {}
    key = "decoder_input_ids" if source else "input_ids"
    with torch.inference_mode(), capture(net, Context()) as whole:
        net(**source, **{key: ids}, use_cache=False)
    with torch.inference_mode(), capture(net, Context()) as parts:
        output, past = {}, None
        for start, stop in [(0, n_first), *((i, i + 1) for i in range(n_first, n))]:
            if source and output:
                source = {"encoder_outputs": (output.encoder_last_hidden_state,)}
            output = net(**source, **{key: ids[:, start:stop]}, past_key_values=past, use_cache=True)
            past = output.past_key_values
    by_path: dict[str, list[Tensor]] = {}
    for each in parts:
        assert each.q is not None
        by_path.setdefault(each.path, []).append(each.one().patterns())
    for each in whole:
        pattern = each.one().patterns()
        steps = by_path[each.path]
        if "decoder" in each.path or not source:
            assert [step.shape[1] for step in steps] == [n_first, 1, 1, 1, 1]
        start = 0
        for step in steps:
            n_queries, n_keys = step.shape[1:]
            rows = pattern[:, start : start + n_queries]
            start += n_queries
            first = 0 if each.is_cross else start - n_keys  # a sliding window's cache forgets what is behind it
            torch.testing.assert_close(step, rows[..., first : first + n_keys], atol=1e-5, rtol=0)
            assert not rows[..., :first].any()
            assert not rows[..., first + n_keys :].any()  # the future


# --- changed on the way -----------------------------------------------------------------------------------------------


class WrittenAttention(nn.Module):
    """Attention as in the books, written in several ways."""

    def __init__(self, way: str) -> None:
        super().__init__()
        self.way = way
        self.num_heads = 4
        self.qkv = nn.Linear(32, 96)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.qkv(x).unflatten(-1, (3, 4, 8)).permute(2, 0, 3, 1, 4)
        if self.way == "sdpa":
            z = nn.functional.scaled_dot_product_attention(q, k, v)
        elif self.way == "matmul":
            z = (q @ k.mT / 8**0.5).softmax(-1) @ v
        elif self.way == "bmm":
            scores = torch.baddbmm(x.new_zeros(1), q.flatten(0, 1), k.flatten(0, 1).mT, beta=0, alpha=8**-0.5)
            z = torch.bmm(torch.softmax(scores, -1), v.flatten(0, 1)).view_as(v)
        else:
            scores = torch.einsum("bhid,bhjd->bhij", q, k)
            z = torch.einsum("bhij,bhjd->bhid", torch.nn.functional.softmax(scores * 8**-0.5, dim=3), v)
        return z.transpose(1, 2).flatten(2)


WAYS = ("sdpa", "matmul", "bmm", "einsum")


def without_head_one(received: Received, pattern: Tensor) -> Tensor:
    kept = torch.tensor([head != 1 for head in range(pattern.shape[1])])
    return pattern * kept[:, None, None]


def changeable(way: str) -> tuple[nn.Module, Tensor, list[tuple[nn.Parameter, slice]]]:
    """A network, what goes in, and where the values of head 1 come from."""
    torch.manual_seed(0)
    if way in ("bert", "gemma2"):
        net = build(way)
        ids = torch.tensor([ids_of(9)])
        if way == "bert":
            values = [layer.attention.self.value for layer in net.bert.encoder.layer]
            return net, ids, [(part, slice(8, 16)) for each in values for part in (each.weight, each.bias)]
        # Its heads 0 and 1 share values, so the columns behind them are cut instead.
        return net, ids, [(layer.self_attn.o_proj.weight, slice(8, 16)) for layer in net.model.layers]
    if way == "mha":
        net, inputs = made(torch_encoder)
        projections = [layer.self_attn for layer in net.layers]
        parts = [part for each in projections for part in (each.in_proj_weight, each.in_proj_bias)]
        return net, inputs["src"], [(part, slice(72, 80)) for part in parts]
    net = WrittenAttention(way).eval()
    return net, torch.randn(2, 9, 32), [(part, slice(72, 80)) for part in (net.qkv.weight, net.qkv.bias)]


def output_of(net: nn.Module, x: Tensor) -> Tensor:
    with torch.inference_mode():
        output = net(x)
    return output if isinstance(output, Tensor) else output[0]


@pytest.mark.parametrize("way", ["bert", "gemma2", "mha", *WAYS])
def test_a_head_can_be_taken_out_and_is_back_afterwards(way):
    net, x, values = changeable(way)
    plain = output_of(net, x)
    with capture(net, Context(), change=without_head_one) as received:
        changed = output_of(net, x)
    assert not torch.allclose(changed, plain, atol=1e-3)
    for call in (call for each in received for call in each.split()):
        assert not call.patterns([1]).any()
        assert call.patterns([0]).any()
    torch.testing.assert_close(output_of(net, x), plain, atol=0, rtol=0)
    with torch.no_grad():
        for part, rows in values:
            (part[:, rows] if way == "gemma2" else part[rows]).zero_()
    torch.testing.assert_close(output_of(net, x), changed, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("way", ["bert", "gemma2", "mha", *WAYS])
def test_a_pattern_that_is_given_back_changes_nothing(way):
    net, x, _ = changeable(way)
    plain = output_of(net, x)
    with capture(net, Context(), change=lambda _, pattern: pattern) as received:
        unchanged = output_of(net, x)
    torch.testing.assert_close(unchanged, plain, atol=2e-5, rtol=1e-5)
    assert all(each.q is not None for each in received)


# --- scores that are written out --------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
def test_queries_keys_and_values_are_found(way, dtype):
    net, x, _ = changeable(way)
    net, x = net.to(dtype), x.to(dtype)
    with capture(net, Context()) as received:
        output = output_of(net, x)
    (each,) = received
    assert each.q.shape == each.v.shape == (2, 4, 9, 8)
    assert each.scale == pytest.approx(8**-0.5)
    z = torch.stack([call.output() for call in each.split()]).transpose(1, 2).flatten(2)
    tolerance = {torch.float64: 1e-12, torch.float32: 1e-6, torch.bfloat16: 2e-2}[dtype]
    torch.testing.assert_close(z, output.to(z.dtype), atol=tolerance, rtol=tolerance)


class OddAttention(nn.Module):
    """Does something with its scores that is not followed."""

    def __init__(self, odd: Any) -> None:
        super().__init__()
        self.odd = odd

    def forward(self, x: Tensor) -> Tensor:
        x = x[:, None].expand(-1, 2, -1, -1)
        return self.odd(x @ x.mT).softmax(-1) @ x


@pytest.mark.parametrize(
    "odd",
    [
        lambda scores: scores.sigmoid(),
        lambda scores: scores.relu_(),
        lambda scores: scores.flip(-1),
        lambda scores: scores + scores.mT,
        lambda scores: scores + torch.arange(49.0).view(7, 7).expand(1, 2, 7, 7).sin(),
        lambda scores: scores * torch.full((7, 7), 0.5),
        lambda scores: scores.masked_fill(torch.eye(7, dtype=torch.bool), 3.0),
    ],
)
def test_what_is_not_understood_is_a_pattern(odd):
    net, x = OddAttention(odd), torch.randn(1, 7, 5)
    with torch.inference_mode(), capture(net, Context()) as received:
        output = net(x)
    call = received[0].one()
    if call.has_qk:  # a bias that all heads share costs less than their patterns
        assert call.bias is not None
    expanded = x[:, None].expand(-1, 2, -1, -1)
    torch.testing.assert_close(call.patterns(), odd(expanded @ expanded.mT).softmax(-1)[0], atol=1e-6, rtol=1e-5)
    torch.testing.assert_close(call.output(), output[0], atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize(
    "masked",
    [
        lambda scores, mask: scores.masked_fill(~mask, torch.finfo(scores.dtype).min),
        lambda scores, mask: scores.masked_fill_((~mask).expand_as(scores), -torch.inf),
        lambda scores, mask: torch.where(mask, scores, torch.tensor(-1e9)),
        lambda scores, mask: scores + torch.where(mask, 0.0, torch.finfo(scores.dtype).min),
        lambda scores, mask: scores * mask.float() + -1e4 * (1 - mask.float()),
        lambda scores, mask: (scores + torch.where(mask, 0.0, torch.finfo(scores.dtype).min)) / 1.0,
    ],
)
@pytest.mark.parametrize("is_causal", [True, False])
def test_masks_are_understood(masked, is_causal):
    mask = torch.ones(7, 7, dtype=torch.bool).tril(0 if is_causal else 2)
    net, x = OddAttention(lambda scores: masked(scores, mask)), torch.randn(1, 7, 5)
    with torch.inference_mode(), capture(net, Context()) as received:
        net(x)
        net(x)
    call, again = (each.one() for each in received)
    assert call.has_qk
    assert call.is_causal is is_causal
    assert call.bias is None
    if not is_causal:
        assert call.mask.dtype == torch.bool
        assert call.mask.data_ptr() == again.mask.data_ptr()  # one for all layers
    assert torch.equal(call.patterns() > 0, mask.expand(2, -1, -1))


# --- restored, and kept apart -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", [None, Cancelled, ZeroDivisionError])
@pytest.mark.parametrize("build", ROUTES)
def test_everything_is_put_back(build, ending):
    net, inputs = made(build)
    net.train(next(net.modules()) is not net)

    def state() -> list[Any]:
        configs = [part.config._attn_implementation for part in net.modules() if hasattr(part, "config")]
        hooks = [(len(part._forward_hooks), len(part._forward_pre_hooks)) for part in net.modules()]
        switches = [part.training for part in net.modules()]
        modes = torch.overrides._get_current_function_mode_stack()
        return [configs, hooks, switches, modes]

    before = state()
    states = torch.get_rng_state(), np.random.get_state()[1].tolist(), random.getstate()

    def keep(received: Received) -> Received:
        torch.rand(1), np.random.rand(), random.random()
        for part in net.modules():
            part.training = not part.training
        if ending is not None and received.number == 1:
            raise ending
        return received

    if ending is None:
        with capture(net, Context(), keep=keep):
            run(net, inputs)
    else:
        with pytest.raises(ending), capture(net, Context(), keep=keep):
            run(net, inputs)
    assert state() == before
    assert torch.equal(torch.get_rng_state(), states[0])
    assert (np.random.get_state()[1].tolist(), random.getstate()) == states[1:]


def test_captures_in_two_threads_do_not_mix():
    """Of two models at once; each waits in its first layer until the other is in its own."""
    nets = [build("bert"), build("gpt2")]
    both = threading.Barrier(2, timeout=30)
    results: dict[int, list[Received]] = {}

    def work(i: int) -> None:
        def keep(received: Received) -> Received:
            if received.number == 0:
                both.wait()
            return received

        with torch.inference_mode(), capture(nets[i], Context(), keep=keep) as received:
            nets[i](torch.tensor([ids_of(9 + i)]))
        results[i] = received

    threads = [threading.Thread(target=work, args=(i,)) for i in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    for i, part in enumerate(("bert", "transformer")):
        assert [each.path.split(".")[0] for each in results[i]] == [part, part]
        assert {each.q.shape[2] for each in results[i]} == {9 + i}


@pytest.mark.parametrize("name", ["bert", "gptj"])
def test_captures_of_one_model_wait_for_each_other(name):
    net = build(name)
    inside, waits = threading.Event(), threading.Event()
    results: list[int] = []

    def second() -> None:
        assert inside.wait(30)
        # It is asked while it waits whether anybody still wants it.
        context = Context(is_cancelled=lambda: waits.set() or False)
        with torch.inference_mode(), capture(net, context) as received:
            net(torch.tensor([ids_of(5)]))
        results.append(len(received))

    thread = threading.Thread(target=second)
    thread.start()
    with torch.inference_mode(), capture(net, Context()) as received:
        inside.set()
        assert waits.wait(30)
        net(torch.tensor([ids_of(9)]))
        assert len(received) == 2
    thread.join(30)
    assert results == [2]
    assert net.config._attn_implementation in ("sdpa", "eager")


@pytest.mark.parametrize("name", ["bert", "gptj", "gemma2"])
def test_a_thread_that_does_not_capture_is_not_heard(name):
    net = build(name)
    ids = torch.tensor([ids_of(9)])
    plain = output_of(net, ids)
    outputs: list[Tensor] = []
    with capture(net, Context()) as received:
        thread = threading.Thread(target=lambda: outputs.append(output_of(net, ids)))
        thread.start()
        thread.join(30)
        assert received == []
        output_of(net, ids)
        assert len(received) == 2
    torch.testing.assert_close(outputs[0], plain, atol=1e-5, rtol=1e-5)
