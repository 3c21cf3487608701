"""Requests and results: all that crosses between the engine and the window.

Frozen dataclasses of plain values and read-only NumPy arrays; shapes are documented where they are defined. NumPy is
imported for typing only, and a module when one of its names is first asked for: the first window is painted before.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from inference.results.attention import (
        AttentionRequest,
        AttentionResult,
        HeadsRequest,
        HeadsResult,
        LinesRequest,
        LinesResult,
        ScaledDotRequest,
        ScaledDotResult,
    )
    from inference.results.checkpoint import (
        AttentionGroup,
        CheckpointInfo,
        InspectRequest,
        Missing,
        OpenRequest,
    )
    from inference.results.common import (
        Failure,
        Partial,
        Progress,
        TextInput,
        TokenizeRequest,
        TokenizeResult,
        Tokens,
    )
    from inference.results.images import (
        ClassesRequest,
        ClassesResult,
        CompleteImageRequest,
        CompleteImageResult,
        ImageRequest,
        ImageResult,
        MaskedImageRequest,
        MaskedImageResult,
        MaskedPixelsRequest,
        MaskedPixelsResult,
        PatchesRequest,
        PatchesResult,
        ProbeRequest,
        ProbeResult,
    )
    from inference.results.inputs import (
        ImageInput,
        Input,
        MeshInput,
    )
    from inference.results.layer_times import (
        LayerTimesRequest,
        LayerTimesResult,
    )
    from inference.results.maps import (
        MapRequest,
        MapResult,
        MemoryRequest,
        MemoryResult,
        RowsRequest,
        RowsResult,
        Tile,
        TilesRequest,
        TilesResult,
    )
    from inference.results.masked import (
        MaskedRequest,
        MaskedResult,
        MaskLabRequest,
        MaskLabResult,
        NextSentenceRequest,
        NextSentenceResult,
    )
    from inference.results.measures import (
        MeasuresRequest,
        MeasuresResult,
        RolloutRequest,
        RolloutResult,
    )
    from inference.results.meshes import (
        MeshRequest,
        MeshResult,
        MeshSample,
        MeshStepRequest,
        MeshStepResult,
        MeshTokens,
        ScoreMeshRequest,
        ScoreMeshResult,
        WriteMeshRequest,
        WriteMeshResult,
    )
    from inference.results.positions import (
        PositionsRequest,
        PositionsResult,
        PositionTable,
    )

# The same by module.
_WHERE = {
    "attention": """
        AttentionRequest AttentionResult HeadsRequest HeadsResult LinesRequest LinesResult ScaledDotRequest
        ScaledDotResult
    """,
    "checkpoint": """
        AttentionGroup CheckpointInfo InspectRequest Missing OpenRequest
    """,
    "common": """
        Failure Partial Progress TextInput TokenizeRequest TokenizeResult Tokens
    """,
    "inputs": """
        Input MeshInput ImageInput
    """,
    "layer_times": """
        LayerTimesRequest LayerTimesResult
    """,
    "maps": """
        MapRequest MapResult MemoryRequest MemoryResult RowsRequest RowsResult Tile TilesRequest TilesResult
    """,
    "masked": """
        MaskLabRequest MaskLabResult MaskedRequest MaskedResult NextSentenceRequest NextSentenceResult
    """,
    "measures": """
        MeasuresRequest MeasuresResult RolloutRequest RolloutResult
    """,
    "meshes": """
        MeshRequest MeshResult MeshSample MeshStepRequest MeshStepResult MeshTokens ScoreMeshRequest
        ScoreMeshResult WriteMeshRequest WriteMeshResult
    """,
    "images": """
        ClassesRequest ClassesResult CompleteImageRequest CompleteImageResult MaskedImageRequest
        MaskedImageResult MaskedPixelsRequest MaskedPixelsResult PatchesRequest PatchesResult ImageRequest
        ImageResult ProbeRequest ProbeResult
    """,
    "positions": """
        PositionTable PositionsRequest PositionsResult
    """,
}
NAMES = {name: module for module, names in _WHERE.items() for name in names.split()}


def __getattr__(name: str) -> Any:
    if name not in NAMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(f"{__name__}.{NAMES[name]}"), name)
    return found
