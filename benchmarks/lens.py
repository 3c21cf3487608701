"""What every layer would say, and of what a logit is made, against one forward pass."""

from __future__ import annotations

from benchmarks.measure import Setup, middle
from benchmarks.report import Goal, Section, Table, ms, ratio

MOST = 1.5
SIZES = (4_000, 50_257)
PRODUCTS = "a forward pass with the products of all layers"


def run(setup: Setup) -> Section:
    goals, rows = [], []
    for d_vocab in SIZES[:1] if setup.is_smoke else SIZES:
        repeats = (2, 1) if setup.is_smoke else (12, 3)
        found = [setup.ours("lens", d_vocab, *repeats) for _ in range(1 if setup.is_smoke else 3)]
        keys = ("forward_s", "products_s", "lens_s", "attribution_s")
        forward, products, lens, parts = (middle(found, key) for key in keys)
        words = f"{d_vocab:,} words"
        # With few words the products are a small part of a forward pass; with many they are nearly all there is to do.
        against, peer = ("a forward pass", forward) if d_vocab == SIZES[0] else (PRODUCTS, products)
        goals += [
            Goal(f"lens, {words}", f"<= {MOST:g}x {against}", ratio(lens, peer), lens <= MOST * peer),
            Goal(f"logit attribution, {words}", "<= 2x a forward pass", ratio(parts, forward), parts <= 2 * forward),
        ]
        shares = (f"{lens / peer:.2f}x" for peer in (products, forward))
        rows.append((f"{d_vocab:,}", ms(forward), ms(products), ms(lens), *shares, ms(parts)))
    how = (
        "A GPT-2 of 12 layers, 768 wide, random weights, 128 tokens, CPU time. The lens multiplies the state of every "
        "layer with the table of all words, which a forward pass does once. These products alone, of which no "
        "probability, rank or entropy is made, stand beside it: no exact answer takes less. With 50,257 words they "
        "are many times a forward pass, so that there the lens is held against them."
    )
    header = (
        "words", "forward pass ms", "with the products ms", "lens ms", "lens, of these", "lens, of a forward pass",
        "logit attribution ms",
    )  # fmt: skip
    return Section("Logit lens and logit attribution", how, goals, [Table(header, rows)])
