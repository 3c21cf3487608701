"""Models that read and write meshes as tokens: PolyGen."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

import numpy as np
import torch

from inference.context import Refused
from inference.family.base import Encoded, Family, check_count
from inference.family.components import Components, Names
from inference.meshes.tokens import FIRST_VERTEX, N_VALUES, NEW_FACE, STOP
from inference.results.checkpoint import AttentionGroup
from inference.results.tokens import Tokens

if TYPE_CHECKING:
    from transformers import PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

    from inference.capture.attention_call import AttentionCall, Received
    from inference.family.opened import Opened
    from inference.inputs.images import Prepared
    from inference.results.inputs import Input


class MeshFamily(Family):
    """PolyGen (Nash et al. 2020): coordinates, then polygons that point at vertices."""

    name = "mesh"
    reads = ("mesh",)
    heads = frozenset({"PolyGenForMeshGeneration"})

    @staticmethod
    def fits(config: PreTrainedConfig) -> bool:
        return config.model_type == "polygen"

    def groups(self, config: PreTrainedConfig) -> tuple[AttentionGroup, ...]:
        n_heads = config.num_attention_heads
        return (
            AttentionGroup(
                "vertices",
                "Coordinates",
                (n_heads,) * config.num_vertex_layers,
                is_causal=True,
                query_axis="coordinates",
                key_axis="coordinates",
            ),
            AttentionGroup(
                "encoder",
                "Vertex to vertex",
                (n_heads,) * config.num_encoder_layers,
                query_axis="items",
                key_axis="items",
            ),
            AttentionGroup(
                "faces",
                "Faces",
                (n_heads,) * config.num_face_layers,
                is_causal=True,
                query_axis="pointers",
                key_axis="pointers",
            ),
        )

    def units(self, config: PreTrainedConfig) -> dict[str, str]:
        return {"coordinates": "coordinate", "items": "vertex", "pointers": "face token"}

    def n_ctx(self, config: PreTrainedConfig) -> int:
        """None: vertices and face tokens have limits of their own."""
        return 0

    def position_kind(self, config: PreTrainedConfig) -> str:
        return "learned"

    def classes(self, config: PreTrainedConfig) -> tuple[str, ...]:
        return tuple(_labels(config).values()) if config.is_conditional else ()

    def check_class(self, label: int | None, config: PreTrainedConfig) -> int | None:
        """The class that it draws; see `Family.check_class`."""
        if not config.is_conditional:
            return None
        labels = _labels(config)
        names = ", ".join(labels.values())
        if label is None:
            raise Refused(f"This checkpoint draws a class of things; choose one of {names}.")
        if label not in labels:
            raise Refused(f"Class {label} was asked for; there are {len(labels)}: {names}.")
        return label

    def lacks(self, opened: Opened) -> dict[str, str]:
        return {"positions": f"{opened.name} has several learned vectors for a place, such as its vertex and its axis"}

    def encode(
        self,
        input: Input,
        config: PreTrainedConfig,
        tokenizer: PreTrainedTokenizerBase | None = None,
        prepared: Prepared | None = None,
    ) -> Encoded:
        """Lay a mesh out for both models; stops are left off, as nothing comes behind them.

        Raises
        ------
        Refused
            It is no mesh, there is no such class, or a token or their number is out of range.
        """
        mesh = input.mesh
        if mesh is None:
            raise Refused("This checkpoint reads meshes; choose a class in the view Mesh.")
        label = self.check_class(mesh.label, config)
        coordinates, pointers = _unstopped(mesh.vertex_tokens), _unstopped(mesh.face_tokens)
        n_vertices = len(coordinates) // 3
        _check("vertex", coordinates, 1, N_VALUES, 3 * config.max_vertices)
        _check("face", pointers, NEW_FACE, FIRST_VERTEX + n_vertices - 1, config.max_face_tokens - 1)
        values = np.array(coordinates[: 3 * n_vertices], np.int64).reshape(1, n_vertices, 3) - 1
        tensors = {
            "vertex_tokens": torch.tensor([coordinates], dtype=torch.int64).reshape(1, -1),
            "vertices": torch.from_numpy(values),
            "face_tokens": torch.tensor([pointers], dtype=torch.int64).reshape(1, -1),
        }
        if label is not None:
            tensors["labels"] = torch.tensor([label])
        start = "start" if label is None else _labels(config)[label]
        return Encoded(
            tensors,
            {
                "coordinates": _tokens(
                    start, coordinates, [f"{'zyx'[i % 3]} {token - 1}" for i, token in enumerate(coordinates)], n_unit=3
                ),
                "pointers": _tokens("start", pointers, [_item(token) for token in pointers]),
                "items": _items(n_vertices),
            },
        )

    def forward(self, net: PreTrainedModel, encoded: Encoded) -> None:
        self.output(net, encoded.tensors)

    def components(self, net: PreTrainedModel) -> Components:
        """See `HasComponents.components`; each of the two models has stacks and a head of its own."""
        names = Names("layers", "attention", ("mlp_in", "mlp_out"), final_norm="norm")
        return Components(
            embedding=None,
            stacks={
                "vertices": names.stack(net, "vertex_model"),
                "encoder": replace(names, blocks="encoder_layers", final_norm="encoder_norm").stack(net, "face_model"),
                "faces": names.stack(net, "face_model"),
            },
            of_head="vertices",
            of_features="vertices",
            unembedding=("vertex_model.head",),
            lacking={"embedding": "it is a sum of several tables"},
        )

    def sort_calls(
        self, received: list[Received], net: PreTrainedModel, encoded: Encoded
    ) -> dict[str, list[AttentionCall]]:
        by_stack = {"vertices": "vertex_model.layers", "encoder": "encoder_layers", "faces": "face_model.layers"}
        return {
            group.name: check_count([one.one() for one in received if by_stack[group.name] in one.path], group)
            for group in self.groups(net.config)
        }


def _labels(config: PreTrainedConfig) -> dict[int, str]:
    """Names of the classes by number."""
    return cast("dict[int, str]", config.id2label or {})


def _unstopped(tokens: tuple[int, ...]) -> list[int]:
    return list(tokens[: tokens.index(STOP)] if STOP in tokens else tokens)


def _check(kind: str, tokens: list[int], lowest: int, highest: int, most: int) -> None:
    if len(tokens) > most:
        raise Refused(f"The mesh has {len(tokens):,} {kind} tokens; this checkpoint reads up to {most:,}.")
    bad = [token for token in tokens if not lowest <= token <= highest]
    if bad:
        raise Refused(f"A {kind} token is {bad[0]}; they are {lowest} to {highest}.")


def _item(token: int) -> str:
    """What a face token or an item is called."""
    return {STOP: "stop", NEW_FACE: "new face"}.get(token, f"v{token - FIRST_VERTEX}")


def _tokens(start: str, ids: list[int], words: list[str], n_unit: int = 1) -> Tokens:
    """The start and what follows; tokens of a unit (z, y, x of a vertex) belong together like pieces of a word."""
    n = len(ids) + 1
    return Tokens(
        ids=np.array([-1, *ids], np.int64),
        words=(start, *words),
        starts_word=np.array([True, *(i % n_unit == 0 for i in range(len(ids)))]),
        is_special=np.arange(n) == 0,
        segment=np.zeros(n, np.int8),
    )


def _items(n_vertices: int) -> Tokens:
    n = FIRST_VERTEX + n_vertices
    return Tokens(
        ids=np.arange(n),
        words=tuple(_item(item) for item in range(n)),
        starts_word=np.ones(n, bool),
        is_special=np.arange(n) < FIRST_VERTEX,
        segment=np.zeros(n, np.int8),
    )
