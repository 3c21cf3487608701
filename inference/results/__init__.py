"""Requests and results: all that crosses between the engine and the window.

Frozen dataclasses of plain values and read-only NumPy arrays; shapes are documented where they are defined. NumPy is
imported for typing only: the first window is painted without it.
"""

from inference.results.attention import (
    AttentionRequest,
    AttentionResult,
    HeadsRequest,
    HeadsResult,
    ScaledDotRequest,
    ScaledDotResult,
)
from inference.results.checkpoint import AttentionGroup, CheckpointInfo, InspectRequest, Missing, OpenRequest
from inference.results.common import Failure, Partial, Progress, TextInput, TokenizeRequest, TokenizeResult, Tokens
from inference.results.layer_times import LayerTimesRequest, LayerTimesResult
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
    MeshInput,
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
from inference.results.positions import PositionsRequest, PositionsResult, PositionTable

__all__ = [
    "AttentionGroup",
    "AttentionRequest",
    "AttentionResult",
    "CheckpointInfo",
    "Failure",
    "HeadsRequest",
    "HeadsResult",
    "InspectRequest",
    "LayerTimesRequest",
    "LayerTimesResult",
    "MapRequest",
    "MapResult",
    "MaskLabRequest",
    "MaskLabResult",
    "MaskedRequest",
    "MaskedResult",
    "MeasuresRequest",
    "MeasuresResult",
    "MemoryRequest",
    "MemoryResult",
    "MeshInput",
    "MeshRequest",
    "MeshResult",
    "MeshSample",
    "MeshStepRequest",
    "MeshStepResult",
    "MeshTokens",
    "Missing",
    "NextSentenceRequest",
    "NextSentenceResult",
    "OpenRequest",
    "Partial",
    "PositionTable",
    "PositionsRequest",
    "PositionsResult",
    "Progress",
    "RolloutRequest",
    "RolloutResult",
    "RowsRequest",
    "RowsResult",
    "ScaledDotRequest",
    "ScaledDotResult",
    "ScoreMeshRequest",
    "ScoreMeshResult",
    "TextInput",
    "Tile",
    "TilesRequest",
    "TilesResult",
    "TokenizeRequest",
    "TokenizeResult",
    "Tokens",
    "WriteMeshRequest",
    "WriteMeshResult",
]

# What a model reads.
Input = TextInput | MeshInput
