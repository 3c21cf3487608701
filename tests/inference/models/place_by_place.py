"""Networks of the lab written out slowly, place by place, as their papers have them.

Each sublayer at each place is one node of torch's graph, so that the graph tells how long paths are.
"""

from __future__ import annotations

from collections import deque

import torch
import torch.nn.functional as F
from torch import nn


class _Operation(torch.autograd.Function):
    """Marks the end of an operation in the graph."""

    @staticmethod
    def forward(ctx, value):
        return value.clone()

    @staticmethod
    def backward(ctx, *gradients):
        return gradients


def operation(value):
    return _Operation.apply(value)


def shortest_path(output, leaf):
    """Operations on the shortest way through the graph from a leaf to an output; None where there is none."""
    queue, best = deque([(output.grad_fn, 0)]), {}
    while queue:
        node, n = queue.popleft()
        if best.get(node, n + 1) <= n:
            continue
        best[node] = n
        if getattr(node, "variable", None) is leaf:
            continue
        for before, _ in node.next_functions:
            if before is not None:
                cost = n + (type(node).__name__ == "_OperationBackward")
                queue.append((before, cost)) if cost > n else queue.appendleft((before, cost))
    return next((n for node, n in best.items() if getattr(node, "variable", None) is leaf), None)


def leaves(table, ids):
    """An embedding a token, each a leaf of the graph."""
    return [table.weight[token].detach().clone().requires_grad_() for token in ids]


# Recurrent networks


def lstm_step(weights, x, state, suffix="_l0"):
    """Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000."""
    h, c = state
    w_x, w_h, b_x, b_h = (getattr(weights, name + suffix) for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"))
    gates = w_x @ x + b_x + w_h @ h + b_h
    i, f, g, o = gates.chunk(4)
    # One operation makes both, so the pair passes the mark together.
    c = f.sigmoid() * c + i.sigmoid() * g.tanh()
    pair = operation(torch.stack([o.sigmoid() * c.tanh(), c]))
    return pair[0], pair[1]


def lstm_layer(layer, xs, suffix="_l0", state=None):
    """Outputs of one direction over a text."""
    zero = torch.zeros(layer.hidden_size, dtype=xs[0].dtype)
    state, outputs = state or (zero, zero), []
    for x in xs:
        state = lstm_step(layer, x, state, suffix)
        outputs.append(state[0])
    return outputs


def lstm_language_model(net, xs):
    """Logits behind each token."""
    for layer in net.model.layers:
        xs = lstm_layer(layer, xs)
    return [operation(net.lm_head.weight @ x) for x in xs]


def lstm_translator(net, source, written, *, attends=True):
    """Logits and patterns behind each word that is written (Bahdanau et al. 2015, appendix A)."""
    backward = []
    for layer in net.model.encoder.layers:
        forward = lstm_layer(layer, source)
        backward = lstm_layer(layer, source[::-1], "_l0_reverse")[::-1]
        source = [torch.cat(pair) for pair in zip(forward, backward, strict=True)]
    first, *others = net.model.decoder.layers
    attention, output = first.cross_attention, net.model.decoder.output
    h = operation(torch.tanh(first.start.weight @ backward[0]))
    state = h, torch.zeros_like(h)
    states, contexts, patterns = [], [], []
    for word in written:
        scores = [
            attention.score.weight @ torch.tanh(attention.query.weight @ state[0] + attention.key.weight @ annotation)
            for annotation in source
        ]
        pattern = torch.cat(scores).softmax(0)
        context = operation(sum(share * annotation for share, annotation in zip(pattern, source, strict=True)))
        context = context if attends else context.detach()
        # torch's cell has no suffix.
        state = lstm_step(first.cell, torch.cat([word, context]), state, "")
        states.append(state[0])
        contexts.append(context)
        patterns.append(pattern)
    for layer in others:
        states = lstm_layer(layer, states)
    logits = []
    for state_, word, context in zip(states, written, contexts, strict=True):
        parts = output.state(state_) + output.word.weight @ word + output.context.weight @ context
        logits.append(operation(net.lm_head.weight @ operation(torch.tanh(parts))))
    return logits, torch.stack(patterns)


# Transformers


def _attention(module, queries, keys, n_heads, *, is_causal=False):
    """Vaswani et al. 2017, section 3.2, a query at a time; `module` projects."""
    out = []
    for i, query in enumerate(queries):
        seen = keys[: i + 1] if is_causal else keys
        q = module.q_proj(query).unflatten(0, (n_heads, -1))
        k, v = (
            torch.stack([p(key) for key in seen]).unflatten(1, (n_heads, -1)) for p in (module.k_proj, module.v_proj)
        )
        scores = torch.einsum("hd,khd->hk", q, k) / q.shape[1] ** 0.5
        heads = torch.einsum("hk,khd->hd", scores.softmax(-1), v)
        out.append(operation(module.out_proj(heads.flatten())))
    return out


def _added(norm, xs, more):
    return [norm(x + y) for x, y in zip(xs, more, strict=True)]


def _network(layer, xs):
    more = [operation(layer.fc2(torch.relu(layer.fc1(x)))) for x in xs]
    return _added(layer.final_layer_norm, xs, more)


def transformer(net, source, written):
    """Logits behind each word that is written, norms after the sublayers."""
    n_heads = net.config.encoder_attention_heads

    def placed(stack, xs):
        places = stack.embed_positions(len(xs), 0, xs[0])
        return [x * stack.embed_scale + place for x, place in zip(xs, places, strict=True)]

    source, written = placed(net.model.encoder, source), placed(net.model.decoder, written)
    for layer in net.model.encoder.layers:
        source = _added(layer.self_attn_layer_norm, source, _attention(layer.self_attn, source, source, n_heads))
        source = _network(layer, source)
    for layer in net.model.decoder.layers:
        more = _attention(layer.self_attn, written, written, n_heads, is_causal=True)
        written = _added(layer.self_attn_layer_norm, written, more)
        more = _attention(layer.cross_attn, written, source, n_heads)
        written = _network(layer, _added(layer.cross_attn_layer_norm, written, more))
    return [operation(net.lm_head(x)) for x in written]


class _Projections(nn.Module):
    """GPT-2's one matrix for queries, keys and values as three."""

    def __init__(self, attention):
        super().__init__()
        weights, biases = attention.c_attn.weight.chunk(3, 1), attention.c_attn.bias.chunk(3)
        for name, weight, bias in zip(("q_proj", "k_proj", "v_proj"), weights, biases, strict=True):
            setattr(self, name, lambda x, weight=weight, bias=bias: x @ weight + bias)
        self.out_proj = attention.c_proj


def gpt2(net, xs):
    """Logits behind each token, norms before the sublayers (Radford et al. 2019)."""
    base, n_heads = net.transformer, net.config.n_head
    xs = [x + place for x, place in zip(xs, base.wpe.weight, strict=False)]
    for block in base.h:
        normed = [block.ln_1(x) for x in xs]
        more = _attention(_Projections(block.attn), normed, normed, n_heads, is_causal=True)
        xs = [x + y for x, y in zip(xs, more, strict=True)]
        mlp = [operation(block.mlp.c_proj(F.gelu(block.mlp.c_fc(block.ln_2(x)), approximate="tanh"))) for x in xs]
        xs = [x + y for x, y in zip(xs, mlp, strict=True)]
    return [operation(net.lm_head(base.ln_f(x))) for x in xs]
