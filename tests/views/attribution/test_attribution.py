"""Logit attribution: the parts add up to the model's own logit, and the view shows what was computed."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
import transformers
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFontMetricsF
from PySide6.QtWidgets import QComboBox, QLabel

from inference.analyses.attribution import attribution
from inference.checkpoints.inspection import inspect
from inference.context import Cancelled, Context, Refused
from inference.families.decoder import MODEL_TYPES as DECODERS
from inference.families.encoder_decoder import MODEL_TYPES as ENCODER_DECODERS
from inference.forward.layer_outputs import layer_outputs
from inference.results.attribution import AttributionRequest, AttributionResult
from inference.results.checkpoint import AttentionGroup
from inference.results.request import Capability
from tests.answers import answer, watched
from tests.factories import make_checkpoint_info, make_long_tokens
from tests.inference.tiny_checkpoints import BYTE_MERGES, BYTE_VOCAB, VOCAB, save_bert
from tests.inference.tiny_models import build_model, ids_of
from tests.inference.tiny_types import build_type
from tests.inputs import text_input
from widgets.context import ViewContext
from widgets.figures.lettering import in_cells
from widgets.figures.panel_figure import Cell
from widgets.look.theme import FigureStyle
from widgets.selection import Position
from widgets.subject import Subject
from widgets.views.attribution.figure import AttributionFigure, Bar, WordChip
from widgets.views.attribution.options import AttributionOptions
from widgets.views.attribution.view import AttributionView

POSITION = 5
BENT = {"modernbert-decoder"}  # the head has an activation of its own
TYPES = sorted({*DECODERS, *ENCODER_DECODERS, "eurobert"} - BENT)
# Where the output projection of attention lies in it, and whether heads are rows or columns of its weight.
PROJECTIONS = {
    "gpt2": "c_proj",
    "gpt_neo": "out_proj",
    "opt": "out_proj",
    "bloom": "dense",
    "llama": "o_proj",
    "mistral": "o_proj",
    "qwen2": "o_proj",
    "qwen3": "o_proj",
    "gemma": "o_proj",
    "phi": "dense",
    "falcon": "dense",
    "gpt_neox": "dense",
    "gptj": "out_proj",
}


def built(model_type, dtype=torch.float32, **more):
    """A tiny model whose norms and biases are no ones and zeros, as those of a trained one."""
    net = build_type(model_type, **more)
    torch.manual_seed(1)
    with torch.no_grad():
        for parameter in net.parameters():
            if parameter.ndim == 1:
                parameter.add_(0.3 * torch.randn_like(parameter))
    return build_model(model_type, net.to(dtype))


def asked(position=POSITION, n=9):
    return AttributionRequest("", text_input(token_ids=ids_of(n)), position)


def logits_of(model, position=POSITION):
    """Of transformers itself."""
    tensors = model.encode(asked().input).tensors
    with torch.inference_mode():
        return model.net(**tensors).logits[0, position]


@pytest.mark.parametrize("model_type", TYPES)
def test_the_parts_add_up_to_the_models_own_logit(model_type):
    model = built(model_type)
    found = attribution(asked(), model, Context())
    wanted = logits_of(model)[found.ids]
    if found.cap:
        wanted = (wanted / found.cap).atanh() * found.cap
    size = float(wanted.abs().max()) + 1
    np.testing.assert_allclose(found.logits, wanted, atol=1e-5 * size)
    assert np.abs(found.remainder).max() < 1e-5 * size
    has_layer_norms = model_type in ("gpt2", "opt", "gptj", "bloom", "bart")
    assert not has_layer_norms or np.abs(found.bias).min() > 0


@pytest.mark.parametrize("model_type", ["gpt2", "gemma2", "bart", "falcon", "t5"])
def test_in_double_precision_nothing_is_left_over(model_type):
    model = built(model_type, torch.float64)
    found = attribution(asked(), model, Context())
    parts = [each.astype(np.float64) for each in (found.embed, found.positions, found.bias)]
    whole = sum(parts) + found.mlp.sum(1, dtype=np.float64) + found.attn.sum((1, 2), dtype=np.float64)
    np.testing.assert_allclose(whole, found.logits, atol=1e-6)


def by_hand(model, position=POSITION):
    """What a vector in the residual stream adds to each logit: through the final norm at its own scale."""
    net, components = model.net.double(), model.components
    stack = components.stacks[components.of_head]
    tensors = model.encode(asked().input).tensors
    state = layer_outputs(model, tensors, Context(), stack.blocks)[-1][0, position]
    norm = net.get_submodule(stack.final_norm)
    centres = isinstance(norm, torch.nn.LayerNorm)
    eps = next(getattr(norm, name) for name in ("eps", "variance_epsilon") if hasattr(norm, name))
    weight = 1 + norm.weight if "Gemma" in type(norm).__name__ else norm.weight
    scale = weight / ((state - state.mean() * centres).pow(2).mean() + eps).sqrt()
    words = net.get_output_embeddings().weight

    def adds(vector):
        return words @ (scale * (vector - vector.mean(-1, keepdim=True) * centres))

    return adds


@pytest.mark.parametrize("model_type", PROJECTIONS)
def test_a_head_adds_what_is_missing_without_its_rows_of_the_output_projection(model_type):
    model = built(model_type)
    found = attribution(asked(), model, Context())
    run = model.run(asked().input, Context())
    adds = by_hand(model)
    group = model.info.groups[0]
    with torch.inference_mode():
        for layer, block in enumerate(model.components.stacks[group.name].blocks):
            output = model.call(run, group.name, layer, Context()).output(rows=torch.tensor([POSITION]))[:, 0]
            projection = model.net.get_submodule(block.attention).get_submodule(PROJECTIONS[model_type])
            weight = projection.weight if model_type == "gpt2" else projection.weight.T  # [feature, d_model]
            for head in range(group.n_heads[layer]):
                only = torch.zeros(output.shape, dtype=torch.float64)
                only[head] = output[head]
                wanted = adds(only.flatten() @ weight)[found.ids]
                np.testing.assert_allclose(found.heads[:, 0, layer, head], wanted, atol=2e-5)
    np.testing.assert_allclose(found.heads.sum(-1), found.attn, atol=1e-5)


@pytest.mark.parametrize(
    ("model_type", "table", "row"),
    [("gpt2", "transformer.wpe", 5), ("gpt_neo", "transformer.wpe", 5), ("opt", "model.decoder.embed_positions", 7)],
)
def test_the_position_is_told_apart_from_the_token(model_type, table, row):
    model = built(model_type)
    found = attribution(asked(), model, Context())
    adds = by_hand(model)
    with torch.inference_mode():
        token = model.net.get_input_embeddings().weight[int(found.tokens.ids[POSITION])]
        place = model.net.get_submodule(table).weight[row]
        np.testing.assert_allclose(found.embed, adds(token)[found.ids], atol=2e-5)
        np.testing.assert_allclose(found.positions, adds(place)[found.ids], atol=2e-5)


@pytest.mark.parametrize("model_type", ["biogpt", "ctrl", "xglm", "gpt_bigcode"])
def test_what_is_of_the_position_does_not_depend_on_the_token_nor_the_other_way_round(model_type):
    model = built(model_type)
    with torch.no_grad():  # no layer adds what depends on what is read: the way to the logits is one norm
        for name, parameter in model.net.named_parameters():
            if any(part in name for part in (".h.", ".layers.")) and parameter.ndim > 1:
                parameter.zero_()

    def parts(token, position):
        request = AttributionRequest("", text_input(token_ids=(token,) * 4), position)
        found = attribution(request, model, Context())
        return dict(zip(found.ids.tolist(), zip(found.embed, found.positions, strict=True), strict=True))

    first = parts(7, 1)
    for other, which in ((parts(7, 3), 0), (parts(11, 1), 1)):
        shared = [word for word in first if word in other]
        assert len(shared) > 2
        values = np.array([(first[word][which], other[word][which]) for word in shared])
        scale = (values[:, 0] @ values[:, 1]) / (values[:, 1] @ values[:, 1])  # that of the norm
        np.testing.assert_allclose(values[:, 0], scale * values[:, 1], atol=1e-5 * np.abs(values).max() + 1e-7)
        assert np.abs(values).max() > 1e-4


def test_rotary_positions_add_nothing_themselves():
    assert not attribution(asked(), built("llama"), Context()).positions.any()


def test_an_encoder_decoder_tells_its_two_attentions_apart():
    found = attribution(asked(), built("bart"), Context())
    assert (found.groups, found.axis) == (("decoder", "cross"), "target")
    assert found.attn.shape[1:] == (2, 3)
    assert np.abs(found.attn).min(0).max() > 0


def test_behind_the_end_of_a_text_nothing_is_told_unless_it_is_asked():
    model = build_model("eurobert", build_type("eurobert"), transformers.BertTokenizer(vocab=VOCAB))
    found = attribution(AttributionRequest("", text_input("the cat sat on the mat")), model, Context())
    assert found.tokens.words[found.position] == "mat"
    assert found.tokens.words[found.position + 1] == "[SEP]"


def test_heads_are_left_out_where_another_thing_stands_in_place_of_attention():
    found = attribution(asked(), built("lfm2"), Context())
    assert np.isnan(found.heads[:, 0, 0]).all()
    assert np.isfinite(found.heads[:, 0, 1]).all()
    assert np.abs(found.attn[:, 0, 0]).max() > 0


def test_the_words_are_the_likeliest_and_the_true_one():
    model = built("gpt2")
    found = attribution(asked(), model, Context())
    probs = logits_of(model).softmax(-1)
    best = probs.topk(10).indices.tolist()
    assert found.ids[:10].tolist() == best
    true = int(found.tokens.ids[POSITION + 1])
    assert found.ids[found.target] == true
    np.testing.assert_allclose(found.probs, probs[found.ids], atol=1e-6)
    last = attribution(asked(None), model, Context())
    assert (last.position, last.target) == (8, -1)


def test_a_word_is_told_from_what_goes_on_with_one():
    """`␣t` and `t` are two tokens, each with a logit."""
    tokenizer = transformers.RobertaTokenizer(vocab=BYTE_VOCAB, merges=BYTE_MERGES)
    model = build_model("gpt2", build_type("gpt2", vocab_size=len(BYTE_VOCAB)), tokenizer)
    found = attribution(AttributionRequest("", text_input("the cat"), 2), model, Context())
    assert found.words[found.target] == "␣cat"
    behind = attribution(AttributionRequest("", text_input("the cat"), 3), model, Context())
    assert "to follow “␣cat” (3)" in AttributionFigure(behind, AttributionOptions()).caption


def test_an_encoder_tells_the_word_at_its_place_and_none_under_a_mask():
    net = build_type("eurobert")
    model = build_model("eurobert", net, transformers.BertTokenizer(vocab=VOCAB))
    text = "the cat sat on the mat"
    found = attribution(AttributionRequest("", text_input(text, masked=(2,)), 2), model, Context())
    whole = attribution(AttributionRequest("", text_input(text), 2), model, Context())
    assert found.predicts == "own"
    assert found.words[found.target] == whole.words[whole.target] == "cat"


def test_the_model_is_left_as_it_was():
    model = built("gemma2")
    before = logits_of(model)
    attribution(asked(), model, Context())
    assert torch.equal(logits_of(model), before)
    assert not any("forward" in vars(module) for module in model.net.modules())
    assert all(parameter.grad is None for parameter in model.net.parameters())


@pytest.mark.parametrize("n", [0, 1, 3, 4, 8])
def test_wherever_it_is_cancelled_the_model_is_left_as_it_was(n):
    model = built("gpt2")
    n_asked = 0

    def is_cancelled():
        nonlocal n_asked
        n_asked += 1
        return n_asked > n

    with pytest.raises(Cancelled):
        attribution(asked(), model, Context(is_cancelled=is_cancelled))
    assert not any("forward" in vars(module) for module in model.net.modules())
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.net.modules())


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_in_the_precision_of_the_file_what_rounding_leaves_over_is_told(dtype):
    model = built("llama", dtype)
    found = attribution(asked(), model, Context())
    assert np.isfinite(found.heads).all()
    np.testing.assert_allclose(found.remainder, 0, atol=0.05)
    assert found.remainder.any()


def test_what_is_no_sum_is_refused():
    with pytest.raises(Refused, match="something between its layers is not followed"):
        attribution(asked(), built("modernbert-decoder"), Context())


def test_a_bent_head_is_told_before_it_is_asked(tmp_path):
    info = inspect(str(save_bert(tmp_path, "BertForMaskedLM")))
    why = info.why_missing(frozenset({Capability.LINEAR_UNEMBEDDING}))
    assert (
        why == "BertForMaskedLM has one more layer before its vocabulary, so its logits are no sum of what others add"
    )


def test_it_can_be_cancelled_and_refuses_what_is_not_there():
    model = built("gpt2")
    with pytest.raises(Cancelled):
        attribution(asked(), model, Context(is_cancelled=lambda: True))
    with pytest.raises(Refused, match="no position 9; the text has positions 0 to 8"):
        attribution(asked(9), model, Context())


# What is shown


def make_result(position=2, groups=("decoder",), target=2, n_layers=2, n_heads=3):
    """Word 0 has the logit 4, word 1 has 1, and word 2, the true one, has 0; each of the heads of layer 0 adds 0.5."""
    n = 3
    heads = np.zeros((n, len(groups), n_layers, n_heads), np.float32)
    heads[0, 0, 0] = 0.5
    attn = heads.sum(-1)
    mlp = np.zeros((n, n_layers), np.float32)
    mlp[0, 1] = 2.0
    mlp[1, 0] = 1.5
    embed = np.array([1.0, 0.0, 0.0], np.float32)
    bias = np.array([-0.5, -0.5, 0.0], np.float32)
    return AttributionResult(
        make_long_tokens(6), "text", position, "next", ("cat", "dog", "mat"), np.arange(n), target,
        np.array([0.9, 0.08, 0.02], np.float32), np.array([4.0, 1.0, 0.0], np.float32), groups, embed,
        np.zeros(n, np.float32), attn, heads, mlp, bias, None,
    )  # fmt: skip


def figure_of(word="1", against="none", **more):
    return AttributionFigure(make_result(**more), AttributionOptions(word, against))


@pytest.fixture
def view(qtbot):
    view = watched(AttributionView(ViewContext()), qtbot, 1000, 700)
    group = AttentionGroup("decoder", "Decoder", (3, 3), is_causal=True)
    info = dataclasses.replace(make_checkpoint_info(), groups=(group,))
    view.set_subject(Subject(info, text_input("the cat")))
    return view


def click(view, qtbot, spot):
    """On a word, a bar or a cell."""
    canvas, figure = view._canvas, view.figure()
    rect, style = canvas.figure_rect(), canvas.style_now
    if isinstance(spot, Cell):
        panel, area = figure.panels(rect, style)[spot.panel]
        box = panel.cell_rect(spot.row, spot.column, panel.plot(area, style))
    elif isinstance(spot, Bar):
        box = figure._bar(spot, rect, style)
    else:
        box = next(box for each, _, box in figure._chips(rect.width(), style) if each == spot).translated(
            rect.topLeft()
        )
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=box.center().toPoint())


def test_it_asks_for_the_selected_token_and_for_the_last_where_none_is(view):
    assert [request.position for request in view.asked] == [None]
    view.selection.update(query=Position("text", 1))
    assert view.asked[-1].position == 1


def test_a_click_on_a_head_selects_it_everywhere(view, qtbot):
    answer(view, make_result())
    click(view, qtbot, Cell(0, 1, 2))
    now = view.selection.now
    assert (now.group, now.layer, now.head) == ("decoder", 1, 2)
    assert view._canvas.figure.panels(view._canvas.figure_rect(), FigureStyle())[0][0].selected == (1, 2)
    click(view, qtbot, Bar(1, 1))
    assert view.selection.now.layer == 0


def test_a_click_on_a_word_takes_its_logit_apart(view, qtbot):
    answer(view, make_result())
    click(view, qtbot, WordChip(0, 1))
    assert view.figure().shown.logit == 1.0
    click(view, qtbot, WordChip(1, 2))
    assert view.findChild(QComboBox, "attribution_against").currentData() == "true"
    assert "the logit of “dog” minus that of “mat”" in view.figure().caption
    assert view.options_state() == {"attribution": {"word": "2", "against": "true"}}
    click(view, qtbot, WordChip(1, -1))
    assert view.figure().shown.against is None


def test_what_is_pointed_at_is_told_in_numbers(view, qtbot):
    answer(view, make_result())
    figure = view.figure()
    assert figure.describe(Cell(0, 0, 1)).startswith("Head 1 of layer 0: +0.50 of +4.00")
    assert figure.describe(Bar(1, 0)).startswith("Attention of layer 0: +1.50 of +4.00")
    assert figure.describe(WordChip(0, 2)) == "“mat”: logit 0.00, probability 2.0 %; the true one"
    bar = figure._bar(Bar(2, 1), view._canvas.figure_rect(), view._canvas.style_now)
    qtbot.mouseMove(view._canvas, bar.center().toPoint())
    said = view.findChild(QLabel, "attribution_read_out")
    qtbot.waitUntil(lambda: said.text().startswith("MLP of layer 1: +2.00"))


def test_the_difference_of_two_words_is_the_difference_of_their_parts():
    figure = figure_of("1", "2")
    assert figure.shown.logit == 3.0
    values = {name: [part.value for part in parts] for name, parts in figure.shown.rows}
    assert values == {"Embedding": [1.0], "Layer 0": [1.5, -1.5], "Layer 1": [0.0, 2.0], "Biases": [0.0]}
    assert sum(sum(row) for row in values.values()) == figure.shown.logit


def test_a_true_word_that_the_text_does_not_say_is_told_and_the_likeliest_shown():
    figure = figure_of("true", target=-1)
    assert figure.shown.word == 0
    assert "the text does not say the true word" in figure.caption


def test_bars_of_both_sides_share_the_room_by_what_they_need(qapp):
    figure, style, rect = figure_of(), FigureStyle(), QRectF(0, 0, 1000, 700)
    most, least = figure._bar(Bar(2, 1), rect, style), figure._bar(Bar(3, 0), rect, style)  # +2 and -0.5
    assert most.left() == least.right()
    assert most.width() == pytest.approx(4 * least.width())
    em = QFontMetricsF(style.font).height()
    assert most.width() + least.width() == pytest.approx(figure._bars_width(1000, em) - (7.5 + 2 * 3.2) * em)


@pytest.mark.parametrize(("width", "is_over"), [(660, True), (1400, False)])
def test_maps_of_two_groups_are_over_each_other_where_that_gives_them_more_room(qapp, width, is_over):
    figure = figure_of(groups=("decoder", "cross"), n_layers=3)
    style, rect = FigureStyle(), QRectF(0, 0, width, 520)
    (one, first), (_, second) = figure.panels(rect, style)
    assert (first.left() == second.left()) == is_over
    assert not first.intersects(second)
    assert rect.adjusted(0, 0, 1, 1).contains(first.united(second))
    if is_over:  # each cell says its number
        assert in_cells(style.font, "+0.00", one.cell_rect(0, 0, one.plot(first, style)).size()) is not None


def test_a_remainder_that_can_be_seen_has_a_bar():
    result = dataclasses.replace(make_result(), bias=np.array([-0.4, -0.5, 0.0], np.float32))
    rows = AttributionFigure(result, AttributionOptions()).shown.rows
    assert rows[-1][0] == "Rounding"
    assert rows[-1][1][0].value == pytest.approx(-0.1)


def test_keys_go_from_words_to_bars_to_heads_and_back():
    figure, style = figure_of(), FigureStyle()
    size = figure.natural_size(style)
    rect = QRectF(0, 0, size.width(), size.height())
    spot = figure.step(None, 1, 0, rect, style)
    seen = [spot]
    for right, down in ((1, 0), (0, 1), (0, 1), (0, 1), (1, 0), (1, 0), (-1, 0), (-1, 0), (0, -1), (0, -1)):
        spot = figure.step(spot, right, down, rect, style)
        seen.append(spot)
        assert figure.has_spot(spot, rect, style)
    assert seen == [
        WordChip(0, 0), WordChip(0, 1), WordChip(1, 1), Bar(0, 0), Bar(1, 0), Cell(0, 0, 0), Cell(0, 0, 1),
        Cell(0, 0, 0), Bar(1, 0), Bar(0, 0), WordChip(1, -1),
    ]  # fmt: skip


def test_its_numbers_hold_all_parts():
    numbers = figure_of(groups=("decoder", "cross")).numbers()
    arrays = numbers.arrays
    assert arrays["attn"].shape == arrays["cross_attn"].shape == arrays["mlp"].shape == (2,)
    assert arrays["heads"].shape == (2, 3)
    whole = arrays["embed"] + arrays["position"] + arrays["bias"] + arrays["attn"].sum() + arrays["mlp"].sum()
    assert whole == arrays["logit"] == 4.0
    assert ("attention head", 0, 2, 0.5) in numbers.rows
    assert numbers.header == ("part", "layer", "head", "adds")


def test_is_collected_after_closing(assert_collected):
    assert_collected(lambda: AttributionView(ViewContext()))
