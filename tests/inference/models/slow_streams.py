"""Plain readings of the equations of BERT's kin, and the small batch that they are tried on."""

from __future__ import annotations

import math

import torch
from torch.nn.functional import gelu, layer_norm

SMALL = {"vocab_size": 30, "hidden_size": 128, "num_hidden_layers": 2, "num_attention_heads": 2}
SMALL |= {"intermediate_size": 96, "max_position_embeddings": 16}
IDS = torch.tensor([[2, 5, 6, 7, 3], [2, 9, 3, 0, 0]])
IS_WORD = torch.tensor([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]])
IS_REGION = torch.tensor([[1, 1, 1], [1, 1, 0]])
TYPES = torch.tensor([[0, 0, 1, 1, 1], [0, 0, 0, 0, 0]])


def uneven(net):
    """Weights so large that no pattern is flat, norms that do something."""
    torch.manual_seed(0)
    with torch.no_grad():
        for parameter in net.parameters():
            if parameter.ndim > 1:
                parameter.normal_(0, 2.5 / parameter.shape[-1] ** 0.5)
            else:
                parameter.add_(0.2 * torch.randn_like(parameter))
    return net.double().eval()


def regions(n_numbers):
    torch.manual_seed(1)
    corner = torch.rand(2, 3, 2) * 0.5
    boxes = torch.cat([corner, corner + 0.2 + 0.2 * torch.rand_like(corner)], -1).double()
    return torch.randn(2, 3, n_numbers).double(), boxes


class Slowly:
    """The equations of BERT, one query and one head at a time, by the names of the published weights."""

    def __init__(self, net):
        self.w = net.state_dict()

    def linear(self, name, x):
        return x @ self.w[f"{name}.weight"].T + self.w.get(f"{name}.bias", torch.zeros(()).double())

    def norm(self, name, x):
        return layer_norm(x, x.shape[-1:], self.w[f"{name}.weight"], self.w[f"{name}.bias"], 1e-12)

    def words(self, name, ids, types):
        parts = [self.w[f"{name}.word_embeddings.weight"][ids], self.w[f"{name}.token_type_embeddings.weight"][types]]
        parts.append(self.w[f"{name}.position_embeddings.weight"][: len(ids)])
        return self.norm(f"{name}.LayerNorm", sum(parts))

    def attention(self, q, k, v, n_heads):
        rows = []
        for query in q:
            heads = []
            for part in range(n_heads):
                own = slice(part * len(query) // n_heads, (part + 1) * len(query) // n_heads)
                scores = torch.stack([query[own] @ key[own] for key in k]) / math.sqrt(len(query) // n_heads)
                heads.append(sum(p * value[own] for p, value in zip(scores.softmax(0), v, strict=True)))
            rows.append(torch.cat(heads))
        return torch.stack(rows)

    def layer(self, name, x, n_heads):
        own = f"{name}.attention.self"
        read = self.attention(*(self.linear(f"{own}.{part}", x) for part in ("query", "key", "value")), n_heads)
        x = self.norm(f"{name}.attention.output.LayerNorm", self.linear(f"{name}.attention.output.dense", read) + x)
        return self.network(f"{name}.intermediate", f"{name}.output", x)

    def network(self, first, then, x):
        inner = gelu(self.linear(f"{first}.dense", x))
        return self.norm(f"{then}.LayerNorm", self.linear(f"{then}.dense", inner) + x)

    def head(self, name, x, decoder=None):
        x = self.norm(f"{name}.transform.LayerNorm", gelu(self.linear(f"{name}.transform.dense", x)))
        return (
            x @ self.w["bert.embeddings.word_embeddings.weight" if decoder is None else decoder].T
            + self.w[f"{name}.bias"]
        )
