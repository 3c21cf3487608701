"""What there is, as text: listing it imports neither torch nor a model."""

from __future__ import annotations

from typing import NamedTuple


class Analysis(NamedTuple):
    """What answers a request.

    Attributes
    ----------
    function
        Where it lies.
    needs
        Capabilities a checkpoint must have.
    refines
        Whether it first sends a look at the whole and then makes it exact, going on where it was if it is cancelled
        and asked again: other requests need not wait for that.
    needs_model
        Whether it is about a checkpoint; else it is called as function(request, context).
    """

    function: str
    needs: frozenset[str] = frozenset()
    refines: bool = False
    needs_model: bool = True


# By the name of the request. Each is called as function(request, model, context).
ANALYSES: dict[str, Analysis] = {
    "TokenizeRequest": Analysis("inference.analyses.tokenize:tokenize"),
    "HeadsRequest": Analysis("inference.analyses.heads:heads", frozenset({"attention"}), refines=True),
    "MapRequest": Analysis("inference.analyses.maps:overview", frozenset({"attention"}), refines=True),
    "TilesRequest": Analysis("inference.analyses.maps:tiles", frozenset({"attention"})),
    "RowsRequest": Analysis("inference.analyses.maps:rows", frozenset({"attention"})),
    "LinesRequest": Analysis("inference.analyses.lines:lines", frozenset({"attention"})),
    "AttentionRequest": Analysis("inference.analyses.attention:attention", frozenset({"attention"})),
    "MeasuresRequest": Analysis("inference.analyses.measures:measures", frozenset({"attention"}), refines=True),
    "RolloutRequest": Analysis("inference.analyses.rollout:rollout", frozenset({"attention"})),
    "ScaledDotRequest": Analysis("inference.analyses.scaled_dot:scaled_dot", frozenset({"qk"})),
    "PositionsRequest": Analysis("inference.analyses.positions:positions", frozenset({"positions"})),
    "LayerTimesRequest": Analysis("inference.analyses.layer_times:layer_times", needs_model=False),
    "MaskedRequest": Analysis("inference.analyses.masked:masked", frozenset({"masked_lm"})),
    "MaskLabRequest": Analysis("inference.analyses.mask_lab:mask_lab", frozenset({"masked_lm"})),
    "NextSentenceRequest": Analysis("inference.analyses.next_sentence:next_sentence", frozenset({"next_sentence"})),
    "ImageRequest": Analysis("inference.analyses.image:image", frozenset({"patches"})),
    "PatchesRequest": Analysis("inference.analyses.patches:patches", frozenset({"patches"})),
    "ClassesRequest": Analysis("inference.analyses.classes:classes", frozenset({"classes"})),
    "MaskedImageRequest": Analysis("inference.analyses.masked_image:masked_image", frozenset({"masked_image"})),
    "CompleteImageRequest": Analysis("inference.analyses.complete_image:complete_image", frozenset({"next_pixel"})),
    "MaskedPixelsRequest": Analysis("inference.analyses.masked_pixels:masked_pixels", frozenset({"masked_pixels"})),
    "ProbeRequest": Analysis("inference.analyses.probe:probe", frozenset({"patches"})),
    "MeshRequest": Analysis("inference.analyses.mesh:mesh", frozenset({"mesh"})),
    "ScoreMeshRequest": Analysis("inference.analyses.mesh:score", frozenset({"mesh"})),
    "MeshStepRequest": Analysis("inference.analyses.mesh:step", frozenset({"mesh"})),
    "WriteMeshRequest": Analysis("inference.analyses.mesh:write", frozenset({"mesh"})),
}

# By family name, first match wins; each class answers `fits(config)`.
FAMILIES: dict[str, str] = {
    "mesh": "inference.families.mesh:MeshFamily",
    "vision": "inference.families.vision:VisionFamily",
    "image_gpt": "inference.families.image_gpt:ImageGptFamily",
    "sparse_encoder": "inference.families.sparse_encoder:SparseEncoderFamily",
    "xlnet": "inference.families.xlnet:XlnetFamily",
    "funnel": "inference.families.funnel:FunnelFamily",
    "encoder_decoder": "inference.families.encoder_decoder:EncoderDecoderFamily",
    "decoder": "inference.families.decoder:DecoderFamily",
    "encoder": "inference.families.encoder:EncoderFamily",
}

# Models that transformers does not ship, by model type; importing one makes it known to transformers.
OWN_MODELS: dict[str, str] = {
    "polygen": "inference.models.polygen:PolyGenForMeshGeneration",
    "image_tokenizer": "inference.models.image_tokenizer:ImageTokenizer",
    "masked_imagegpt": "inference.models.masked_igpt:MaskedImageGPT",
}
