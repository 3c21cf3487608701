"""A count and its noun agree, wherever a number may be 1."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from inference.results.counts import SINGULAR, noun
from widgets.figures.counts import number_of

HOUSE = Path(__file__).parents[2]
# A whole number before a plural of the table, which for 1 reads “1 heads”.
BEFORE_PLURAL = re.compile(rf"\{{\w*:?,?\}} (?:{'|'.join(SINGULAR)})\b")
BEHIND_NUMBER = re.compile(rf" (?:{'|'.join(SINGULAR)})\b")
# Where the number is never 1: a limit, all tokens of a model, or one that is asked for only beyond 1.
NEVER_ONE = {
    "app/hub/watching.py": 1,
    "app/window/menus/filing.py": 1,
    "widgets/figures/head_measures.py": 1,
    "widgets/figures/heat_panel.py": 1,
    "widgets/maps/descriptions.py": 1,
    "widgets/views/answer/descriptions.py": 1,
    "widgets/views/approximation/maps_figure.py": 1,
    "widgets/views/attention/view.py": 2,
    "widgets/views/complete_image/probe.py": 1,
    "widgets/views/embedding/map_figure.py": 1,
    "widgets/views/embedding/training_figure.py": 1,
    "widgets/views/embedding/window_figure.py": 1,
    "widgets/views/few_shot/figure.py": 1,
    "widgets/views/fine_tuning/examples_figure.py": 2,
    "widgets/views/head_similarity/figure.py": 1,
    "widgets/views/joint/alignment_figure.py": 1,
    "widgets/views/joint/concepts_figure.py": 2,
    "widgets/views/joint/grounding_figure.py": 2,
    "widgets/views/joint/view.py": 1,
    "widgets/views/masked_image/figure.py": 1,
    "widgets/views/measures/figure.py": 1,
    "widgets/views/mesh/coloring.py": 1,
    "widgets/views/mesh/complete_panel.py": 1,
    "widgets/views/ngrams/figure.py": 2,
    "widgets/views/order/figure.py": 2,
    "widgets/views/order/match_figure.py": 1,
    "widgets/views/prediction/figures/text_class.py": 1,
    "widgets/views/pretrained/open_card.py": 1,
    "widgets/views/pretrained/view.py": 1,
    "widgets/views/rollout/view.py": 1,
    "widgets/views/segments/figure.py": 1,
    "widgets/views/similarity/figure.py": 1,
    "widgets/views/sparse/figures/complexity.py": 1,
    "widgets/views/sparse/figures/cost.py": 1,
    "widgets/views/sparse/figures/legend.py": 1,
    "widgets/views/sparse/figures/pattern.py": 3,
    "widgets/views/sparse/figures/pattern_map.py": 2,
    "widgets/views/sparse/figures/patterns.py": 1,
    "widgets/views/tokenization/comparison_page.py": 1,
    "widgets/views/tokenization/vocabulary_figure.py": 1,
    "widgets/views/tokenization/vocabulary_page.py": 1,
    "widgets/views/training/schedule.py": 2,
    "widgets/views/translation/figure.py": 1,
    "widgets/views/zero_shot/confusion_figure.py": 1,
    "widgets/views/zero_shot/figure.py": 1,
}
# The same of f-strings, and of faults that tell no user anything.
NEVER_ONE_FORMATTED = {
    "app/commands/batch.py": 2,
    "app/commands/inspect_text.py": 2,
    "app/commands/train_word2vec.py": 3,
    "app/export/export.py": 1,
    "app/export/mesh_film.py": 1,
    "app/export/render.py": 1,
    "app/link/remote/address.py": 1,
    "app/window/opening.py": 1,
    "inference/analyses/alignment.py": 1,
    "inference/analyses/answer.py": 2,
    "inference/analyses/approximation.py": 1,
    "inference/analyses/attention.py": 3,
    "inference/analyses/caption.py": 3,
    "inference/analyses/concepts.py": 2,
    "inference/analyses/embedding.py": 2,
    "inference/analyses/few_shot.py": 1,
    "inference/analyses/generation.py": 1,
    "inference/analyses/joint.py": 1,
    "inference/analyses/masked_image.py": 3,
    "inference/analyses/masked_pixels.py": 1,
    "inference/analyses/mesh.py": 1,
    "inference/analyses/norms.py": 1,
    "inference/analyses/order.py": 1,
    "inference/analyses/patches.py": 4,
    "inference/analyses/probe.py": 2,
    "inference/analyses/rollout.py": 3,
    "inference/analyses/segments.py": 3,
    "inference/analyses/tokenization.py": 7,
    "inference/analyses/transfer.py": 4,
    "inference/analyses/translation.py": 2,
    "inference/analyses/zero_shot.py": 3,
    "inference/capture/head_changes.py": 1,
    "inference/checkpoints/adapters.py": 1,
    "inference/checkpoints/architecture.py": 1,
    "inference/checkpoints/converting/pickles.py": 1,
    "inference/checkpoints/converting/transformer_lens.py": 1,
    "inference/checkpoints/hub/address.py": 1,
    "inference/checkpoints/hub/look.py": 1,
    "inference/checkpoints/image_tokenizers.py": 1,
    "inference/checkpoints/inspection.py": 3,
    "inference/checkpoints/left_over.py": 1,
    "inference/checkpoints/loading.py": 1,
    "inference/checkpoints/skeleton.py": 5,
    "inference/checkpoints/training_stages.py": 2,
    "inference/checkpoints/weights_header.py": 8,
    "inference/families/canine.py": 2,
    "inference/families/decoder.py": 1,
    "inference/families/encoder_decoder.py": 2,
    "inference/families/funnel.py": 1,
    "inference/families/joint/merlot.py": 4,
    "inference/families/joint/patches.py": 1,
    "inference/families/joint/regions.py": 1,
    "inference/families/joint/streams.py": 1,
    "inference/families/joint/videobert.py": 1,
    "inference/families/mesh.py": 1,
    "inference/families/music.py": 1,
    "inference/families/nystromformer.py": 4,
    "inference/family/base.py": 1,
    "inference/family/chatting.py": 4,
    "inference/family/unread.py": 1,
    "inference/files/chat_template.py": 1,
    "inference/files/json_file.py": 2,
    "inference/files/tokenizer_files.py": 2,
    "inference/files/vector_files.py": 4,
    "inference/forward/answers/relevance.py": 1,
    "inference/forward/decoding.py": 1,
    "inference/forward/masked_lm.py": 1,
    "inference/forward/scenes/followed.py": 1,
    "inference/forward/writing.py": 1,
    "inference/inputs/block_masking.py": 1,
    "inference/inputs/clips/sources.py": 2,
    "inference/inputs/cutting.py": 1,
    "inference/inputs/detected_regions.py": 1,
    "inference/inputs/image_files.py": 1,
    "inference/inputs/images.py": 1,
    "inference/inputs/regions.py": 3,
    "inference/inputs/shortening.py": 2,
    "inference/inputs/tiling/tiling.py": 1,
    "inference/inputs/tokens.py": 1,
    "inference/layouts/axis.py": 1,
    "inference/layouts/by_path.py": 1,
    "inference/layouts/unpadded.py": 1,
    "inference/meshes/gltf_header.py": 1,
    "inference/meshes/gltf_plain.py": 2,
    "inference/meshes/ply.py": 1,
    "inference/models/kneser_ney.py": 1,
    "inference/models/ngram_counts.py": 1,
    "inference/models/polygen.py": 1,
    "inference/models/subwords/ways.py": 1,
    "inference/results/train_word2vec.py": 1,
    "inference/results/training.py": 1,
    "inference/results/transfer.py": 1,
    "inference/service/wire.py": 4,
    "inference/training/card.py": 2,
    "inference/training/classify.py": 3,
    "inference/training/contrastive.py": 2,
    "inference/training/language.py": 2,
    "inference/training/run_files.py": 1,
    "inference/training/watched.py": 1,
    "widgets/figure_command.py": 3,
    "widgets/options.py": 2,
    "widgets/scene3d/scene.py": 1,
    "widgets/views/arcs/command.py": 1,
    "widgets/views/clip/command.py": 3,
    "widgets/views/patches/command.py": 2,
    "widgets/views/scaled_dot/steps.py": 1,
    "widgets/views/sparse/figures/patterns.py": 1,
    "widgets/views/tokenization/command.py": 1,
}


@pytest.mark.parametrize(("n", "told"), [(0, "0 heads"), (1, "1 head"), (2, "2 heads"), (1024, "1,024 heads")])
def test_a_number_and_its_noun_agree(n, told):
    assert number_of(n, "heads") == told


def test_every_singular_is_another_word():
    assert all(noun(1, many) != noun(2, many) == many for many in SINGULAR)


def plurals(file: Path) -> list[str]:
    """Texts of a module in which a number stands before a plural."""
    nodes = ast.walk(ast.parse(file.read_text(encoding="utf-8")))
    texts = (node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))
    return [text for text in texts if BEFORE_PLURAL.search(text)]


def formatted(file: Path) -> list[str]:
    """The same of f-strings; limits are in capital letters."""
    found = []
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        parts = node.values if isinstance(node, ast.JoinedStr) else []
        for number, behind in pairwise(parts):
            if isinstance(number, ast.FormattedValue) and isinstance(behind, ast.Constant):
                told = ast.unparse(number.value)
                if BEHIND_NUMBER.match(str(behind.value)) and not told.rpartition(".")[2].strip("_").isupper():
                    found.append(f"{told}{behind.value}")
    return found


def found(texts_of: Callable[[Path], list[str]], *packages: str) -> dict[str, list[str]]:
    """By module, those that are left."""
    files = (file for package in packages for file in (HOUSE / package).rglob("*.py"))
    return {file.relative_to(HOUSE).as_posix(): texts for file in files if (texts := texts_of(file))}


def test_no_text_of_the_window_puts_a_number_before_a_plural():
    told = found(plurals, "app", "widgets")
    assert {name: len(texts) for name, texts in told.items()} == NEVER_ONE, told


def test_no_sentence_puts_a_number_before_a_plural():
    told = found(formatted, "app", "widgets", "inference")
    assert {name: len(texts) for name, texts in told.items()} == NEVER_ONE_FORMATTED, told
