"""The cards of Home, in the order of the lecture "Pretraining with transformers"; the Help menu has the same ones."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from inference.results.inputs import Input, MeshInput, TextInput
from widgets.context import ViewExample
from widgets.views.home.examples import (
    CAT,
    GPT,
    JUPITER,
    ON_THE_BEACH,
    PORTRAITS,
    THINGS,
    YELLOW,
    of_bert,
    of_clip,
    of_film,
    of_gpt,
    of_image,
    of_labels,
    of_polarity,
    of_text,
    of_translation,
    of_visual_words,
    of_words_and_image,
)


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


REVIEW = LecturePart(
    "Review of transformers",
    (
        HomeCard(
            "transformer", "The Transformer", "An encoder reads English, a decoder writes French.",
            of_translation("translation"),
        ),
        HomeCard(
            "scaled_dot", "Scaled dot product", "The formula, step by step, with the numbers of one word.",
            of_bert("scaled_dot"),
        ),
        HomeCard("heads", "Multi-head attention", "All heads of BERT: each looks at other words.", of_bert("heads")),
        HomeCard("attention", "One head", "Who attends to whom, as a map with exact values.", of_bert("attention")),
        HomeCard(
            "arcs", "Attention as lines", "The same head, from word to word.",
            of_bert("arcs", arcs_only={"head": True}),
        ),
        HomeCard("measures", "What heads do", "Entropy, distance and habits of every head.", of_bert("measures")),
        HomeCard(
            "head_similarity", "Heads that are alike", "Which heads of a layer do the same work.",
            of_bert("head_similarity"),
        ),
        HomeCard(
            "rollout", "Through all layers", "Attention rolled out, from the last layer down.",
            of_bert("rollout", layer=3),
        ),
        HomeCard(
            "norms", "Residual, LayerNorm", "What each sub-layer adds, and where it is normalised.", of_bert("norms"),
        ),
        HomeCard(
            "sinusoids", "Sinusoidal positions", "Sines and cosines that tell places apart, as in 2017.",
            of_bert("positions"),
        ),
        HomeCard(
            "positions", "Learned positions", "How alike the places are that BERT has learned.",
            of_bert("positions", page="This checkpoint", positions={"show": "similarity"}),
        ),
        HomeCard(
            "cross_attention", "Cross-attention", "Where the decoder looks for each French word.",
            of_translation("translation", translation={"show": "map"}),
        ),
        HomeCard(
            "training_stages", "Alignment takes shape", "The same attention at stages of its training.",
            of_translation("training_stages"),
        ),
        HomeCard(
            "vocabulary", "Subwords", "A vocabulary is built, merge by merge: BPE, WordPiece, Unigram.",
            of_bert("tokenization"),
        ),
        HomeCard(
            "tokenizer", "A tokenizer at work", "How BERT's tokenizer cuts a sentence.",
            of_bert("tokenization", of_text(JUPITER), page="This checkpoint"),
        ),
        HomeCard(
            "schedule", "Warm-up and decay", "How large the steps are while one trains.",
            of_bert("training", page="Learning rate"),
        ),
        HomeCard(
            "smoothing", "Label smoothing", "One-hot targets with a little noise, and what they ask for.",
            of_bert("training", page="Label smoothing"),
        ),
        HomeCard(
            "complexity", "Complexity", "Attention, recurrence and convolution by length of the text.",
            of_bert("sparse", page="Complexity"),
        ),
        HomeCard(
            "sparse", "Sparse attention", "Windows, dilation, global and random cells: Longformer, BigBird.",
            of_bert("sparse"),
        ),
        HomeCard(
            "approximation", "Cheaper attention", "Linformer, Performer and Nyström beside the exact map.",
            of_bert("approximation"),
        ),
    ),
)  # fmt: skip
LANGUAGE = LecturePart(
    "Language pre-training",
    (
        HomeCard(
            "family_tree", "The family tree", "From ELMo, GPT and BERT to what grew out of them.",
            of_bert("pretrained"),
        ),
        HomeCard(
            "word_vectors", "Word vectors", "6,000 English words on a map, and the neighbours of any.",
            of_bert("embedding"),
        ),
        HomeCard(
            "analogy", "Analogies", "Man is to king as woman is to ...", of_bert("embedding", page="Analogy"),
        ),
        HomeCard(
            "word2vec", "Skip-gram and CBOW", "word2vec's window slides over a text.",
            of_bert("embedding", page="Sliding window"),
        ),
        HomeCard(
            "ngrams", "Chain rule and n-grams", "What up to four words before say about the next one.",
            of_bert("ngrams", of_text("The children played in the garden until it was dark.")),
        ),
        HomeCard(
            "masked", "BERT: masked words", "What BERT puts under a mask, layer by layer.",
            of_bert("masked", of_text(CAT, masked=(2, 6))),
        ),
        HomeCard(
            "mask_lab", "BERT: 80, 10, 10", "Which words are masked, exchanged or left while BERT trains.",
            of_bert("masked", page="Mask lab"),
        ),
        HomeCard(
            "next_sentence", "BERT: next sentence", "Does sentence B follow sentence A?",
            of_bert(
                "next_sentence",
                of_text("The king and the queen lived in a castle.", "They had three beautiful daughters."),
            ),
        ),
        HomeCard(
            "prediction", "BERT: a task", "Does a sentence praise a film, and how sure is it?",
            of_polarity("prediction"),
        ),
        HomeCard(
            "fine_tuning", "Fine-tuning", "What pre-training buys, by the number of labelled examples.",
            of_polarity("fine_tuning"),
        ),
        HomeCard(
            "lens", "The answer takes shape", "What each layer would say, were it the last.",
            of_bert("lens", of_text(CAT, masked=(2, 6))),
        ),
        HomeCard(
            "attribution", "Where a word is decided", "What each head and MLP adds to its logit.",
            of_translation("attribution", "decoder", query=0),
        ),
        HomeCard(
            "generation", "GPT: writing", "A language model goes on with a text, word by word.",
            of_gpt("generation", "Once upon a time there was"),
        ),
        HomeCard(
            "surprisal", "GPT: surprisal", "How little each word was expected, given those before.",
            of_gpt("reading", CAT),
        ),
        HomeCard(
            "few_shot", "GPT-3: a few examples", "How often it is right after 0 to 8 examples.",
            of_gpt("few_shot", CAT),
        ),
    ),
)  # fmt: skip
VISION = LecturePart(
    "Images, 3D, vision and language",
    (
        HomeCard(
            "patches", "ViT: patches", "What a patch of an image attends to.", of_image("patches", "vit-scenes", 3),
        ),
        HomeCard(
            "classes", "ViT: classes", "What it calls the image, after each layer.",
            of_image("classes", "vit-scenes", 3, "portrait"),
        ),
        HomeCard(
            "masked_image", "BEiT: masked patches", "The visual tokens that it expects behind masks.",
            of_image("masked_image", "beit-scenes", 4),
        ),
        HomeCard(
            "complete_image", "Image GPT: pixel by pixel", "The lower half of an image is made up.",
            of_image("complete_image", "igpt-small", 5),
        ),
        HomeCard(
            "masked_pixels", "Image GPT: masked pixels", "The same model, trained as BERT is.",
            of_image("masked_pixels", "igpt-masked", 5),
        ),
        HomeCard(
            "mesh", "PolyGen", "Furniture, vertex by vertex and face by face.",
            ViewExample("mesh", "polygen-furniture", Input(mesh=MeshInput(3))),
        ),
        HomeCard(
            "caption", "VirTex: captions", "A network that learned to see by writing captions, word by word.",
            of_image("caption", "virtex-scenes", 1),
        ),
        HomeCard(
            "joint", "Words and image", "Where in the image a word of a caption looks, head by head.",
            of_words_and_image("joint", "virtex-scenes", YELLOW),
        ),
        HomeCard(
            "similarity", "CLIP: images and texts", "Eight scenes and eight sentences: which belong together.",
            of_clip("similarity"),
        ),
        HomeCard(
            "relevance", "CLIP: where the text is", "Patches and words that make an image and a text alike.",
            of_clip("relevance"),
        ),
        HomeCard(
            "zero_shot", "CLIP: zero-shot", "Names of things that it was never trained to tell as classes.",
            ViewExample(
                "zero_shot", "clip-scenes",
                Input(text=TextInput(THINGS[0]), image=PORTRAITS[0], images=PORTRAITS, texts=THINGS),
                None, {"zero_shot": {"templates": "a {}"}},
            ),
        ),
        HomeCard(
            "segments", "LSeg: labels at pixels", "Every pixel takes the nearest of the labels that you type.",
            of_labels("segments", "lseg-scenes", *ON_THE_BEACH, "background", segments={"opacity": 0.75}),
        ),
        HomeCard(
            "vilbert", "ViLBERT: two streams", "Words ask regions and regions ask words, between two streams.",
            of_words_and_image("joint", "vilbert-scenes", joint={"show": "map"}),
        ),
        HomeCard(
            "vilt", "ViLT: patches, no detector", "Which sentence does it give to which image?",
            of_words_and_image("joint", "vilt-scenes", joint={"show": "alignment"}),
        ),
        HomeCard(
            "oscar", "OSCAR: tags as anchors", "Do words, tags and regions of one thing lie together?",
            of_words_and_image("joint", "oscar-scenes", joint={"show": "concepts", "projection": "tsne"}),
        ),
        HomeCard(
            "uniter", "UNITER: one stream", "Words and regions in one stream: which head finds the thing?",
            of_words_and_image("joint", "uniter-scenes", joint={"show": "grounding"}),
        ),
        HomeCard(
            "visual_words", "VideoBERT: visual words", "A film as words of its own: hide one and read the text.",
            of_visual_words("visual_words", visual_words={"first": 9, "last": 11}),
        ),
        HomeCard(
            "order", "MERLOT: what comes first", "Frames of a film, mixed up, and put back by what is said.",
            of_film("order", "merlot-clips"),
        ),
        HomeCard(
            "clip", "A film and its words", "Where in the frames of a film a word looks.",
            of_film("clip", "merlot-clips", query=5, clip={"weights": "mean"}),
        ),
    ),
)  # fmt: skip
CHECKPOINTS = LecturePart(
    "Checkpoints",
    (
        CheckpointCard(
            "bert-mini", "bert-mini", "Tells masked words, and whether a sentence follows.", of_bert("heads"),
            "BERT", 5_430_786,
        ),
        CheckpointCard(
            "bert-mini-polarity", "bert-mini-polarity", "Tells whether a sentence praises a film.",
            of_polarity("heads"), "BERT, adapter", 5_431_300,
        ),
        CheckpointCard(
            GPT, GPT, "Writes English, and learns from examples in its prompt.", of_gpt("heads", CAT),
            "GPT-2", 2_980_992,
        ),
        CheckpointCard(
            "gpt-mini-polarity", "gpt-mini-polarity", "Tells the same after its last word.",
            of_polarity("heads", GPT), "GPT-2, adapter", 2_981_376,
        ),
        CheckpointCard(
            "transformer-en-fr", "transformer-en-fr", "Translates English into French.",
            of_translation("heads"), "Transformer", 5_480_448,
        ),
        CheckpointCard(
            "vit-scenes", "vit-scenes", "Names what it sees, of 16 things.", of_image("heads", "vit-scenes", 3),
            "ViT", 586_480,
        ),
        CheckpointCard(
            "beit-scenes", "beit-scenes", "Tells visual tokens behind masks.", of_image("heads", "beit-scenes", 4),
            "BEiT", 643_728,
        ),
        CheckpointCard(
            "igpt-small", "igpt-small", "Completes images pixel by pixel.", of_image("heads", "igpt-small", 5),
            "Image GPT", 421_504,
        ),
        CheckpointCard(
            "igpt-masked", "igpt-masked", "Tells masked pixels from those on both sides.",
            of_image("heads", "igpt-masked", 5), "Image GPT, masked", 421_440,
        ),
        CheckpointCard(
            "virtex-scenes", "virtex-scenes", "Writes what it sees in a drawn scene.",
            of_image("heads", "virtex-scenes", 1), "VirTex", 2_549_142,
        ),
        CheckpointCard(
            "clip-scenes", "clip-scenes", "Compares drawn scenes with what is said of them.",
            of_labels("heads", "clip-scenes", *ON_THE_BEACH), "CLIP", 800_065,
        ),
        CheckpointCard(
            "oscar-scenes", "oscar-scenes", "Reads words, tags and regions of a scene in one stream.",
            of_words_and_image("heads", "oscar-scenes"), "OSCAR", 717_242,
        ),
        CheckpointCard(
            "oscar-scenes-no-tags", "oscar-scenes-no-tags", "The same without the tags.",
            of_words_and_image("heads", "oscar-scenes-no-tags"), "OSCAR", 717_242,
        ),
        CheckpointCard(
            "uniter-scenes", "uniter-scenes", "Reads words and the regions of a scene in one stream.",
            of_words_and_image("heads", "uniter-scenes"), "UNITER", 768_250,
        ),
        CheckpointCard(
            "vilbert-scenes", "vilbert-scenes", "Reads words and regions in two streams that ask each other.",
            of_words_and_image("heads", "vilbert-scenes"), "ViLBERT", 1_430_330,
        ),
        CheckpointCard(
            "vilt-scenes", "vilt-scenes", "Reads words and patches of a scene in one stream.",
            of_words_and_image("heads", "vilt-scenes"), "ViLT", 613_689,
        ),
        CheckpointCard(
            "videobert-clips", "videobert-clips", "Reads films as visual words, beside what is said.",
            of_visual_words("heads"), "VideoBERT", 946_154,
        ),
        CheckpointCard(
            "merlot-clips", "merlot-clips", "Reads four frames of a film with what is said of them.",
            of_film("attention", "merlot-clips"), "MERLOT", 1_109_950,
        ),
        CheckpointCard(
            "lseg-scenes", "lseg-scenes", "Tells which of your labels each pixel shows.",
            of_labels("heads", "lseg-scenes", *ON_THE_BEACH, "background"), "LSeg", 1_145_568,
        ),
        CheckpointCard(
            "polygen-furniture", "polygen-furniture", "Draws meshes of 12 classes of furniture.",
            ViewExample("mesh", "polygen-furniture", Input(mesh=MeshInput(0))), "PolyGen", 2_621_081,
        ),
    ),
)  # fmt: skip
LECTURE = (REVIEW, LANGUAGE, VISION)
BY_NAME = {card.name: card for part in (*LECTURE, CHECKPOINTS) for card in part.cards}


def parts_at_hand(checkpoints: Collection[str]) -> tuple[LecturePart, ...]:
    """The lecture and the checkpoints, with the cards whose checkpoints are there."""
    return tuple(
        LecturePart(part.title, tuple(card for card in part.cards if card.example.checkpoint in checkpoints))
        for part in (*LECTURE, CHECKPOINTS)
    )
