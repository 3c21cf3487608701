"""The outline of the lecture "Pretraining with transformers", in our own words; each topic names cards of Home."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class LectureTopic:
    """What the lecture says of something, in a sentence, and the cards that show it, by their names."""

    title: str
    says: str
    cards: tuple[str, ...]


@dataclass(frozen=True)
class OutlinePart:
    """A part of the lecture with its topics."""

    title: str
    topics: tuple[LectureTopic, ...]


OUTLINE = (
    OutlinePart(
        "1  Review of transformers",
        (
            LectureTopic(
                "The Transformer, 2017",
                "An encoder-decoder for translation: attention without recurrence, so that training is parallel.",
                ("transformer",),
            ),
            LectureTopic(
                "Scaled dot-product attention",
                "Queries meet keys, a softmax makes shares of the scores, and the values are averaged by these.",
                ("scaled_dot",),
            ),
            LectureTopic(
                "Multi-head attention",
                "Several heads side by side, joined and projected.",
                ("heads", "attention", "arcs", "measures", "head_similarity", "rollout"),
            ),
            LectureTopic(
                "Residual connections and LayerNorm",
                "LayerNorm(x + SubLayer(x)) after each of the two sub-layers.",
                ("norms",),
            ),
            LectureTopic(
                "Position", "Sines and cosines of many wave lengths, or a learned table.", ("sinusoids", "positions")
            ),
            LectureTopic(
                "Encoder, decoder, cross-attention",
                "Masked self-attention below; queries from the decoder, keys and values from the encoder above.",
                ("cross_attention", "training_stages"),
            ),
            LectureTopic(
                "Subwords, and how it is trained",
                "BPE and WordPiece; warm-up and decay of the learning rate; label smoothing.",
                ("vocabulary", "tokenizer", "schedule", "smoothing"),
            ),
            LectureTopic(
                "Complexity", "Attention beside recurrence and convolution: work, steps, longest path.", ("complexity",)
            ),
            LectureTopic(
                "Long sequences",
                "Longformer and BigBird leave cells out; other methods decompose the N × N matrix or use kernels.",
                ("sparse", "approximation"),
            ),
        ),
    ),
    OutlinePart(
        "2  Language pre-training",
        (
            LectureTopic(
                "Pre-train on much, fine-tune on little",
                "Language models of both kinds: of what was before, and of what stands on both sides.",
                ("family_tree",),
            ),
            LectureTopic(
                "Word2vec", "Skip-gram and CBOW learn a vector for each word.", ("word_vectors", "analogy", "word2vec")
            ),
            LectureTopic("Chain rule and n-grams", "Counting words in a row, k words of history.", ("ngrams",)),
            LectureTopic(
                "BERT",
                "Masked words (80 % [MASK], 10 % another word, 10 % as is), next sentence; then a task, as in GLUE.",
                ("masked", "mask_lab", "next_sentence", "prediction", "fine_tuning", "lens", "attribution"),
            ),
            LectureTopic(
                "GPT, GPT-2, GPT-3",
                "Language modelling from left to right; every task as text; a few examples instead of fine-tuning.",
                ("generation", "surprisal", "few_shot"),
            ),
        ),
    ),
    OutlinePart(
        "3  Images, 3D, vision and language",
        (
            LectureTopic("ViT", "Patches of an image are read as a text is.", ("patches", "classes")),
            LectureTopic("BEiT", "Predicts the visual tokens behind masks.", ("masked_image",)),
            LectureTopic(
                "Image GPT",
                "Pixels one after the other, or masked; a middle layer tells classes best.",
                ("complete_image", "masked_pixels"),
            ),
            LectureTopic("PolyGen", "Vertices first, then faces that point at them.", ("mesh",)),
            LectureTopic(
                "VirTex", "An image is read, its caption is written: what it learned to see by.", ("caption", "joint")
            ),
            LectureTopic("CLIP", "Does the pair of image and text match?", ("similarity", "relevance", "zero_shot")),
            LectureTopic("LSeg", "CLIP's text encoder, and a vector for every pixel.", ("segments",)),
            LectureTopic("ViLBERT", "Words and regions in two streams that ask each other.", ("vilbert",)),
            LectureTopic("ViLT", "Words and patches in one stream, without a detector.", ("vilt",)),
            LectureTopic("OSCAR", "The tags of a detector, as words between words and regions.", ("oscar",)),
            LectureTopic("UNITER", "Words and regions in one stream.", ("uniter",)),
            LectureTopic(
                "VideoBERT and CBT",
                "Stretches of a film as words of their own, or as vectors, beside what is said.",
                ("visual_words",),
            ),
            LectureTopic(
                "MERLOT",
                "Frames of a film and what is said: which belong together, and what comes first?",
                ("order", "clip"),
            ),
        ),
    ),
)
