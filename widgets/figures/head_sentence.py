"""What a head does, in a sentence made of its measures."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping

from PySide6.QtCore import QCoreApplication

from inference.results.heads import HeadsResult
from inference.results.measures import MeasuresResult
from widgets.figures.head_measures import measure_name
from widgets.figures.places import in_order, place_name, whole_name

MOSTLY, OFTEN = 0.5, 0.3  # shares of the attention
LEAST_REPEATED = 3  # tokens that stood there before: of fewer, what followed them says nothing of a head
SPREAD, SHARP = 0.8, 0.25  # shares of the entropy that there can be


def head_sentence(result: HeadsResult | MeasuresResult, place: tuple[int, int], beside: Collection[str] = ()) -> str:
    """What a head does with this input; empty where its layer has no such head.

    The first that is true is said:

    * it looks *mostly* at one thing (the previous, next or same place, [CLS], [SEP], what followed before) if that gets
      at least 50 % of its attention, in the mean over the queries, or at special tokens if all of them do. What
      followed before is told of texts alone, in which several tokens repeat: in an image nearly every patch follows its
      like;
    * it *often* looks at the one thing that gets most, from 30 % on, or at all special tokens;
    * it *spreads* over many places if its entropy is at least 80 % of what there can be;
    * it looks at *one or two* places at a time below 25 % of that;
    * else at several of them. Both of these say how far away they are, where that can be told.

    Parameters
    ----------
    place
        Layer and head, counted from 0.
    beside
        Names of measures that are told beside the sentence, and so not in it again.
    """
    measures = _told(result, place)
    entropy = measures["entropy"]
    if math.isnan(entropy):
        return ""
    if (found := _looked_at(measures)) is not None:
        thing, share = found
        text = _tr("Looks mostly at {} ({:.0f} %).") if share >= MOSTLY else _tr("Often looks at {} ({:.0f} %).")
        return text.format(_thing(thing, result.axes[0], result.marks), 100 * share)
    most = most_entropy(*_sizes(result), is_causal=result.is_causal)
    many = place_name(result.axes[1]).many
    texts = {
        "many": _tr("Spreads over many {}{}."),
        "several": _tr("Looks at several {}{}."),
        "few": _tr("Looks at one or two {} at a time{}."),
    }
    told = [] if "entropy" in beside else [_tr("entropy {:z.1f} of {:.1f} bits").format(entropy, most)]
    width = _spread(entropy, most)
    if width != "many" and not (math.isnan(measures["distance"]) or "distance" in beside):
        steps = place_name(result.axes[0]).steps
        away = _tr("{:.1f} {} away on average").format(measures["distance"], steps)
        told.append(", ".join(filter(None, (away, in_order(result.axes[0])))))
    return texts[width].format(many, f" ({'; '.join(told)})" if told else "")


def head_words(result: HeadsResult | MeasuresResult, place: tuple[int, int]) -> tuple[str, str]:
    """The same in a word or two, after "looks at": "previous" and its share "91 %", or "several" and nothing more."""
    measures = _told(result, place)
    if math.isnan(measures["entropy"]):
        return "", ""
    if (found := _looked_at(measures)) is None:
        words = {"many": _tr("many"), "several": _tr("several"), "few": _tr("one or two")}
        return words[_spread(measures["entropy"], most_entropy(*_sizes(result), is_causal=result.is_causal))], ""
    thing, share = found
    words = {
        "previous": _tr("previous"),
        "next": _tr("next"),
        "same": _tr("itself"),
        "special": _tr("special"),
        "induction": _tr("induction"),
    }
    return words.get(thing) or measure_name(thing, result.axes[0], result.marks), f"{100 * share:.0f} %"


def _told(result: HeadsResult | MeasuresResult, place: tuple[int, int]) -> dict[str, float]:
    """Measures of a head, without those that could be high by chance."""
    measures = {name: float(values[place]) for name, values in result.measures.items()}
    n_repeated = result.key_tokens.n_repeated if isinstance(result, HeadsResult) else result.n_repeated
    if n_repeated < LEAST_REPEATED or whole_name(result.axes[0]) != whole_name("text"):
        measures.pop("induction", None)
    return measures


def _looked_at(measures: Mapping[str, float]) -> tuple[str, float] | None:
    """The one thing that gets most, or special tokens where no single thing says as much, and its share."""
    shares = {name: share for name in _THINGS if not math.isnan(share := measures.get(name, math.nan))}
    best = sorted(shares, key=lambda name: (name != "special", shares[name]), reverse=True)
    found = (name for least in (MOSTLY, OFTEN) for name in best if shares[name] >= least)
    return next(((name, shares[name]) for name in found), None)


def _spread(entropy: float, most: float) -> str:
    """Over how many places a head spreads its attention."""
    return "many" if entropy >= SPREAD * most else "few" if entropy < SHARP * most else "several"


def most_entropy(n_queries: int, n_keys: int, *, is_causal: bool) -> float:
    """The entropy in bits of a head that looks at all it can see alike, in the mean over the queries."""
    if not is_causal:
        return math.log2(max(n_keys, 1))
    before = max(n_keys - n_queries, 0)
    return sum(math.log2(n + before) for n in range(1, n_queries + 1)) / n_queries if n_queries else 0.0


_THINGS = ("previous", "next", "same", "cls", "sep", "special", "induction")


def _thing(name: str, axis: str, marks: Mapping[str, str]) -> str:
    one = place_name(axis).step
    beside = " ".join(filter(None, (one, in_order(axis))))
    things = {
        "previous": _tr("the previous {}").format(beside),
        "next": _tr("the next {}").format(beside),
        "same": _tr("the {} itself").format(one),
        "special": _tr("special tokens"),
        "induction": _tr("what followed the same {} before").format(one),
    }
    return things.get(name) or measure_name(name, axis, marks)


def _sizes(result: HeadsResult | MeasuresResult) -> tuple[int, int]:
    if isinstance(result, HeadsResult):
        return len(result.query_tokens), len(result.key_tokens)
    return result.n_queries, result.n_keys


def _tr(text: str) -> str:
    return QCoreApplication.translate("HeadSentence", text)
