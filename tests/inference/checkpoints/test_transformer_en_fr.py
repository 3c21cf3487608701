"""The bundled Transformer of 2017: it translates as its card says, and its last stage is what it looks at."""

from __future__ import annotations

import numpy as np
import pytest

from inference.analyses.training_stages import training_stages
from inference.analyses.translation import translation
from inference.context import Context
from inference.forward.opening import load
from inference.results.inputs import Input, TextInput
from inference.results.training_stages import TrainingStagesRequest
from inference.results.translation import TranslationRequest

NAME = "transformer-en-fr"


@pytest.fixture(scope="module")
def model():
    return load(NAME, Context())


def stages(model, sentence):
    return training_stages(TrainingStagesRequest(NAME, sentence), model, Context())


def test_it_is_the_architecture_of_the_paper(model):
    config = model.net.config
    assert (config.encoder_layers, config.decoder_layers, config.d_model) == (3, 3, 256)
    assert model.info.position_kind == "sinusoidal"
    assert model.net.lm_head.weight is model.net.get_input_embeddings().weight


@pytest.mark.parametrize("sentence", range(8))
def test_its_last_stage_is_itself(model, sentence):
    """What is kept of the end of the training is what the shipped weights say and look at."""
    kept = stages(model, sentence)
    source = kept.sentences[sentence]
    found = translation(TranslationRequest(NAME, Input(text=TextInput(source))), model, Context())
    assert found.written.text == kept.stages[-1].translation
    run = model.run(Input(text=TextInput(source, kept.target)), Context())
    for layer in range(3):
        pattern = model.call(run, "cross", layer, Context()).patterns().numpy()
        wanted = kept.pattern[-1, layer]
        np.testing.assert_allclose(pattern[:, : wanted.shape[1]], wanted, atol=2e-3)


def test_the_alignment_became_a_diagonal(model):
    first, *_, last = (stage.on_diagonal.max() for stage in stages(model, 0).stages)
    assert first < 0.3 < 0.7 < last
