"""Meshes: those that the model writes token by token, one of the user's own, and what their steps attend to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from inference.results.request import Capability, Request

if TYPE_CHECKING:
    import numpy as np

    from inference.results.inputs import MeshInput

_FIRST_CLASS = "chair"


def first_label(classes: tuple[str, ...]) -> int | None:
    """The class that is sampled and looked at before anybody has chosen one; None where there are no classes."""
    return (classes.index(_FIRST_CLASS) if _FIRST_CLASS in classes else 0) if classes else None


@dataclass(frozen=True, slots=True)
class MeshRequest(Request["MeshResult"]):
    """Let the model write meshes; they grow in partial results.

    Attributes
    ----------
    start
        Class, and tokens that are given: the model goes on behind them.
    seed, count
        Sample i is sampled with seed + i, and is the same alone and among others.
    temperature, top_p
        Above 0 to 2; above 0 to 1.
    top_k
        Only so many of the most probable tokens; 0 for all.
    with_masks
        Whether tokens that cannot lead to a mesh are forbidden (Nash et al. 2020, appendix F).
    """

    needs = frozenset({Capability.MESH})

    checkpoint: str
    start: MeshInput
    seed: int = 0
    count: int = 1
    temperature: float = 1.0
    top_p: float = 0.9
    with_masks: bool = True
    top_k: int = 0


@dataclass(frozen=True, slots=True)
class ScoreMeshRequest(Request["ScoreMeshResult"]):
    """How surprising the model finds a mesh: a file of the user's, or tokens."""

    needs = frozenset({Capability.MESH})

    checkpoint: str
    path: str = ""
    mesh: MeshInput | None = None
    label: int | None = None


@dataclass(frozen=True, slots=True)
class MeshTokens:
    """Tokens of one of the two models, in order, with what the model expected at each.

    Attributes
    ----------
    tokens
        int16 [step].
    bits
        float32 [step]: -log2 of the probability that the model gave this token, at temperature 1 and without masks.
    probabilities
        float16 [step, choice] at temperature 1 and without masks; choice is the token.
    is_forbidden
        bool [step, choice]: cannot lead to a mesh.
    n_given
        How many tokens were given, not sampled.
    n_corrected
        How many samples would have been forbidden tokens, had there been no masks.
    """

    tokens: np.ndarray
    bits: np.ndarray
    probabilities: np.ndarray
    is_forbidden: np.ndarray
    n_given: int
    n_corrected: int


@dataclass(frozen=True, slots=True)
class MeshSample:
    """A mesh with all that is known of how it came to be: a `Growing`, whose steps are the coordinate tokens and then
    the face tokens, both stops included. Coordinates are (token - 1) / 255 - 0.5.
    """

    label: int | None
    seed: int
    vertices: MeshTokens
    faces: MeshTokens
    is_finished: bool
    why_unfinished: str = ""

    @property
    def n_given(self) -> int:
        return self.vertices.n_given + self.faces.n_given

    @property
    def n_steps(self) -> int:
        return len(self.vertices.tokens) + len(self.faces.tokens)

    @property
    def n_expected(self) -> None:
        """It ends with a token of its own."""
        return None

    @property
    def surprisal(self) -> np.ndarray:
        """float32 [step]: bits."""
        import numpy as np  # not before it is needed: the first window waits for none

        return np.concatenate([self.vertices.bits, self.faces.bits])


@dataclass(frozen=True, slots=True)
class MeshResult:
    """Meshes so far (in a partial result), or finished; one each of the request's `count`."""

    samples: tuple[MeshSample, ...]


@dataclass(frozen=True, slots=True)
class ScoreMeshResult:
    """A mesh through the model's eyes.

    Attributes
    ----------
    sample
        Nothing was sampled: `n_given` counts all tokens.
    name
        File name, or empty.
    compressed_bits
        What a general-purpose compressor (LZMA) needs for the same tokens, in bits.
    notes
        What was done to the mesh on the way in: merged triangles, merged vertices; sentences.
    """

    sample: MeshSample
    name: str
    compressed_bits: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MeshStepRequest(Request["MeshStepResult"]):
    """What one step of one head attends to.

    Attributes
    ----------
    part
        `vertices`: the vertex model's self-attention; `faces`: the face model's; `encoder`: vertex to vertex.
    step
        Token that is being chosen; for `encoder` the item (0 stop, 1 new face, 2 + vertex).
    """

    needs = frozenset({Capability.MESH})

    checkpoint: str
    mesh: MeshInput
    part: str
    layer: int
    head: int
    step: int


@dataclass(frozen=True, slots=True)
class MeshStepResult:
    """`pattern`: float32 [key], over the earlier inputs of the step (0 is the start), or over the items."""

    part: str
    layer: int
    head: int
    step: int
    pattern: np.ndarray


@dataclass(frozen=True, slots=True)
class WriteMeshRequest(Request["WriteMeshResult"]):
    """A mesh as the bytes of a file; `format` is `obj`, `ply`, `stl` or `glb`."""

    needs = frozenset({Capability.MESH})

    checkpoint: str
    mesh: MeshInput
    format: str


@dataclass(frozen=True, slots=True)
class WriteMeshResult:
    """`data`: uint8 [byte]."""

    data: np.ndarray
    format: str
