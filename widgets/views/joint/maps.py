"""One map out of the heads of a level, and what of it lies on which part of the image."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from inference.results.counts import noun
from inference.results.joint import KINDS, OF_IMAGE, OF_TEXT, JointResult, is_of
from widgets.kit.clean import clean

if TYPE_CHECKING:
    from widgets.views.joint.options import JointOptions


def one_map(result: JointResult, options: JointOptions, head: int) -> np.ndarray:
    """float32 [query_pos, key_pos]: of a head, the mean of all, rolled out, or a plan; blocks apart where wanted."""
    shown, _ = shown_of(result, options.attention)
    if shown == "rollout":
        found = result.rollout
    elif shown == "transport":
        found = result.transport
    elif shown == "tags":
        found = None if result.through_tags is None else result.through_tags[min(head, result.n_heads - 1)]
    elif shown == "head":
        found = result.pattern[min(head, result.n_heads - 1)]
    else:
        found = result.pattern.mean(0)
    assert found is not None
    return blocks_apart(found, result.kinds) if options.apart else found


def blocks_apart(values: np.ndarray, kinds: np.ndarray) -> np.ndarray:
    """Each row brought to the sum 1 among words, among parts of the image, and among all the rest."""
    parts = is_of(kinds, *OF_TEXT), is_of(kinds, *OF_IMAGE)
    apart = values.copy()
    for columns in (*parts, ~(parts[0] | parts[1])):
        total = values[:, columns].sum(1, keepdims=True)
        apart[:, columns] = np.divide(values[:, columns], total, out=values[:, columns].copy(), where=total > 0)
    return apart


def which(result: JointResult, of: str) -> np.ndarray:
    """int64: positions of `text`, of the `image`, or all."""
    if of == "all":
        return np.arange(len(result.kinds))
    return result.places(*OF_TEXT) if of == "text" else result.places(*OF_IMAGE)


def overlap(result: JointResult) -> np.ndarray:
    """float32 [region, patch]: the share of each patch that lies in each box."""
    assert result.regions is not None
    boxes, own = result.regions.boxes, result.boxes[result.places("patch")]
    wide, high = (
        np.minimum(boxes[:, None, 2 + i], own[None, :, 2 + i]) - np.maximum(boxes[:, None, i], own[None, :, i])
        for i in (0, 1)
    )
    return (np.clip(wide, 0, None) * np.clip(high, 0, None) / np.prod(own[:, 2:] - own[:, :2], axis=1)).astype(
        np.float32
    )


def on_regions(result: JointResult, values: np.ndarray) -> np.ndarray:
    """float32 [region] of values [pos]: of a region that is read its own, else the sum over its share of patches."""
    if len(places := result.places("region")):
        return values[places]
    return overlap(result) @ values[result.places("patch")]


def on_patches(result: JointResult, values: np.ndarray) -> np.ndarray:
    """float32 [row, column] of values [pos]; NaN for patches that are not read."""
    grid = np.full(result.picture.grid, np.nan, np.float32)
    for pos in result.places("patch"):
        row, column = result.tokens.words[pos].split(",")
        grid[int(row), int(column)] = values[pos]
    return grid


def named(result: JointResult, pos: int) -> str:
    """A place in words."""
    kind, word = KINDS[result.kinds[pos]], clean(result.tokens.words[pos])
    return f"“{word}”" if kind in ("word", "special", "tag", "other") else f"{kind} {word}"


def about(result: JointResult, options: JointOptions, head: int) -> str:
    """Which heads of which level, in words, and why it is their mean where it is; English, as in titles of files."""
    title = result.levels[result.level].title
    shown, why = shown_of(result, options.attention)
    if shown == "transport":
        return "Transport plan of the last layer"
    texts = {
        "rollout": f"{title}, rollout",
        "tags": f"{title}, head {min(head, result.n_heads - 1)}, by way of the tags",
        "head": f"{title}, head {min(head, result.n_heads - 1)}",
    }
    return texts.get(shown, f"{title}, mean of {result.n_heads} {noun(result.n_heads, 'heads')}") + why


def shown_of(result: JointResult, attention: str) -> tuple[str, str]:
    """What is shown where this is asked for, and in brackets why it is the mean where there is no such thing."""
    if attention == "rollout" and result.rollout is None:
        return "mean", " (rollout is of one stream)"
    if attention == "transport" and result.transport is None:
        return "mean", " (this model has no transport plan)"
    if attention == "tags" and result.through_tags is None:
        if not len(result.places("tag")):
            return "mean", " (this model reads no tags here)"
        return "mean", " (no tag has read a region before this layer)"
    return attention, ""


def arrays_of(result: JointResult) -> dict[str, np.ndarray]:
    """All of a result for NPZ, with its axes named, and boxes in pixels of the image."""
    regions = result.regions
    arrays = {
        "pattern": result.pattern,
        "pattern_axes": np.array(["head", "query_pos", "key_pos"]),
        "level": np.array(result.level),
        "levels": np.array([level.title for level in result.levels]),
        "sequences": np.array([name for name, _, _ in result.axes]),
        "sequence_starts": np.array([start for _, start, _ in result.axes]),
        "words": np.array(tuple(map(clean, result.tokens.words)), np.str_),
        "kinds": np.array([KINDS[kind] for kind in result.kinds], np.str_),
        "boxes": result.boxes,
        "boxes_axes": np.array(["pos", "x0 y0 x1 y1 in pixels"]),
        "image_size": np.array(result.picture.size),
        "shares": result.shares,
        "focus": result.focus,
        "shares_axes": np.array(["level", "head", "from kind", "to kind"]),
        "kind_names": np.array(KINDS),
    }
    if result.rollout is not None:
        arrays["rollout"] = result.rollout
    if result.transport is not None:
        arrays["transport"] = result.transport
    if result.through_tags is not None:
        arrays["through_tags"] = result.through_tags
    if regions is not None:
        arrays["region_boxes"] = regions.boxes
        arrays["region_labels"] = np.array(tuple(map(clean, regions.labels)), np.str_)
        arrays["region_scores"] = regions.scores
    return arrays
