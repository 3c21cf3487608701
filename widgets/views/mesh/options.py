"""Options of sampled meshes: for controls, command line and sessions alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from widgets.options import MOST_SEED, Options, choice, number, switch

if TYPE_CHECKING:
    from widgets.scene3d.scene import MeshStyle
    from widgets.views.mesh.coloring import ColorBy

COUNTS = (1, 2, 4, 6, 9, 12, 16)  # meshes that are looked at together
_COUNTS = {n: str(n) for n in COUNTS}
_COLORS: dict[ColorBy, str] = {"bits": "surprisal", "order": "order", "part": "part", "plain": "plain"}
_ABOUT_COLORS = "What the colours of meshes say"

Attending = Literal["step", "encoder"]


@dataclass(frozen=True)
class MeshSamplingOptions(Options):
    """How meshes are sampled; see `MeshRequest`."""

    seed: int = number(0, 0, MOST_SEED, "Seed", "Of the first mesh; the next ones have the next seeds")
    temperature: float = number(1.0, 0.01, 2, "Temperature", "Of the sampling", step=0.1, decimals=2)
    top_p: float = number(
        0.9,
        0.01,
        1,
        "Top-p",
        "Only the likeliest tokens that together reach this probability are sampled",
        step=0.05,
        decimals=2,
        flag="top-p",
    )
    top_k: int = number(0, 0, 10_000, "Top-k", "Only so many of the likeliest tokens are sampled; 0: all", flag="top-k")
    masks: bool = switch(True, "Masks", "Forbid tokens that cannot lead to a mesh (Nash et al. 2020, appendix F)")


@dataclass(frozen=True)
class MeshOptions(MeshSamplingOptions):
    """The same, and how many are looked at together."""

    count: int = choice(1, _COUNTS, "Meshes", "How many, of one seed after the other")


@dataclass(frozen=True)
class MeshLookOptions(Options):
    """How meshes look."""

    color: ColorBy = choice("bits", _COLORS, "Colour", _ABOUT_COLORS)
    style: MeshStyle = choice(
        "solid", {"solid": "solid", "wireframe": "wires", "xray": "X-ray"}, "Faces", "How faces are drawn"
    )
    turn: bool = switch(False, "Turn", "Let the scene turn slowly")


@dataclass(frozen=True)
class MeshFileOptions(Options):
    """How meshes look in a file."""

    color: ColorBy = choice("plain", _COLORS, "Colour", _ABOUT_COLORS, flag="colors")


@dataclass(frozen=True)
class MeshAttentionOptions(Options):
    """Whose attention is drawn as lines."""

    lines: Attending = choice(
        "step",
        {"step": "this token attends back", "encoder": "vertex to vertex"},
        "Lines",
        "From the shown token to earlier ones, or from a vertex to all",
    )


@dataclass(frozen=True)
class MeshCompletingOptions(Options):
    """In how many ways a mesh is gone on with."""

    variants: int = choice(4, _COUNTS, "Variants", "How many ways to go on")
