"""A checkpoint of BERT, opened."""

from __future__ import annotations

import pytest

from inference.context import Context
from inference.forward.model import Model
from inference.forward.opening import load
from tests.inference.tiny_checkpoints import (
    save_bert,
)


@pytest.fixture(scope="module")
def bert(tmp_path_factory) -> Model:
    return load(str(save_bert(tmp_path_factory.mktemp("bert"))), Context())
