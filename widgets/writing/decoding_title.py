"""How a text was written, in a few words."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from inference.results.decoding import Decoding


def _tr(text: str) -> str:
    return QCoreApplication.translate("DecodingTitle", text)


def decoding_title(decoding: Decoding, n_best: int) -> str:
    """For a caption; `n_best` are the texts that a beam search ends with."""
    if decoding.way == "greedy":
        return _tr("greedy")
    if decoding.way == "beam":
        return _tr("beam search, {} best texts").format(n_best)
    text = _tr("sampled with seed {}, temperature {:g}, top-k {}, top-p {:g}")
    return text.format(decoding.seed, decoding.temperature, decoding.top_k or _tr("off"), decoding.top_p)
