"""The steps of scaled dot-product attention in words and numbers."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from inference.results.scaled_dot import ScaledDotResult

MINUS = "\N{MINUS SIGN}"


class FormulaStep(NamedTuple):
    """A step on the way, and what happens in it, in a sentence."""

    name: str
    title: str
    about: str


def decimals_of(largest_weight: float) -> int:
    """Three, or as many as tell two digits of the largest: of smaller ones all would read alike."""
    return max(3, 1 - math.floor(math.log10(largest_weight))) if largest_weight > 0 else 3


def number(value: float, decimals: int = 3) -> str:
    """With as many decimals as its neighbours, so that numbers set flush right stand point under point."""
    if math.isinf(value):
        return f"{MINUS if value < 0 else ''}∞"
    text = f"{value:.{decimals}f}"
    return (text if float(text) else text.removeprefix("-")).replace("-", MINUS)


def steps_of(result: ScaledDotResult) -> tuple[FormulaStep, ...]:
    """The steps that this result takes: bias, soft cap and mask only where there are any."""
    d_head = len(result.q)
    is_usual = math.isclose(result.scale, 1 / math.sqrt(d_head), rel_tol=1e-3)
    root = f"1/√dₖ = 1/√{d_head} = {result.scale:.3f}" if is_usual else f"{result.scale:.3f}"
    steps = [
        FormulaStep("vectors", "q and k", f"The query and every key are vectors of dₖ = {d_head} numbers."),
        FormulaStep("dots", "q · k", "Multiply query and key number by number and add up: how well do they match?"),
        FormulaStep(
            "scaled", "× scale", f"Multiply by {root}, so that long vectors do not make the softmax too sharp."
        ),
    ]
    if np.any(result.bias):
        steps.append(FormulaStep("bias", "+ bias", "Add what depends only on how far apart query and key stand."))
    if result.soft_cap:
        steps.append(FormulaStep("cap", "soft cap", f"c · tanh(score / c) keeps scores within ±{result.soft_cap:g}."))
    if np.any(result.is_masked):
        steps.append(
            FormulaStep("mask", "+ mask", f"Keys that the query may not see get {MINUS}∞: their weight will be 0.")
        )
    return (
        *steps,
        FormulaStep(
            "softmax", "softmax", "Exponentiate and divide by the sum: weights between 0 and 1 that add up to 1."
        ),
        FormulaStep("weighted", "weight × v", "Every key's value vector counts as much as its weight says."),
        FormulaStep("sum", "z = Σ weight × v", "Add the weighted values: the head's result for this query."),
    )


def explain_dot(result: ScaledDotResult, key: int, n_terms: int = 4) -> str:
    """The dot product of one key, written out as far as it is short."""
    q, k = result.q, result.k[key]
    terms = [f"{a:.2f}×{b:.2f}".replace("-", MINUS) for a, b in zip(q[:n_terms], k[:n_terms], strict=True)]
    rest = len(q) - n_terms
    if rest > 0:
        terms.append(f"… ({rest} more)")
    return f"q · k = {' + '.join(terms)} = {number(float(result.dots[key]))}"
