"""The cards of Home, in the order of the lecture "Pretraining with transformers"; the Help menu has the same ones."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from inference.results.inputs import ImageInput, Input, MeshInput, TextInput
from widgets.context import ViewExample
from widgets.selection import Position, Selected


@dataclass(frozen=True)
class HomeCard:
    """One thing to look at.

    Attributes
    ----------
    name
        Of its pictures' files, and what menus know it by.
    title, about
        What it is, and one sentence.
    example
        What a click opens.
    """

    name: str
    title: str
    about: str
    example: ViewExample


@dataclass(frozen=True)
class CheckpointCard(HomeCard):
    """A checkpoint that comes with Headlight.

    Attributes
    ----------
    kind
        What kind of model it is.
    n_parameters
        As its file has them.
    """

    kind: str
    n_parameters: int


@dataclass(frozen=True)
class LecturePart:
    """A part of the lecture, or the checkpoints."""

    title: str
    cards: tuple[HomeCard, ...]


_CAT = "The cat sat on the mat because it was tired."
_CAR = "He bought a red car and a black dog."
_GPT = "gpt-mini"
# True of the scenes 0 to 7.
_SENTENCES = (
    "a large purple bird at night",
    "a medium purple cup in a desert",
    "a medium blue chair in the snow",
    "a medium orange apple at night",
    "a medium yellow car in a meadow",
    "a small red flower in a meadow",
    "a large red car in a room",
    "a small yellow flower on a beach",
)
_THINGS = (
    "house", "tree", "car", "boat", "fish", "cup", "lamp", "star", "flower", "bird", "umbrella", "mushroom", "balloon",
    "apple", "kite", "chair",
)  # fmt: skip
_PORTRAITS = tuple(ImageInput(seed=seed, kind="portrait") for seed in range(6))


def _text(text: str, pair: str | None = None, *, masked: tuple[int, ...] = ()) -> Input:
    return Input(text=TextInput(text, pair, masked=masked))


def _bert(view: str, input: Input | None = None, **options: dict[str, object]) -> ViewExample:
    """`it` looks at the sentence, where nothing else is asked for."""
    selected = Selected("encoder", 1, 3, Position("text", 8), Position("text", 2))
    return ViewExample(view, "bert-mini", input or _text(_CAT), selected, options)


def _polarity(view: str, base: str = "bert-mini") -> ViewExample:
    return ViewExample(view, f"{base}-polarity", _text("A warm and funny film that I would see again."))


def _words_and_image(view: str, checkpoint: str, **options: dict[str, object]) -> ViewExample:
    text, image = TextInput("a large yellow boat left of a medium purple cup"), ImageInput(seed=1, kind="scene")
    return ViewExample(view, checkpoint, Input(text=text, image=image), None, options)


def _translation(view: str, group: str = "cross", **options: dict[str, object]) -> ViewExample:
    return ViewExample(view, "transformer-en-fr", _text(_CAR), Selected(group, 1, 0), options)


def _gpt(view: str, text: str, **options: dict[str, object]) -> ViewExample:
    return ViewExample(view, _GPT, _text(text), None, options)


def _image(view: str, checkpoint: str, seed: int, kind: str = "", **options: dict[str, object]) -> ViewExample:
    return ViewExample(view, checkpoint, Input(image=ImageInput(seed=seed, kind=kind)), None, options)


def _clip(view: str) -> ViewExample:
    """A purple cup among other things, and other scenes with a sentence of each."""
    images = tuple(ImageInput(seed=seed) for seed in range(len(_SENTENCES)))
    given = Input(text=TextInput(_SENTENCES[1]), image=images[1], images=images, texts=_SENTENCES)
    return ViewExample(view, "clip-scenes", given)


def _labels(view: str, checkpoint: str, *labels: str, **options: dict[str, object]) -> ViewExample:
    """Labels and the scene whose things they name."""
    image = ImageInput(seed=7, kind="scene")
    return ViewExample(
        view, checkpoint, Input(TextInput(labels[0]), image, images=(image,), texts=labels), None, options
    )


_ON_THE_BEACH = ("yellow car", "red apple", "white star", "pink bird", "purple boat", "yellow flower")


REVIEW = LecturePart(
    "Review of transformers",
    (
        HomeCard(
            "transformer", "The Transformer", "An encoder reads English, a decoder writes French.",
            _translation("translation"),
        ),
        HomeCard(
            "scaled_dot", "Scaled dot product", "The formula, step by step, with the numbers of one word.",
            _bert("scaled_dot"),
        ),
        HomeCard("heads", "Multi-head attention", "All heads of BERT: each attends otherwise.", _bert("heads")),
        HomeCard("attention", "One head", "Who attends to whom, as a map with exact values.", _bert("attention")),
        HomeCard("arcs", "Attention as lines", "The same head, from word to word.", _bert("arcs")),
        HomeCard("measures", "What heads do", "Entropy, distance and habits of every head.", _bert("measures")),
        HomeCard(
            "head_similarity", "Heads that are alike", "Which heads of a layer do the same work.",
            _bert("head_similarity"),
        ),
        HomeCard("rollout", "Through all layers", "Attention rolled out, from the last layer down.", _bert("rollout")),
        HomeCard(
            "norms", "Residual, LayerNorm", "What each sub-layer adds, and where it is normalised.",
            _bert("norms"),
        ),
        HomeCard(
            "sinusoids", "Sinusoidal positions", "Sines and cosines that tell places apart, as in 2017.",
            _bert("positions"),
        ),
        HomeCard(
            "positions", "Learned positions", "How alike the places are that BERT has learned.",
            _bert("positions", pages={"page": 1}, positions={"show": "similarity"}),
        ),
        HomeCard(
            "cross_attention", "Cross-attention", "Where the decoder looks for each French word.",
            _translation("translation", translation={"show": "map"}),
        ),
        HomeCard(
            "training_stages", "Alignment takes shape", "The same attention at stages of its training.",
            _translation("training_stages"),
        ),
        HomeCard(
            "vocabulary", "Subwords", "A vocabulary is built, merge by merge: BPE, WordPiece, Unigram.",
            _bert("tokenization"),
        ),
        HomeCard(
            "tokenizer", "A tokenizer at work", "How BERT's tokenizer cuts a sentence.",
            _bert("tokenization", _text("The unbelievable astronomer photographed Jupiter."), pages={"page": 1}),
        ),
        HomeCard(
            "schedule", "Warm-up and decay", "How large the steps are while one trains.",
            _bert("training", pages={"page": 2}),
        ),
        HomeCard(
            "smoothing", "Label smoothing", "One-hot targets with a little noise, and what they ask for.",
            _bert("training", pages={"page": 3}),
        ),
        HomeCard(
            "complexity", "Complexity", "Attention, recurrence and convolution by length of the text.",
            _bert("sparse", pages={"page": 2}),
        ),
        HomeCard(
            "sparse", "Sparse attention", "Windows, dilation, global and random cells: Longformer, BigBird.",
            _bert("sparse"),
        ),
        HomeCard(
            "approximation", "Cheaper attention", "Linformer, Performer and Nyström beside the exact map.",
            _bert("approximation"),
        ),
    ),
)  # fmt: skip
LANGUAGE = LecturePart(
    "Language pre-training",
    (
        HomeCard(
            "family_tree", "The family tree", "From ELMo, GPT and BERT to what grew out of them.", _bert("pretrained"),
        ),
        HomeCard(
            "word_vectors", "Word vectors", "6,000 English words on a map, and the neighbours of any.",
            _bert("embedding"),
        ),
        HomeCard(
            "analogy", "Analogies", "Man is to king as woman is to ...", _bert("embedding", pages={"page": 1}),
        ),
        HomeCard(
            "word2vec", "Skip-gram and CBOW", "word2vec's window slides over a text.",
            _bert("embedding", pages={"page": 2}),
        ),
        HomeCard(
            "ngrams", "Chain rule and n-grams", "What up to four words before say about the next one.",
            _bert("ngrams", _text("The children played in the garden until it was dark.")),
        ),
        HomeCard(
            "masked", "BERT: masked words", "What BERT puts under a mask, layer by layer.",
            _bert("masked", _text(_CAT, masked=(2, 6))),
        ),
        HomeCard(
            "mask_lab", "BERT: 80, 10, 10", "Which words are masked, exchanged or left while BERT trains.",
            _bert("masked", pages={"page": 1}),
        ),
        HomeCard(
            "next_sentence", "BERT: next sentence", "Does sentence B follow sentence A?",
            _bert(
                "next_sentence",
                _text("The king and the queen lived in a castle.", "They had three beautiful daughters."),
            ),
        ),
        HomeCard(
            "prediction", "BERT: a task", "Does a sentence praise a film, and how sure is it?", _polarity("prediction"),
        ),
        HomeCard(
            "fine_tuning", "Fine-tuning", "What pre-training buys, by the number of labelled examples.",
            _polarity("fine_tuning"),
        ),
        HomeCard(
            "lens", "The answer takes shape", "What each layer would say, were it the last.",
            _bert("lens", _text(_CAT, masked=(2, 6))),
        ),
        HomeCard(
            "attribution", "Where a word is decided", "What each head and MLP adds to its logit.",
            _translation("attribution", "decoder"),
        ),
        HomeCard(
            "generation", "GPT: writing", "A language model goes on with a text, word by word.",
            _gpt("generation", "Once upon a time there was"),
        ),
        HomeCard(
            "surprisal", "GPT: surprisal", "How little each word was expected, given those before.",
            _gpt("reading", _CAT),
        ),
        HomeCard(
            "few_shot", "GPT-3: a few examples", "How often it is right after 0 to 8 examples.",
            _gpt("few_shot", _CAT, few_shot={"task": "to-fr"}),
        ),
    ),
)  # fmt: skip
VISION = LecturePart(
    "Images, 3D, vision and language",
    (
        HomeCard(
            "patches", "ViT: patches", "What a patch of an image attends to.", _image("patches", "vit-scenes", 3),
        ),
        HomeCard(
            "classes", "ViT: classes", "What it calls the image, after each layer.",
            _image("classes", "vit-scenes", 3, "portrait"),
        ),
        HomeCard(
            "caption", "VirTex: captions", "A network that learned to see by writing captions, word by word.",
            _image("caption", "virtex-scenes", 1),
        ),
        HomeCard(
            "joint", "Words and image", "Where in the image each word of a caption looks, head by head.",
            _words_and_image("joint", "virtex-scenes"),
        ),
        HomeCard(
            "vilbert", "ViLBERT: two streams", "Words ask regions and regions ask words, between two streams.",
            _words_and_image("joint", "vilbert-scenes", joint={"show": "map"}),
        ),
        HomeCard(
            "uniter", "UNITER: one stream", "Words and regions in one stream: which head finds the thing?",
            _words_and_image("joint", "uniter-scenes", joint={"show": "grounding"}),
        ),
        HomeCard(
            "similarity", "CLIP: images and texts", "Eight scenes and eight sentences: which belong together.",
            _clip("similarity"),
        ),
        HomeCard(
            "relevance", "CLIP: where the text is", "Patches and words that make an image and a text alike.",
            _clip("relevance"),
        ),
        HomeCard(
            "zero_shot", "CLIP: zero-shot", "Names of things that it was never trained to tell as classes.",
            ViewExample(
                "zero_shot", "clip-scenes",
                Input(
                    text=TextInput(_THINGS[0]), image=_PORTRAITS[0], images=_PORTRAITS, texts=_THINGS
                ),
                None, {"zero_shot": {"templates": "a {}"}},
            ),
        ),
        HomeCard(
            "masked_image", "BEiT: masked patches", "The visual tokens that it expects behind masks.",
            _image("masked_image", "beit-scenes", 4),
        ),
        HomeCard(
            "complete_image", "Image GPT: pixel by pixel", "The lower half of an image is made up.",
            _image("complete_image", "igpt-small", 5),
        ),
        HomeCard(
            "masked_pixels", "Image GPT: masked pixels", "The same model, trained as BERT is.",
            _image("masked_pixels", "igpt-masked", 5),
        ),
        HomeCard(
            "segments", "LSeg: labels at pixels", "Every pixel takes the nearest of the labels that you type.",
            _labels("segments", "lseg-scenes", *_ON_THE_BEACH, "background", segments={"opacity": 0.75}),
        ),
        HomeCard(
            "mesh", "PolyGen", "Furniture, vertex by vertex and face by face.",
            ViewExample("mesh", "polygen-furniture", Input(mesh=MeshInput(3))),
        ),
    ),
)  # fmt: skip
CHECKPOINTS = LecturePart(
    "Checkpoints",
    (
        CheckpointCard(
            "bert-mini", "bert-mini", "Tells masked words, and whether a sentence follows.", _bert("heads"),
            "BERT", 5_430_786,
        ),
        CheckpointCard(
            "bert-mini-polarity", "bert-mini-polarity", "Tells whether a sentence praises a film.",
            _polarity("heads"), "BERT, adapter", 5_431_300,
        ),
        CheckpointCard(
            _GPT, _GPT, "Writes English, and learns from examples in its prompt.", _gpt("heads", _CAT),
            "GPT-2", 2_980_992,
        ),
        CheckpointCard(
            "gpt-mini-polarity", "gpt-mini-polarity", "Tells the same behind its last word.",
            _polarity("heads", _GPT), "GPT-2, adapter", 2_981_376,
        ),
        CheckpointCard(
            "transformer-en-fr", "transformer-en-fr", "Translates English into French.",
            _translation("heads"), "Transformer", 5_480_448,
        ),
        CheckpointCard(
            "vit-scenes", "vit-scenes", "Names what it sees, of 16 things.", _image("heads", "vit-scenes", 3),
            "ViT", 586_480,
        ),
        CheckpointCard(
            "beit-scenes", "beit-scenes", "Tells visual tokens behind masks.", _image("heads", "beit-scenes", 4),
            "BEiT", 643_728,
        ),
        CheckpointCard(
            "igpt-small", "igpt-small", "Completes images pixel by pixel.", _image("heads", "igpt-small", 5),
            "Image GPT", 421_504,
        ),
        CheckpointCard(
            "igpt-masked", "igpt-masked", "Tells masked pixels from those on both sides.",
            _image("heads", "igpt-masked", 5), "Image GPT, masked", 421_440,
        ),
        CheckpointCard(
            "virtex-scenes", "virtex-scenes", "Writes what it sees in a drawn scene.",
            _image("heads", "virtex-scenes", 1), "VirTex", 2_549_142,
        ),
        CheckpointCard(
            "clip-scenes", "clip-scenes", "Compares drawn scenes with what is said of them.",
            _labels("heads", "clip-scenes", *_ON_THE_BEACH), "CLIP", 800_065,
        ),
        CheckpointCard(
            "uniter-scenes", "uniter-scenes", "Reads words and the regions of a scene in one stream.",
            _words_and_image("heads", "uniter-scenes"), "UNITER", 768_250,
        ),
        CheckpointCard(
            "vilbert-scenes", "vilbert-scenes", "Reads words and regions in two streams that ask each other.",
            _words_and_image("heads", "vilbert-scenes"), "ViLBERT", 1_430_330,
        ),
        CheckpointCard(
            "lseg-scenes", "lseg-scenes", "Tells which of your labels each pixel shows.",
            _labels("heads", "lseg-scenes", *_ON_THE_BEACH, "background"), "LSeg", 1_145_568,
        ),
        CheckpointCard(
            "polygen-furniture", "polygen-furniture", "Draws meshes of 12 classes of furniture.",
            ViewExample("mesh", "polygen-furniture", Input(mesh=MeshInput(0))), "PolyGen", 2_621_081,
        ),
    ),
)  # fmt: skip
LECTURE = (REVIEW, LANGUAGE, VISION)
BY_NAME = {card.name: card for part in (*LECTURE, CHECKPOINTS) for card in part.cards}

# Views without a card, and why.
WITHOUT = {
    "answer": "no checkpoint that is bundled answers questions about images",
    "clip": "no checkpoint that is bundled reads films",
    "home": "it is where the cards are",
}


def parts_at_hand(checkpoints: Collection[str]) -> tuple[LecturePart, ...]:
    """The lecture and the checkpoints, with the cards whose checkpoints are there."""
    return tuple(
        LecturePart(part.title, tuple(card for card in part.cards if card.example.checkpoint in checkpoints))
        for part in (*LECTURE, CHECKPOINTS)
    )
