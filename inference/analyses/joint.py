"""Words and an image in one model: one map of all that a level attends to, and what crosses between the two."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import reduce
from typing import TYPE_CHECKING

import numpy as np
import torch

from inference.context import Refused
from inference.family.joint_places import boxes_of, kinds_of
from inference.family.jointly import ReadsJointly
from inference.family.opened import Opened
from inference.forward.masked_lm import check_top_k, probs_of, top_words
from inference.inputs.other_scenes import FIRST_OTHER_SEED, with_another_scene
from inference.inputs.seen import seen_image
from inference.inputs.tokens import joined
from inference.results.joint import (
    KINDS,
    OF_IMAGE,
    OF_TEXT,
    JointRequest,
    JointResult,
    JointStream,
    JointWordsRequest,
    JointWordsResult,
    is_of,
)

if TYPE_CHECKING:
    from torch import Tensor

    from inference.capture.attention_call import AttentionCall
    from inference.context import Context
    from inference.family.base import Encoded
    from inference.forward.model import Model
    from inference.forward.run import Run
    from inference.results.checkpoint import AttentionGroup
    from inference.results.inputs import Input
    from inference.results.joint import JointLevel
    from inference.results.tokens import Tokens

_MOST_BYTES = 2**28  # of the maps of one level
_N_KINDS = len(KINDS)


def joint(request: JointRequest, model: Model, context: Context) -> JointResult:
    """The maps of one level in one joint sequence, and the shares of all heads.

    Parameters
    ----------
    context
        One checkpoint a level.

    Raises
    ------
    Refused
        There is no such level, its maps take more than 256 MB, or a text or an image is missing; else as
        `Family.encode` and `ReadsJointly.regions`.
    """
    family, config = _family(model), model.net.config
    levels = family.levels(config)
    if not 0 <= request.level < len(levels):
        raise Refused(f"Level {request.level} was asked for; {model.info.name} has levels 0 to {len(levels) - 1}.")
    given = _given(request.input, model)
    prepared = model.prepare(given)
    regions = family.regions(request.input, config, prepared)
    run = model.run(given, context)
    kinds = kinds_of(family, run.encoded, config, prepared)
    level = levels[request.level]
    axes = _axes(level, model)
    tokens = [run.encoded.sequences[axis] for axis in axes]
    n = sum(map(len, tokens))
    groups = {group.name: group for group in model.info.groups}
    n_heads = groups[level.parts[0][0]].n_heads[level.parts[0][1]]
    if 4 * n_heads * n * n > _MOST_BYTES:
        raise Refused(
            f"{n_heads} maps of {n:,} places take {4 * n_heads * n * n / 2**20:.0f} MB; at most "
            f"{_MOST_BYTES / 2**20:.0f} MB are shown as one: look at single heads in Attention, or at a smaller image."
        )
    shares, focus = _all_shares(levels, kinds, run, model, context)
    grid = model.images.grid(model.info.groups[0].name, config, prepared.shape)
    return JointResult(
        levels=levels,
        level=request.level,
        axes=_stretched(axes, run.encoded),
        tokens=reduce(joined, tokens),
        kinds=np.concatenate([kinds[axis] for axis in axes]),
        boxes=np.concatenate(
            [boxes_of(of, kinds[axis], grid, prepared, regions) for of, axis in zip(tokens, axes, strict=True)]
        ),
        pattern=_joint_map(level, axes, n_heads, n, run, model, context),
        rollout=_rolled(level, run, model, context) if len(level.parts) == 1 else None,
        shares=shares,
        focus=focus,
        regions=None if regions is None else replace(regions, features=None),
        picture=seen_image(prepared, grid),
        notes=run.encoded.notes,
        transport=_transported(family, run, n, model) if len(axes) == 1 else None,
        through_tags=_through_tags(level, kinds[axes[0]], run, model, context) if len(axes) == 1 else None,
        steps=family.steps(config),
        streams=_streams(family.steps(config), groups, kinds),
        starts=family.starts(config),
        heads=_heads(family, model),
    )


def joint_words(request: JointWordsRequest, model: Model, context: Context) -> JointWordsResult:
    """What the model's own heads say of the text: with the image, with zeros for it, and with another drawn scene.

    Parameters
    ----------
    context
        One checkpoint a pass.

    Raises
    ------
    Refused
        Fewer than one word is asked for; else as `joint`.
    """
    check_top_k(request.top_k)
    family = _family(model)
    given = _given(request.input, model)
    encoded = model.encode(given)
    before = model.encode(given.unmasked())
    ids, was = (each.tensors[family.text_tensor][0].cpu().numpy() for each in (encoded, before))
    mask = model.tokenizer.mask_token_id if model.tokenizer is not None else None
    opened = _opened(model)
    why_no_words, why_no_score = family.why_no_words(opened), family.why_no_score(opened)
    has_words = not why_no_words and mask is not None
    positions = np.flatnonzero(ids == mask) if has_words else np.zeros(0, np.int64)
    was_typed = was[positions] == mask
    passes = _passes(request.input, encoded, ids, model)
    words, probs, originals, scores, is_probability = [], [], [], [], False
    for number, (name, tensors) in enumerate(passes.items()):
        context.checkpoint(number, len(passes), f"With: {name}")
        with torch.inference_mode():
            if len(positions):
                logits = family.word_logits(model.net, tensors)[torch.as_tensor(positions, device=model.device)].float()
                top = top_words(model, logits, request.top_k)
                words.append(top.words)
                probs.append(top.probs)
                originals.append(np.where(was_typed, np.float32(np.nan), probs_of(logits, was[positions])))
            if not why_no_score:
                score = family.pair_score(model.net, tensors)
                scores.append(score.value)
                is_probability = score.is_probability
    sequence = encoded.sequences[family.text_axis]
    first = _first_of_text(sequence, ids)
    text = sequence.taken(range(first, first + len(ids)))
    spoken = before.sequences[family.text_axis].shown[first:]
    n = len(passes)
    return JointWordsResult(
        tokens=text,
        positions=positions,
        original=tuple("" if typed else spoken[pos] for pos, typed in zip(positions.tolist(), was_typed, strict=True)),
        words=tuple(words) or ((),) * n,
        probs=np.stack(probs) if probs else np.zeros((n, 0, 0), np.float32),
        original_probs=np.stack(originals).astype(np.float32) if originals else np.zeros((n, 0), np.float32),
        scores=np.array(scores, np.float32) if scores else np.full(n, np.nan, np.float32),
        is_probability=is_probability,
        why_no_words=why_no_words or ("" if mask is not None else "without its tokenizer no word can be masked"),
        why_no_score=why_no_score,
        notes=encoded.notes,
        given=tuple(passes),
    )


def _passes(input: Input, encoded: Encoded, ids: np.ndarray, model: Model) -> dict[str, dict[str, Tensor]]:
    """What the model is given, by its name in `JointWordsResult.given`.

    Another image, and no tags, are left out where masks would not stand where they were.
    """
    family, config = _family(model), model.net.config
    blank = {name: torch.zeros_like(encoded.tensors[name]) for name in family.image_tensors}
    passes = {"image": encoded.tensors, "image hidden": encoded.tensors | blank}
    mask = model.tokenizer.mask_token_id if model.tokenizer is not None else None
    masked = np.flatnonzero(ids == mask)
    others: dict[str, Input] = {}
    text, regions = input.text, input.regions
    if text is not None and text.text_pair is None and any(start.kind == "tag" for start in family.starts(config)):
        others["no tags"] = replace(input, text=replace(text, text_pair=""))
    reads_regions = "regions" in model.family.reads
    is_found = not reads_regions or (bool(model.info.detector) and (regions is None or not regions.path))
    if input.image is not None and is_found:  # a file has the regions of one image
        others["another image"] = with_another_scene(input, FIRST_OTHER_SEED, reads_regions)
    for name, other in others.items():
        tensors = model.encode(_given(other, model)).tensors
        if np.array_equal(np.flatnonzero(tensors[family.text_tensor][0].cpu().numpy() == mask), masked):
            passes[name] = tensors
    return passes


def _family(model: Model) -> ReadsJointly:
    if not isinstance(model.family, ReadsJointly):
        raise Refused(f"No attention of {model.info.name} goes between words and an image.")
    return model.family


def _opened(model: Model) -> Opened:
    mask = model.info.mask_token if model.info.has_tokenizer else None
    return Opened(model.info.architecture, type(model.net).__name__, model.net.config, mask)


def _heads(family: ReadsJointly, model: Model) -> tuple[str, ...]:
    """See `JointResult.heads`."""
    opened = _opened(model)
    why_none = {
        "hidden words": family.why_no_words(opened),
        "hidden regions": family.why_no_regions(opened),
        "whether text and image fit": family.why_no_score(opened),
    }
    return tuple(told for told, why in why_none.items() if not why)


def _given(input: Input, model: Model) -> Input:
    """What the model reads of it: boxes over patches are there to be looked at, and cost no new pass."""
    if input.text is None or not (input.text.text.strip() or input.text.token_ids):
        raise Refused("A text and an image are needed; type a text.")
    return input if "regions" in model.family.reads else replace(input, regions=None)


# Places


def _axes(level: JointLevel, model: Model) -> tuple[str, ...]:
    """The sequences of a level, in the order in which its attentions name them."""
    groups = {group.name: group for group in model.info.groups}
    named = (axis for group, _ in level.parts for axis in (groups[group].query_axis, groups[group].key_axis))
    return tuple(dict.fromkeys(named))


def _stretched(axes: tuple[str, ...], encoded: Encoded) -> tuple[tuple[str, int, int], ...]:
    found, start = [], 0
    for axis in axes:
        stop = start + len(encoded.sequences[axis])
        found.append((axis, start, stop))
        start = stop
    return tuple(found)


def _first_of_text(tokens: Tokens, ids: np.ndarray) -> int:
    """Where the text begins in its sequence, by its ids."""
    places = (i for i in range(len(tokens) - len(ids) + 1) if (tokens.ids[i : i + len(ids)] == ids).all())
    return next(places, 0)


def _streams(
    steps: tuple[tuple[str, int], ...], groups: dict[str, AttentionGroup], kinds: dict[str, np.ndarray]
) -> tuple[JointStream, ...]:
    """What each group of the steps reads, by what lies on its sequences."""

    def stands_for(axis: str) -> str:
        has_words, has_image = (bool(is_of(kinds[axis], *of).any()) for of in (OF_TEXT, OF_IMAGE))
        return "both" if has_words and has_image else "image" if has_image else "text"

    named = (groups[name] for name in dict.fromkeys(name for name, _ in steps))
    return tuple(JointStream(g.name, g.title, stands_for(g.query_axis), stands_for(g.key_axis)) for g in named)


# Maps


def _joint_map(
    level: JointLevel, axes: tuple[str, ...], n_heads: int, n: int, run: Run, model: Model, context: Context
) -> np.ndarray:
    pattern = np.full((n_heads, n, n), np.nan, np.float32)
    places = {axis: slice(start, stop) for axis, start, stop in _stretched(axes, run.encoded)}
    groups = {group.name: group for group in model.info.groups}
    for name, layer in level.parts:
        group = groups[name]
        call = model.call(run, name, layer, context)
        pattern[:, places[group.query_axis], places[group.key_axis]] = call.patterns().float().cpu().numpy()
    return pattern


def _rolled(level: JointLevel, run: Run, model: Model, context: Context) -> np.ndarray | None:
    """The product of (mean over the heads + identity) / 2 of the layers up to this one; None of what crosses."""
    ((name, last),) = level.parts
    group = next(each for each in model.info.groups if each.name == name)
    if group.query_axis != group.key_axis:
        return None
    rolled = None
    for layer in group.layers[: group.layers.index(last) + 1]:
        context.checkpoint()
        mean = model.call(run, name, layer, context).patterns().mean(0).float()
        step = (mean + torch.eye(len(mean), device=mean.device)) / 2
        rolled = step if rolled is None else step @ rolled
    assert rolled is not None
    return rolled.cpu().numpy()


def _transported(family: ReadsJointly, run: Run, n: int, model: Model) -> np.ndarray | None:
    """See `JointResult.transport`: of one stream, in which the text comes first; kept with the run."""
    if "joint transport" not in run.store:
        with torch.inference_mode():
            run.store["joint transport"] = family.transport_plan(model.net, run.encoded.tensors)
    plan = run.store["joint transport"]
    if plan is None:
        return None
    assert isinstance(plan, torch.Tensor)
    n_text = len(plan)
    found = np.full((n, n), np.nan, np.float32)
    for rows, columns, part in (
        (slice(n_text), slice(n_text, n), plan),
        (slice(n_text, n), slice(n_text), plan.T),
    ):
        found[rows, columns] = (part / part.sum(1, keepdim=True)).cpu().numpy()
    return found


def _through_tags(level: JointLevel, kinds: np.ndarray, run: Run, model: Model, context: Context) -> np.ndarray | None:
    """See `JointResult.through_tags`."""
    ((name, layer), *_) = level.parts
    group = next(each for each in model.info.groups if each.name == name)
    words, tags, regions = (np.flatnonzero(is_of(kinds, kind)) for kind in ("word", "tag", "region"))
    number = group.layers.index(layer)
    if not number or not len(tags):
        return None
    to_tags = model.call(run, name, layer, context).patterns().float()[:, words][:, :, tags]
    before = model.call(run, name, group.layers[number - 1], context).patterns().float().mean(0)
    path = to_tags @ before[tags][:, regions].to(to_tags.device)
    found = np.full((len(path), len(kinds), len(kinds)), np.nan, np.float32)
    found[:, words[:, None], regions] = path.cpu().numpy()
    return found


def _all_shares(
    levels: tuple[JointLevel, ...], kinds: dict[str, np.ndarray], run: Run, model: Model, context: Context
) -> tuple[np.ndarray, np.ndarray]:
    """See `JointResult.shares` and `focus`; kept with the run, whichever level is looked at."""
    if "joint shares" in run.store:
        return run.store["joint shares"]  # type: ignore[return-value]
    groups = {group.name: group for group in model.info.groups}
    most = max(max(group.n_heads) for group in groups.values())
    shares = np.full((len(levels), most, _N_KINDS, _N_KINDS), np.nan, np.float32)
    focus = shares.copy()
    for number, level in enumerate(levels):
        context.checkpoint(number, len(levels), f"Shares of level {number}")
        for name, layer in level.parts:
            group = groups[name]
            call = model.call(run, name, layer, context)
            found = _shares(call, kinds[group.query_axis], kinds[group.key_axis])
            for whole, own in zip((shares, focus), found, strict=True):
                part = whole[number, : call.n_heads]
                np.copyto(part, own, where=~np.isnan(own))
    run.store["joint shares"] = shares, focus
    return shares, focus


def _shares(call: AttentionCall, of_queries: np.ndarray, of_keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """float32 [head, kind, kind] of one attention: shares, and how focused they are."""
    shares = np.full((call.n_heads, _N_KINDS, _N_KINDS), np.nan, np.float32)
    focus = shares.copy()
    for query in np.unique(of_queries).tolist():
        rows = torch.as_tensor(np.flatnonzero(of_queries == query), device=call.device)
        pattern = call.patterns(rows=rows).float()  # [head, row, key_pos]
        for key in np.unique(of_keys).tolist():
            columns = torch.as_tensor(np.flatnonzero(of_keys == key), device=call.device)
            part = pattern[:, :, columns]
            shares[:, query, key] = part.sum(-1).mean(-1).cpu().numpy()
            if len(columns) > 1:
                focus[:, query, key] = _focus(part).cpu().numpy()
    return shares, focus


def _focus(part: Tensor) -> Tensor:
    """[head] of [head, row, key_pos]: 1 - entropy / ln(keys) of each row brought to the sum 1, the mean over rows.

    Rows that see nothing there, or less than float32 holds with all its digits, have none; NaN where none has.
    """
    total, tiny = part.sum(-1, keepdim=True), torch.finfo(part.dtype).tiny
    share = part / total.clamp(min=tiny)
    entropy = -(share * share.clamp(min=1e-30).log()).sum(-1)
    focus = (1 - entropy / math.log(part.shape[-1])).clamp(0, 1)
    return torch.where(total[..., 0] >= tiny, focus, torch.nan).nanmean(-1)
