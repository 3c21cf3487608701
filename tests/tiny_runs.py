"""Runs of the training lab that take a second."""

from __future__ import annotations

from inference.results.training import ModelSizes, TrainingData, TrainingPlan, TrainingRequest

N_STEPS = 12
SIZES = ModelSizes(1, 16, 2, dropout=0.1)
PLAN = TrainingPlan(N_STEPS, 8, "cosine", 3, 0.01, smoothing=0.1, clip=0.5, seed=3)


def make_tiny_request(folder, **wishes):
    """A string reversal of a few steps."""
    return TrainingRequest(str(folder), sizes=SIZES, plan=PLAN, data=TrainingData(length=8), **wishes)
