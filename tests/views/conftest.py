"""What the tests of all views share."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session")
def engine(tmp_path_factory):
    """What several tests ask is computed once."""
    from tests.inference import tiny_chat, tiny_films, tiny_joint
    from tests.inference.tiny_checkpoints import save_bert, save_gpt2, save_transformer
    from tests.remembering import RememberingEngine
    from tests.training_stages_files import save_training_stages
    from tests.views.test_all_views import CHECKPOINTS

    # None that is bundled predicts words, was fine-tuned, or translates.
    causal = str(save_gpt2(tmp_path_factory.mktemp("gpt2")))
    CHECKPOINTS.update(dict.fromkeys(("reading", "few_shot", "attribution", "generation"), causal))
    CHECKPOINTS["prediction"] = str(save_bert(tmp_path_factory.mktemp("bert"), "BertForTokenClassification"))
    CHECKPOINTS["translation"] = str(save_transformer(tmp_path_factory.mktemp("transformer")))
    CHECKPOINTS["answer"] = str(tiny_chat.save(tmp_path_factory.mktemp("chat"), "llava"))
    CHECKPOINTS["clip"] = str(tiny_films.save(tmp_path_factory.mktemp("films"), "timesformer"))
    CHECKPOINTS["joint"] = str(tiny_joint.save(tmp_path_factory.mktemp("joint"), "vilt words"))
    CHECKPOINTS["training_stages"] = str(save_training_stages(save_transformer(tmp_path_factory.mktemp("stages"))))
    return RememberingEngine()
