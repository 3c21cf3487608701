"""The measures of a head as the definitions say them, slow and plain."""

from __future__ import annotations

import math

from inference.results.measures import MARKS, MEASURES


def measured_by_hand(pattern, ids, is_special, cls=(), sep=()):
    """By their names the measures of one head, of its pattern [query_pos, key_pos], query by query.

    `cls` and `sep` are the positions of these tokens.
    """
    n = len(ids)
    values: dict[str, list[float]] = {name: [] for name in (*(measure.name for measure in MEASURES), *MARKS)}
    for query in range(n):
        row = [float(p) for p in pattern[query]]
        far = [abs(query - key) for key in range(n)]
        mean = sum(p * d for p, d in zip(row, far, strict=True))
        values["entropy"].append(-sum(p * math.log2(p) for p in row if p > 0))
        values["distance"].append(mean)
        values["distance_variance"].append(sum(p * (d - mean) ** 2 for p, d in zip(row, far, strict=True)))
        values["same"].append(row[query])
        if query > 0:
            values["previous"].append(row[query - 1])
        if query + 1 < n:
            values["next"].append(row[query + 1])
        values["special"].append(sum(p for p, special in zip(row, is_special, strict=True) if special))
        for name, places in (("cls", cls), ("sep", sep)):
            if places:
                values[name].append(sum(row[key] for key in places))
        followers = [
            key
            for key in range(1, query + 1)
            if not is_special[query] and not is_special[key - 1] and ids[key - 1] == ids[query]
        ]
        if followers:
            values["induction"].append(sum(row[key] for key in followers))
    return {name: sum(numbers) / len(numbers) for name, numbers in values.items() if numbers}
