"""PolyGen's equations written out slowly in NumPy: one sequence, no cache, no batch, one head and query at a time."""

from __future__ import annotations

import numpy as np


def weights_of(net):
    return {name: parameter.detach().double().numpy() for name, parameter in net.named_parameters()}


def vertex_probabilities(net, tokens, label=None):
    """[n + 1, 257] of n tokens."""
    w = weights_of(net)
    rows = [w["vertex_model.start"] if label is None else w["vertex_model.start.weight"][label]]
    for place, token in enumerate(tokens):
        rows.append(
            w["vertex_model.value_embedding.weight"][token]
            + w["vertex_model.axis_embedding.weight"][place % 3]
            + w["vertex_model.vertex_embedding.weight"][place // 3]
        )
    x = _stack(w, "vertex_model.layers", net.config.num_vertex_layers, net.config, np.array(rows), is_causal=True)
    x = _norm(w, "vertex_model.norm", x)
    return _softmax(x @ w["vertex_model.head.weight"].T + w["vertex_model.head.bias"])


def items_of(net, values):
    """[2 + n_vertices, d] of z, y, x [n_vertices, 3]."""
    w = weights_of(net)
    rows = [*w["face_model.specials"]]
    for vertex in values:
        rows.append(sum(w[f"face_model.axis_values.{axis}.weight"][vertex[axis]] for axis in range(3)))
    layers = net.config.num_encoder_layers
    x = _stack(w, "face_model.encoder_layers", layers, net.config, np.array(rows), is_causal=False)
    return _norm(w, "face_model.encoder_norm", x)


def face_probabilities(net, values, tokens):
    """[m + 1, 2 + n_vertices] of m tokens."""
    w, items = weights_of(net), items_of(net, values)
    rows = [w["face_model.start"], *(items[token] for token in tokens)]
    x = np.array(rows) + w["face_model.step_embedding.weight"][: len(rows)]
    x = _stack(w, "face_model.layers", net.config.num_face_layers, net.config, x, is_causal=True)
    pointers = _norm(w, "face_model.norm", x) @ w["face_model.pointer.weight"].T + w["face_model.pointer.bias"]
    return _softmax(np.array([[pointer @ item for item in items] for pointer in pointers]) / np.sqrt(items.shape[1]))


def _stack(w, name, n_layers, config, x, *, is_causal):
    for i in range(n_layers):
        layer = f"{name}.{i}"
        attended = _attention(w, f"{layer}.attention", config, _norm(w, f"{layer}.attention_norm", x), is_causal)
        x = x + w[f"{layer}.attention_alpha"] * attended
        hidden = _norm(w, f"{layer}.mlp_norm", x) @ w[f"{layer}.mlp_in.weight"].T + w[f"{layer}.mlp_in.bias"]
        hidden = np.maximum(hidden, 0) @ w[f"{layer}.mlp_out.weight"].T + w[f"{layer}.mlp_out.bias"]
        x = x + w[f"{layer}.mlp_alpha"] * hidden
    return x


def _attention(w, name, config, x, is_causal):
    q, k, v = (x @ w[f"{name}.{part}_proj.weight"].T for part in "qkv")
    d_head = config.hidden_size // config.num_attention_heads
    out = np.zeros_like(x)
    for head in range(config.num_attention_heads):
        own = slice(head * d_head, (head + 1) * d_head)
        for query in range(len(x)):
            seen = range(query + 1 if is_causal else len(x))
            p = _softmax(np.array([q[query, own] @ k[key, own] / np.sqrt(d_head) for key in seen]))
            out[query, own] = sum(p[key] * v[key, own] for key in seen)
    return out @ w[f"{name}.o_proj.weight"].T


def _norm(w, name, x):
    centred = x - x.mean(-1, keepdims=True)
    scaled = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-5)
    return scaled * w[f"{name}.weight"] + w[f"{name}.bias"]


def _softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)
