"""Does a text, or a caption, grow as quickly as transformers itself writes it, and is its first token as soon there?"""

from __future__ import annotations

from statistics import median

from benchmarks.measure import Setup, middle, percentile
from benchmarks.report import Goal, Section, Table, ms

FIRST = 1.2  # times as long as a bare forward pass
LATE = 16.0  # ms
KINDS = {
    "decoder": "GPT-2's size",
    "encoder_decoder": "the Transformer's base size, to a text of another language",
    "captions": "VirTex's size, a caption of an image",
}
# Least share of transformers' own tokens a second: of 124 M parameters, and of fewer.
BARS = {"decoder": 0.95, "encoder_decoder": 0.9, "captions": 0.9}


def run(setup: Setup) -> Section:
    size, n_given, n_written, n_rounds = ("tiny", 4, 4, 1) if setup.is_smoke else ("base", 16, 48, 7)
    goals, rows = [], []
    for kind, title in KINDS.items():
        found = [setup.ours("writing", kind, size, n_given, n_written, n_rounds)]
        for way in ("greedy", "sample"):
            pace, bar = middle(found, f"{way}_pace"), BARS[kind]
            what = f"{title}, {way}: tokens a second, against `generate`"
            goals.append(Goal(what, f">= {bar:g}x", f"{pace:.2f}x", pace >= bar))
            rates = (f"{n_written / middle(found, f'{way}_{side}_s'):.3g}" for side in ("own", "streamed"))
            rows.append((title, way, *rates, ms(middle(found, f"{way}_whole_s"))))
        bare, first = middle(found, "forward_s"), middle(found, "first_s")
        what = f"{title}: from the request to its first token, against a bare forward pass"
        goals.append(Goal(what, f"<= {FIRST}x", f"{first / bare:.2f}x", first <= FIRST * bare))
    goals += _beside_views(setup, size, n_written, n_rounds)
    how = (
        f"Random weights, {n_given} tokens, or an image, given and {n_written} written in turn by `generate` and by "
        "the analysis, whose partial results with candidates and patterns are packed for the window meanwhile. Tokens "
        "a second count to the last token, in CPU time of one thread, and a share is that of two texts written one "
        "right after the other; what the whole text attended to is looked at behind that, in one more pass. Both "
        "write a caption with the same network, of an image that is ready, which both read once. In the window "
        "Generation is in front, and Surprisal, Logit lens and Attention are on screen in windows of their own."
    )
    header = ("", "tokens", "`generate`, tokens a second", "streamed", "with the last pass, ms")
    return Section("Writing", how, goals, [Table(header, rows)])


def _beside_views(setup: Setup, size: str, n_written: int, n_rounds: int) -> list[Goal]:
    """The whole program, while other views are on screen."""
    writer = setup.folder / "gpt2-that-writes"
    setup.ours("make_checkpoint", writer, size, "gpt2")
    found = setup.ours("writing_beside_views", writer, n_written, n_rounds)
    pace = median(own / ours for own, ours in zip(found["own_s"], found["streamed_s"], strict=True))
    late, own_late = (percentile(found[key], 0.99) for key in ("late_ms", "own_late_ms"))
    bar = BARS["decoder"]
    return [
        Goal(
            "GPT-2's size, in the window with four views: tokens a second, against `generate`",
            f">= {bar:g}x",
            f"{pace:.2f}x",
            pace >= bar,
        ),
        Goal(
            "lateness of the window's event loop meanwhile, 99 of 100 turns",
            f"<= {LATE:.0f} ms",
            f"{late:.1f} ms, {own_late:.1f} by its own work",
            late <= LATE,
        ),
    ]
