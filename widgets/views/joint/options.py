"""Options of words and image in one model."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from inference.results.inputs import Input
from inference.results.joint import OF_12_IN_1, OF_IMAGE, OF_TEXT, TASKS, USUAL_TASK
from widgets.options import MOST_SEED, Options, choice, number, share, switch

JointPage = Literal["image", "map", "heads", "grounding", "answers", "hidden", "alignment", "concepts", "diagram"]
Crossing = Literal["text-image", "image-text", "text-text", "image-image"]

# Which kinds of places a crossing goes from and to.
ENDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "text-image": (OF_TEXT, OF_IMAGE),
    "image-text": (OF_IMAGE, OF_TEXT),
    "text-text": (OF_TEXT, OF_TEXT),
    "image-image": (OF_IMAGE, OF_IMAGE),
}
_BLOCKS = {"all": "Everything", "text": "Words", "image": "Image"}


@dataclass(frozen=True)
class JointOptions(Options):
    """What is shown, of which heads, and how."""

    show: JointPage = choice(
        "image",
        {
            "image": "On the image",
            "map": "Map",
            "heads": "Heads",
            "grounding": "Grounding",
            "answers": "Answers",
            "hidden": "Hidden region",
            "alignment": "Alignment",
            "concepts": "Concepts",
            "diagram": "Diagram",
        },
        "Show",
        "attention over the image and the words, the whole map, what each head crosses, how often it finds the thing "
        "that a word means in drawn scenes, what the model answers, what it believes to be in a hidden region, which "
        "of several texts it gives to which image, whether words, tags and regions of one kind of thing lie together, "
        "or its layers in order",
    )
    attention: Literal["head", "mean", "rollout", "transport", "tags"] = choice(
        "head",
        {
            "head": "One head",
            "mean": "Mean of the heads",
            "rollout": "Rollout",
            "transport": "Transport plan",
            "tags": "Through tags",
        },
        "Attention",
        "of the selected head, the mean over the heads of the layer, the means of all layers so far multiplied, the "
        "plan by which words go to regions at least cost, where the model was trained by one, or what words read of "
        "regions by way of the tags, where there are any; else the mean",
    )
    direction: Literal["to", "from"] = choice(
        "to",
        {"to": "What it looks at", "from": "What looks at it"},
        "Direction",
        "of what is pointed at: its row of the map, or its column",
    )
    rows: Literal["all", "text", "image"] = choice("all", _BLOCKS, "Rows", "which queries the map shows")
    columns: Literal["all", "text", "image"] = choice("all", _BLOCKS, "Columns", "which keys the map shows")
    apart: bool = switch(
        False, "Blocks apart", "Bring what a place attends to among words, and among parts of the image, to 1 each."
    )
    way: Literal["direct", "tags"] = choice(
        "direct",
        {"direct": "Word to region", "tags": "Through tags"},
        "Way",
        "where words look at regions themselves, or by way of the tags: at tags with the head, and these at regions "
        "with the mean of the heads before",
    )
    projection: Literal["pca", "tsne"] = choice(
        "pca",
        {"pca": "PCA", "tsne": "t-SNE"},
        "Projection",
        "pca: the plane of the largest variance; tsne: near points stay near, distances mean little",
    )
    task: int = choice(
        USUAL_TASK,
        {number: name if number in OF_12_IN_1 else f"{name} (untrained)" for number, name in TASKS.items()},
        "Task",
        "which one a model of several tasks is told, as 12-in-1 is; the published one was trained for twelve of them",
    )
    cells: int | None = number(
        None,
        0,
        MOST_SEED,
        "Drawn cells",
        "a number that draws the cells of the image that are read, as at every step of Pixel-BERT's training",
        otherwise="all",
    )
    crossing: Crossing = choice(
        "text-image",
        {
            "text-image": "Words to image",
            "image-text": "Image to words",
            "text-text": "Words to words",
            "image-image": "Image to image",
        },
        "Between",
        "whose attention is measured, and on what it lies",
    )
    measure: Literal["share", "focus"] = choice(
        "share",
        {"share": "Share", "focus": "Focus"},
        "Measure",
        "the share of attention that lies there, or how much of that lies on few places",
    )
    boxes: bool = switch(True, "Boxes", "Frame the regions, with their labels.")
    opacity: float = share(0.65, "Opacity", "Of the colours over the image.")


def told_beside(input: Input, told: tuple[str, ...], options: JointOptions) -> Input:
    """The same with what the model is told beside words and image, as far as it is.

    Parameters
    ----------
    told
        See `CheckpointInfo.told_beside`.
    """
    if "task" in told and input.text is not None:
        input = replace(input, text=replace(input.text, task=options.task))
    if "cells_seed" in told and input.image is not None:
        input = replace(input, image=replace(input.image, cells_seed=options.cells))
    return input
