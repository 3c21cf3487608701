"""The pattern that a model goes on with can be another one, and scores that are written out are found."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from inference.capture.attention_call import Received
from inference.capture.capture import capture
from inference.context import Context
from tests.inference.routes import (
    made,
    output_of,
    torch_encoder,
)
from tests.inference.tiny_models import build, ids_of


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
