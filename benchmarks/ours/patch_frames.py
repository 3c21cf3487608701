"""Another head, another layer over a picture: `python -m benchmarks.ours.patch_frames GRID N_TIMES`.

A picture in GRID x GRID patches, 12 layers of 12 heads. Everything of the query is there, as after a request.
"""

from __future__ import annotations

import json
import sys
import time
from statistics import median

import numpy as np
from PySide6.QtWidgets import QApplication, QCheckBox, QComboBox

from benchmarks.measure import percentile
from benchmarks.ours.first_paint import wait_for_screen
from benchmarks.ours.window import n_colors, n_differing, screenshot, show
from inference.results.checkpoint import AttentionGroup, CheckpointInfo
from inference.results.inputs import ImageInput, Input
from inference.results.patches import PatchesResult
from inference.results.tokens import Tokens
from tests.answers import answer
from widgets.context import ViewContext
from widgets.selection import Selection
from widgets.subject import Subject
from widgets.views.patches.view import PatchesView

N_LAYERS = N_HEADS = 12


def main() -> None:
    side, n_times = int(sys.argv[1]), int(sys.argv[2])
    application = QApplication(sys.argv[:1])
    selection = Selection()
    view = PatchesView(ViewContext(selection))
    view.set_subject(Subject(_info(), Input(image=ImageInput())))
    answer(view, _result(side))
    show(view, 1000, 700)
    application.processEvents()
    canvas = view.findChild(QComboBox, "patches_show")
    smooth = view.findChild(QCheckBox, "patches_smooth")
    assert canvas is not None
    assert smooth is not None

    def seconds(**values: int) -> float:
        started = time.perf_counter()
        selection.update(**values)
        view.repaint()
        application.processEvents()
        wait_for_screen(view)
        return time.perf_counter() - started

    found: dict[str, float] = {}
    for what in ("head", "heads", "layers"):
        canvas.setCurrentIndex(canvas.findData(what))
        for is_smooth in (False, True):
            smooth.setChecked(is_smooth)
            application.processEvents()
            seconds(layer=0, head=0)
            first = screenshot(view)
            times = []
            for turn in range(n_times):
                name, n = ("head", N_HEADS) if turn % 2 else ("layer", N_LAYERS)
                times.append(seconds(**{name: 1 + turn % (n - 1)}))
            assert n_differing(first, screenshot(view)) > 200, f"{what}: nothing changed"
            assert n_colors(screenshot(view)) > 50, f"{what}: the picture stayed empty"
            key = f"{what}_{'smooth' if is_smooth else 'patches'}"
            found |= {f"{key}_s": median(times), f"{key}_p95_s": percentile(times, 0.95)}
    print(json.dumps(found))


def _result(side: int) -> PatchesResult:
    rng = np.random.default_rng(0)
    n = 1 + side * side
    weights = rng.gamma(0.3, size=(2, N_LAYERS, N_HEADS, n)).astype(np.float32)
    pattern, weighted = weights / weights.sum(-1, keepdims=True)
    tokens = Tokens(
        np.arange(n), ("[CLS]", *(f"{i // side},{i % side}" for i in range(n - 1))), np.ones(n, bool),
        np.arange(n) == 0, np.zeros(n, np.int8),
    )  # fmt: skip
    y, x = np.mgrid[0 : 16 * side, 0 : 16 * side]
    seen = np.stack([x % 256, y % 256, (x * y // 97) % 256], -1).astype(np.uint8)
    return PatchesResult("encoder", 1 + n // 2, tokens, seen, (side, side), 1, pattern, weighted, pattern.mean(1))


def _info() -> CheckpointInfo:
    return CheckpointInfo(
        checkpoint="vit", name="vit", architecture="ViTModel", family="vision", n_parameters=0, d_model=768, d_vocab=0,
        n_ctx=0, groups=(AttentionGroup("encoder", "Encoder", (N_HEADS,) * N_LAYERS),), capabilities=("patches",),
        missing=(), has_tokenizer=False, mask_token="", position_kind="learned", device="CPU", notes=(),
        reads=("image",),
    )  # fmt: skip


main()
