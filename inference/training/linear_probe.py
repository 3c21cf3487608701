"""A linear classifier on vectors from inside a model."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from sklearn.pipeline import Pipeline


def linear_probe(features: np.ndarray, labels: np.ndarray) -> Pipeline:
    """Logistic regression (scikit-learn) on features brought to one scale, learned from these.

    Parameters
    ----------
    features
        [image, number].
    labels
        int [image], two kinds of them at least.

    References
    ----------
    Alain and Bengio 2016, "Understanding intermediate layers using linear classifier probes".
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it has not converged: it is near enough for a share of right ones
        return make_pipeline(StandardScaler(), LogisticRegression(max_iter=300)).fit(features, labels)
