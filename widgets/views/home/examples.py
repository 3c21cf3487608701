"""What the cards of Home open: a view, a checkpoint, and an input to look at."""

from __future__ import annotations

from inference.results.inputs import ClipInput, ImageInput, Input, TextInput
from widgets.context import ViewExample
from widgets.selection import Position, Selected

CAT = "The cat sat on the mat because it was tired."
CAR = "He bought a red car and a black dog."
JUPITER = "The unbelievable astronomer photographed Jupiter."
GPT = "gpt-mini"
FILM = 3  # seed of a film, and what is said of it
SAID = (
    "okay a small red cup enters from the left. so the small red cup grows. "
    "now watch a medium pink house comes to the medium red cup. a small orange bird comes to the medium pink house."
)
# True of the scenes 0 to 7.
SENTENCES = (
    "a large purple bird at night",
    "a medium purple cup in a desert",
    "a medium blue chair in the snow",
    "a medium orange apple at night",
    "a medium yellow car in a meadow",
    "a small red flower in a meadow",
    "a large red car in a room",
    "a small yellow flower on a beach",
)
YELLOW = Selected("caption_to_image", 1, 1, Position("target", 3))  # what comes behind it is the boat
THINGS = (
    "house", "tree", "car", "boat", "fish", "cup", "lamp", "star", "flower", "bird", "umbrella", "mushroom", "balloon",
    "apple", "kite", "chair",
)  # fmt: skip
PORTRAITS = tuple(ImageInput(seed=seed, kind="portrait") for seed in range(6))


def of_text(text: str, pair: str | None = None, *, masked: tuple[int, ...] = ()) -> Input:
    """A text, alone or as a pair."""
    return Input(text=TextInput(text, pair, masked=masked))


def of_bert(
    view: str, input: Input | None = None, *, page: str = "", layer: int = 1, **options: dict[str, object]
) -> ViewExample:
    """`it` looks at the sentence, where nothing else is asked for; `page` is what stands on its tab."""
    selected = Selected("encoder", layer, 3, Position("text", 8), Position("text", 2))
    options |= {"pages": {"page": page}} if page else {}
    return ViewExample(view, "bert-mini", input or of_text(CAT), selected, options)


def of_polarity(view: str, base: str = "bert-mini") -> ViewExample:
    """A sentence that praises a film, to a base that was fine-tuned to tell so."""
    return ViewExample(view, f"{base}-polarity", of_text("A warm and funny film that I would see again."))


def of_words_and_image(
    view: str, checkpoint: str, selected: Selected | None = None, **options: dict[str, object]
) -> ViewExample:
    """A sentence that is true of a scene, and the scene."""
    text, image = TextInput("a large yellow boat left of a medium purple cup"), ImageInput(seed=1, kind="scene")
    return ViewExample(view, checkpoint, Input(text=text, image=image), selected, options)


def of_translation(
    view: str, group: str = "cross", query: int | None = None, **options: dict[str, object]
) -> ViewExample:
    """A sentence to translate, the group of attention to look at, and the place of the target that is looked at."""
    selected = Selected(group, 1, 0, None if query is None else Position("target", query))
    return ViewExample(view, "transformer-en-fr", of_text(CAR), selected, options)


def of_gpt(view: str, text: str, **options: dict[str, object]) -> ViewExample:
    """A text that is to be gone on with."""
    return ViewExample(view, GPT, of_text(text), None, options)


def of_image(view: str, checkpoint: str, seed: int, kind: str = "", **options: dict[str, object]) -> ViewExample:
    """A drawing of a seed."""
    return ViewExample(view, checkpoint, Input(image=ImageInput(seed=seed, kind=kind)), None, options)


def of_film(view: str, checkpoint: str, query: int | None = None, **options: dict[str, object]) -> ViewExample:
    """A generated film with what is said of it, and the word that is looked at."""
    selected = None if query is None else Selected("words_and_frames", 1, 0, Position("both", query))
    return ViewExample(view, checkpoint, Input(text=TextInput(SAID), clip=ClipInput(seed=FILM)), selected, options)


def of_clip(view: str) -> ViewExample:
    """A purple cup among other things, and other scenes with a sentence of each."""
    images = tuple(ImageInput(seed=seed) for seed in range(len(SENTENCES)))
    given = Input(text=TextInput(SENTENCES[1]), image=images[1], images=images, texts=SENTENCES)
    return ViewExample(view, "clip-scenes", given)


def of_visual_words(view: str, **options: dict[str, object]) -> ViewExample:
    """A drawn clip with one of its sentences as far as its verb, which is masked."""
    text = TextInput("the small red umbrella turns", masked=(5,))
    return ViewExample(view, "videobert-clips", Input(text=text, clip=ClipInput(seed=1)), None, options)


def of_labels(view: str, checkpoint: str, *labels: str, **options: dict[str, object]) -> ViewExample:
    """Labels and the scene whose things they name."""
    image = ImageInput(seed=7, kind="scene")
    return ViewExample(
        view, checkpoint, Input(TextInput(labels[0]), image, images=(image,), texts=labels), None, options
    )


ON_THE_BEACH = ("yellow car", "red apple", "white star", "pink bird", "purple boat", "yellow flower")
