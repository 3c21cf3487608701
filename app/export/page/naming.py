"""What a file is called, and what the line beneath a figure says."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

from widgets.kit.clean import isolated

if TYPE_CHECKING:
    from inference.results.inputs import Input
    from inference.results.mesh import MeshSample
    from widgets.kit.figure import Figure
    from widgets.view import View

_MOST_LETTERS = 300  # of the text in a caption


def caption_of(view: View, figure: Figure) -> str:
    """Checkpoint, what is shown, and of which input."""
    subject = view.subject
    texts = [subject.checkpoint.name, figure.caption, _named(subject.input)] if subject else [figure.caption]
    return "  ·  ".join(filter(None, texts))


def _named(input: Input) -> str:
    """What was looked at, as far as a line can say it."""
    parts = (
        isolated(textwrap.shorten(input.text.text, _MOST_LETTERS, placeholder=" …")) if input.text else "",
        isolated(Path(input.image.path).name) if input.image else "",
        isolated(Path(input.clip.path).name) if input.clip and input.clip.path else "",
        f"film {input.clip.seed}" if input.clip and not input.clip.path else "",
        isolated(Path(input.sound.path).name) if input.sound else "",
    )
    return "  ·  ".join(filter(None, parts))


def whole_mesh(figure: Figure) -> MeshSample | None:
    """The mesh that is looked at, if it can be saved as one."""
    from widgets.views.mesh.figures.sample import MeshSampleFigure

    growth = figure.growth if isinstance(figure, MeshSampleFigure) else None
    return None if growth is None or growth.is_growing or not growth.faces else growth.sample


def stem_of(view: View, figure: Figure, sample: MeshSample | None) -> str:
    """What the file will hold, as a name: checkpoint, view, layer and head; of a mesh class and seed."""
    from app.export.saving import file_stem, head_parts

    checkpoint = view.subject.checkpoint.name if view.subject else ""
    if sample is not None:
        return file_stem(checkpoint, _mesh_name(view, sample))
    return file_stem(checkpoint, view.objectName(), *head_parts(figure.caption))


def _mesh_name(view: View, sample: MeshSample) -> str:
    classes = view.subject.checkpoint.classes if view.subject else ()
    label = classes[sample.label] if sample.label is not None and sample.label < len(classes) else "mesh"
    return f"{label}-{sample.seed}".replace(" ", "-")
