"""The picture of a prediction, by what it is of."""

from __future__ import annotations

from inference.results.prediction import PredictionResult
from widgets.views.prediction.figures.answer import AnswerFigure
from widgets.views.prediction.figures.prediction import PredictionFigure
from widgets.views.prediction.figures.text_class import TextClassFigure
from widgets.views.prediction.figures.token_labels import TokenLabelsFigure
from widgets.views.prediction.options import PredictionOptions

FIGURES: dict[str, type[PredictionFigure]] = {
    "text": TextClassFigure,
    "tokens": TokenLabelsFigure,
    "answer": AnswerFigure,
}


def prediction_figure(
    result: PredictionResult, options: PredictionOptions, selected: int | None = None
) -> PredictionFigure:
    """Bars of classes, labels under the tokens, or an answer in its context; `selected` is the token that is framed."""
    return FIGURES[result.predicts](result, options, selected)
