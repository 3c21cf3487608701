"""Sizes of models that published weights tell by the shapes of their tensors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from inference.models.published import n_layers

if TYPE_CHECKING:
    from torch import Tensor

D_HEAD = 64  # of all published models of one stream, whose weights do not tell their heads


class Sizes:
    """What the shapes of published weights tell.

    Parameters
    ----------
    named
        What they are of, in sentences: "an OSCAR".
    """

    def __init__(self, state: Mapping[str, Tensor], named: str) -> None:
        self._state = state
        self._named = named

    def of(self, name: str) -> tuple[int, ...]:
        """The shape of a tensor.

        Raises
        ------
        ValueError
            There is none of that name; says which.
        """
        if name not in self._state:
            raise ValueError(f"These are not the weights of {self._named}: {name} is missing.")
        return tuple(self._state[name].shape)

    def of_bert(self, embeddings: str, layers: str) -> dict[str, int]:
        """Sizes of words, places, sentences and layers, by their names in a `StreamConfig`.

        Parameters
        ----------
        embeddings, layers
            Prefixes of their names, with the point behind.
        """
        vocab_size, d = self.of(f"{embeddings}word_embeddings.weight")
        return {
            "vocab_size": vocab_size,
            "hidden_size": d,
            "num_hidden_layers": n_layers(self._state, layers),
            "num_attention_heads": d // D_HEAD,
            "intermediate_size": self.of(f"{layers}0.intermediate.dense.weight")[0],
            "max_position_embeddings": self.of(f"{embeddings}position_embeddings.weight")[0],
            "type_vocab_size": self.of(f"{embeddings}token_type_embeddings.weight")[0],
        }
