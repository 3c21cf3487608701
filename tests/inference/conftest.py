"""Small random models, built once a session."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest
import transformers

from inference.forward.model import Model
from inference.results.inputs import TextInput
from tests.inference.tiny_checkpoints import VOCAB
from tests.inference.tiny_models import build_model, ids_of
from tests.inputs import text_input


@pytest.fixture(scope="session")
def tiny() -> Callable[[str], Model]:
    """A model by the name of its architecture; tests leave it as it was."""
    return cache(build_model)


@pytest.fixture(scope="session")
def tiny_bert() -> Model:
    """BERT with a WordPiece tokenizer of 26 words."""
    return build_model("bert", tokenizer=transformers.BertTokenizer(vocab=VOCAB))


@pytest.fixture
def ids_input() -> TextInput:
    return text_input(token_ids=ids_of(13))
