"""What there is, as text: listing it imports neither torch nor a model."""

from __future__ import annotations

# By the name of the request. Each is called as function(request, model, context), or as function(request, context)
# where the request names no checkpoint.
ANALYSES: dict[str, str] = {
    "TokenizeRequest": "inference.analyses.tokenize:tokenize",
    "HeadsRequest": "inference.analyses.heads:heads",
    "MapRequest": "inference.analyses.maps:overview",
    "TilesRequest": "inference.analyses.maps:tiles",
    "RowsRequest": "inference.analyses.maps:rows",
    "LinesRequest": "inference.analyses.lines:lines",
    "AttentionRequest": "inference.analyses.attention:attention",
    "MeasuresRequest": "inference.analyses.measures:measures",
    "SimilarityRequest": "inference.analyses.similarity:similarity",
    "RolloutRequest": "inference.analyses.rollout:rollout",
    "ScaledDotRequest": "inference.analyses.scaled_dot:scaled_dot",
    "PositionsRequest": "inference.analyses.positions:positions",
    "LayerTimesRequest": "inference.analyses.layer_times:layer_times",
    "TrainingRequest": "inference.analyses.training:training",
    "RunsRequest": "inference.analyses.training:runs",
    "TrainingStagesRequest": "inference.analyses.training_stages:training_stages",
    "LensRequest": "inference.analyses.lens:lens",
    "AttributionRequest": "inference.analyses.attribution:attribution",
    "TranslationRequest": "inference.analyses.translation:translation",
    "GenerationRequest": "inference.analyses.generation:generation",
    "ReadingRequest": "inference.analyses.reading:reading",
    "FewShotRequest": "inference.analyses.few_shot:few_shot",
    "NgramsRequest": "inference.analyses.ngrams:ngrams",
    "MaskedRequest": "inference.analyses.masked:masked",
    "MaskLabRequest": "inference.analyses.mask_lab:mask_lab",
    "NextSentenceRequest": "inference.analyses.next_sentence:next_sentence",
    "PredictionRequest": "inference.analyses.prediction:prediction",
    "ImageRequest": "inference.analyses.image:image",
    "PatchesRequest": "inference.analyses.patches:patches",
    "ClassesRequest": "inference.analyses.classes:classes",
    "MaskedImageRequest": "inference.analyses.masked_image:masked_image",
    "CompleteImageRequest": "inference.analyses.complete_image:complete_image",
    "MaskedPixelsRequest": "inference.analyses.masked_pixels:masked_pixels",
    "ProbeRequest": "inference.analyses.probe:probe",
    "MeshRequest": "inference.analyses.mesh:mesh",
    "ScoreMeshRequest": "inference.analyses.mesh:score",
    "MeshStepRequest": "inference.analyses.mesh:step",
    "WriteMeshRequest": "inference.analyses.mesh:write",
}

# By family name, first match wins; each class answers `fits(config)`.
FAMILIES: dict[str, str] = {
    "mesh": "inference.families.mesh:MeshFamily",
    "vision": "inference.families.vision:VisionFamily",
    "text_and_image": "inference.families.text_and_image:TextAndImageFamily",
    "image_parts": "inference.families.image_parts:ImagePartsFamily",
    "films": "inference.families.films:FilmFamily",
    "films_and_text": "inference.families.films:FilmAndTextFamily",
    "image_gpt": "inference.families.image_gpt:ImageGptFamily",
    "sparse_encoder": "inference.families.sparse_encoder:SparseEncoderFamily",
    "xlnet": "inference.families.xlnet:XlnetFamily",
    "funnel": "inference.families.funnel:FunnelFamily",
    "t5_encoder": "inference.families.encoder:T5EncoderFamily",
    "encoder_decoder": "inference.families.encoder_decoder:EncoderDecoderFamily",
    "composed": "inference.families.composed:ComposedFamily",
    "captions": "inference.families.composed:CaptionFamily",
    "prophetnet": "inference.families.prophetnet:ProphetNetFamily",
    "language_tower": "inference.families.language_tower:LanguageTowerFamily",
    "sounds": "inference.families.signals:SoundFamily",
    "whisper": "inference.families.signals:WhisperFamily",
    "series": "inference.families.signals:SeriesFamily",
    "music": "inference.families.music:MusicFamily",
    "clip_text": "inference.families.clip_text:ClipTextFamily",
    "canine": "inference.families.canine:CanineFamily",
    "decoder": "inference.families.decoder:DecoderFamily",
    "encoder": "inference.families.encoder:EncoderFamily",
    "encoder_as_decoder": "inference.families.encoder:EncoderAsDecoderFamily",
}

# Models that transformers does not ship, by model type; importing one makes it known to transformers.
OWN_MODELS: dict[str, str] = {
    "polygen": "inference.models.polygen:PolyGenForMeshGeneration",
    "image_tokenizer": "inference.models.image_tokenizer:ImageTokenizer",
    "masked_imagegpt": "inference.models.masked_igpt:MaskedImageGPT",
    "transformer": "inference.models.transformer:TransformerForTranslation",
}
