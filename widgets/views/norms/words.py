"""What sub-layers and norms are called, and how a layer is written as a formula."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QCoreApplication

from inference.results.norms import QUANTITIES, NormsResult, SubLayer
from widgets.kit.figure import Numbers

_HOW_MANY = 4  # outliers in a caption


def kind_title(kind: str) -> str:
    """A kind of sub-layer."""
    return {
        "attention": _tr("Attention"),
        "cross": _tr("Cross-attention"),
        "mlp": _tr("MLP"),
        "other": _tr("In place of attention"),
    }[kind]


def step_title(sub_layer: SubLayer) -> str:
    """A sub-layer with the number of its layer behind it: before it, it would be read as how many there are."""
    return f"{_within(kind_title(sub_layer.kind))} {sub_layer.layer}"


def step_words(sub_layer: SubLayer) -> str:
    """The same in a sentence."""
    return _tr("layer {} {}").format(sub_layer.layer, _within(kind_title(sub_layer.kind)))


def _within(title: str) -> str:
    return title if title.isupper() else title.lower()


def drawn_layer(result: NormsResult) -> tuple[SubLayer, ...]:
    """The sub-layers of the layer that is drawn: the last one, as the first may lack a norm behind the embeddings."""
    last = result.sub_layers[-1].layer
    return tuple(step for step in result.sub_layers if step.layer == last)


def norm_kind(result: NormsResult) -> str:
    """The kind of the norms; empty where there are none."""
    kinds = [step.norm_kind for step in result.sub_layers if step.norm_kind] or [result.final_norm]
    return kinds[0]


def arrangement(result: NormsResult) -> str:
    """Pre-norm, post-norm or what else it is."""
    layer = drawn_layer(result)
    places = {place for step in layer for place in step.norms}
    parallel = _tr(", in parallel") if any(step.is_parallel for step in layer) else ""
    if not places:
        return _tr("No norms") + parallel
    if places == {"before"}:
        return _tr("Pre-norm") + parallel
    if places == {"on_stream"}:
        return _tr("Post-norm") + parallel
    if places == {"before", "behind"}:
        return _tr("Norms before and after") + parallel
    if places == {"behind"}:
        return _tr("Norm on what is added") + parallel
    return _tr("Norms in several places") + parallel


def formula(result: NormsResult) -> str:
    """A sub-layer as a formula, of x that comes in."""
    layer = drawn_layer(result)
    norm = norm_kind(result)
    name = {"LayerNorm": "LN", "RMSNorm": "RMS"}.get(norm, norm)
    if any(step.is_parallel for step in layer):
        read = f"{name}(x)" if layer[0].norms else "x"
        return f"x + Attention({read}) + MLP({read})"
    places = layer[0].norms
    inner = f"{name}(x)" if "before" in places else "x"
    added = f"SubLayer({inner})"
    added = f"{name}({added})" if "behind" in places else added
    return f"{name}(x + {added})" if "on_stream" in places else f"x + {added}"


def norm_formula(result: NormsResult) -> str:
    """What the norm computes of the numbers of one token."""
    minus = "\N{MINUS SIGN}"
    return {
        "LayerNorm": f"LN(x) = g (x {minus} μ) / σ + b",
        "RMSNorm": "RMS(x) = g x / √mean(x²)",
    }.get(norm_kind(result), norm_kind(result))


def outliers_text(result: NormsResult) -> str:
    """The dimensions that stand out, with how much; a sentence where there are none."""
    if not len(result.outliers):
        return _tr("no dimension stands out")
    most = result.outlier_ratios.max(0)
    parts = [
        _tr("no. {} ({:.3g} × the median)").format(dimension, ratio)
        for dimension, ratio in zip(result.outliers[:_HOW_MANY].tolist(), most[:_HOW_MANY].tolist(), strict=True)
    ]
    more = len(result.outliers) - _HOW_MANY
    text = ", ".join(parts) + (_tr(" and {} more").format(more) if more > 0 else "")
    return _tr("dimensions that stand out: {}").format(text)


def numbers_of(result: NormsResult) -> Numbers:
    """All that was measured: a row a sub-layer, stage and token."""
    from inference.results.norms import STAGES

    arrays = {
        **{f"{name}": values for name, values in result.values.items()},
        **{f"first_{name}": values for name, values in result.first.items()},
        **{f"final_{name}": values for name, values in result.final.items()},
        "layers": np.array([step.layer for step in result.sub_layers]),
        "sub_layers": np.array([step.kind for step in result.sub_layers]),
        "norm_places": np.array([" ".join(step.norms) for step in result.sub_layers]),
        "stages": np.array(list(STAGES)),
        "tokens": np.array(result.tokens.words),
        "outliers": result.outliers,
        "outlier_ratios": result.outlier_ratios,
    }
    rows: list[tuple[str | int | float, ...]] = []
    for number, step in enumerate(result.sub_layers):
        for at, stage in enumerate(STAGES):
            values = [result.values[name][number, at] for name in QUANTITIES]
            if np.isnan(values[0]).all():
                continue
            for pos, word in enumerate(result.tokens.words):
                rows.append((step.layer, step.kind, stage, pos, word, *(float(value[pos]) for value in values)))
    header = ("layer", "sub-layer", "stage", "position", "token", *QUANTITIES)
    return Numbers(arrays, header, rows)


def _tr(text: str) -> str:
    return QCoreApplication.translate("Norms", text)
