"""Does a text, or a caption, grow as quickly as transformers itself writes it, and is its first token as soon there?"""

from __future__ import annotations

from benchmarks.measure import Setup, middle
from benchmarks.report import Goal, Section, Table, ms

BAR = 0.9  # of transformers' own tokens a second
FIRST = 1.2  # times as long as a bare forward pass
KINDS = {
    "decoder": "GPT-2's size",
    "encoder_decoder": "the Transformer's base size, to a text of another language",
    "captions": "VirTex's size, a caption of an image",
}


def run(setup: Setup) -> Section:
    size, n_given, n_written, n_rounds = ("tiny", 4, 4, 1) if setup.is_smoke else ("base", 16, 48, 5)
    goals, rows = [], []
    for kind, title in KINDS.items():
        found = [setup.ours("writing", kind, size, n_given, n_written, n_rounds)]
        for way in ("greedy", "sample"):
            own, ours = middle(found, f"{way}_own_s"), middle(found, f"{way}_streamed_s")
            what = f"{title}, {way}: tokens a second, against `generate`"
            goals.append(Goal(what, f">= {BAR}x", f"{own / ours:.2f}x", own / ours >= BAR))
            whole = middle(found, f"{way}_whole_s")
            rows.append((title, way, *(f"{n_written / seconds:.3g}" for seconds in (own, ours)), ms(whole)))
        bare, first = middle(found, "forward_s"), middle(found, "first_s")
        what = f"{title}: from the request to its first token, against a bare forward pass"
        goals.append(Goal(what, f"<= {FIRST}x", f"{first / bare:.2f}x", first <= FIRST * bare))
    how = (
        f"Random weights, {n_given} tokens, or an image, given and {n_written} written in turn by `generate` and by "
        "the analysis, whose partial results with candidates and patterns are packed for the window meanwhile. Tokens "
        "a second count to the last token, in CPU time of one thread; what the whole text attended to is looked at "
        "behind that, in one more pass."
    )
    header = ("", "tokens", "`generate`, tokens a second", "streamed", "with the last pass, ms")
    return Section("Writing", how, goals, [Table(header, rows)])
