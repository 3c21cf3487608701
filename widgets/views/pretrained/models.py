"""Pretrained language models of 2015 to 2020, what each changed, and what went into it; each with its source.

Sizes and data are those of the largest model that its paper trained. Numbers are the papers' own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class PretrainedModel:
    """A model, or a way to pretrain one.

    Attributes
    ----------
    parent
        Key of the model that it grew out of; empty for the first ones.
    change
        What it does otherwise than its parent, in a few words; models of one parent and change stand in one row.
    objective, architecture, data, tokens
        What it was trained for, what it is made of, on what, and what its text was cut into.
    source
        Authors, year and where it was published.
    prefix
        How its classes begin in transformers, where Headlight opens its checkpoints; else empty.
    """

    key: str
    name: str
    year: int
    parent: str
    change: str
    objective: str
    architecture: str
    data: str
    tokens: str
    source: str
    prefix: str = ""

    def is_of(self, architecture: str) -> bool:
        """Whether a class of transformers is one of this model."""
        heads = "For|Model|LMHead|DoubleHeads|WithLMHead|PreTraining"
        return bool(self.prefix) and re.match(rf"{self.prefix}({heads})", architecture) is not None


_M = PretrainedModel
_BERT_DATA = "BooksCorpus and English Wikipedia, 3.3 billion words"

MODELS: tuple[PretrainedModel, ...] = (
    _M(
        "semi-supervised", "Semi-supervised sequence learning", 2015, "", "",
        "next word, or the text itself again (autoencoder)", "LSTM",
        "unlabelled reviews and articles of the task itself", "words", "Dai and Le 2015, NeurIPS",
    ),
    _M(
        "context2vec", "context2vec", 2016, "", "",
        "the word between its two contexts, with negative sampling",
        "LSTM from either side and a feed-forward network", "ukWaC, 2 billion words", "words",
        "Melamud, Goldberger and Dagan 2016, CoNLL",
    ),
    _M(
        "seq2seq", "Pre-trained seq2seq", 2017, "", "",
        "next word; both halves of a translation model begin from language models", "LSTM encoder and decoder",
        "news in either language", "word pieces", "Ramachandran, Liu and Le 2017, EMNLP",
    ),
    _M(
        "elmo", "ELMo", 2018, "semi-supervised", "features of every layer",
        "next word, from the left and from the right", "2 LSTM layers each way, 94 million parameters",
        "One Billion Word Benchmark", "characters, put together to words", "Peters et al. 2018, NAACL",
    ),
    _M(
        "ulmfit", "ULMFiT", 2018, "semi-supervised", "general text first",
        "next word; then on the text of the task; then the task, layer by layer",
        "3 LSTM layers of 1,150 units (AWD-LSTM)", "WikiText-103, 103 million words", "words",
        "Howard and Ruder 2018, ACL",
    ),
    _M(
        "multifit", "MultiFiT", 2019, "ulmfit", "multilingual",
        "next token, in one language at a time", "4 layers of quasi-recurrent units",
        "Wikipedia of seven languages, 100 million tokens each", "15,000 pieces (Unigram)",
        "Eisenschlos et al. 2019, EMNLP",
    ),
    _M(
        "gpt", "GPT", 2018, "semi-supervised", "the Transformer's decoder",
        "next token; then a linear classifier, with both losses",
        "Transformer decoder, 12 layers, 117 million parameters", "BooksCorpus, 800 million words",
        "40,000 merges (BPE)", "Radford et al. 2018", "OpenAIGPT",
    ),
    _M(
        "gpt2", "GPT-2", 2019, "gpt", "larger, more data",
        "next token; every task is put as a text", "Transformer decoder, 48 layers, 1.5 billion parameters",
        "WebText, 8 million pages, 40 GB", "50,257 tokens (BPE over bytes)", "Radford et al. 2019", "GPT2",
    ),
    _M(
        "grover", "Grover", 2019, "gpt2", "finds machine-made news",
        "next token of an article and of its date, author and headline; told from real ones",
        "Transformer decoder, 48 layers, 1.5 billion parameters", "RealNews, 120 GB", "as GPT-2",
        "Zellers et al. 2019, NeurIPS",
    ),
    _M(
        "gpt3", "GPT-3", 2020, "gpt2", "learns from its prompt",
        "next token; tasks are shown in the prompt, and nothing is fine-tuned",
        "Transformer decoder, 96 layers, every other one with sparse attention, 175 billion parameters",
        "filtered Common Crawl, WebText2, books, Wikipedia: 300 billion tokens", "as GPT-2",
        "Brown et al. 2020, NeurIPS",
    ),
    _M(
        "bert", "BERT", 2018, "semi-supervised", "the Transformer's encoder",
        "15 % of the tokens are masked, and guessed from the words on both sides; next sentence",
        "Transformer encoder, 24 layers, 340 million parameters", _BERT_DATA, "30,000 pieces (WordPiece)",
        "Devlin et al. 2019, NAACL", "Bert",
    ),
    _M(
        "xlm", "XLM", 2019, "bert", "multilingual",
        "masked tokens; of a sentence and its translation together", "Transformer encoder, 12 layers of 1,024",
        "Wikipedia of 15 languages, and translations", "95,000 merges (BPE), shared",
        "Lample and Conneau 2019, NeurIPS", "XLM",
    ),
    _M(
        "udify", "UDify", 2019, "bert", "multilingual",
        "parts of speech, lemmas and syntax of 75 languages at once", "multilingual BERT, fine-tuned",
        "124 treebanks of Universal Dependencies", "as multilingual BERT", "Kondratyuk and Straka 2019, EMNLP",
    ),
    _M(
        "mt-dnn", "MT-DNN", 2019, "bert", "several tasks at once",
        "all tasks of GLUE, with shared layers below", "BERT, 340 million parameters", "as BERT, then the tasks",
        "as BERT", "Liu et al. 2019, ACL",
    ),
    _M(
        "mt-dnn-kd", "MT-DNN KD", 2019, "mt-dnn", "distilled",
        "what an ensemble of MT-DNNs says of each task", "as MT-DNN", "as MT-DNN", "as BERT",
        "Liu et al. 2019, arXiv",
    ),
    _M(
        "mass", "MASS", 2019, "bert", "generation",
        "the decoder tells a span of half the sentence that the encoder does not see",
        "Transformer encoder and decoder", "WMT News Crawl", "60,000 merges (BPE), shared", "Song et al. 2019, ICML",
    ),
    _M(
        "unilm", "UniLM", 2019, "bert", "generation",
        "masked tokens that may look to the left, to both sides, or to a source and to the left", "as BERT",
        "BooksCorpus and English Wikipedia", "28,996 pieces (WordPiece)", "Dong et al. 2019, NeurIPS",
    ),
    _M(
        "spanbert", "SpanBERT", 2019, "bert", "spans, no next sentence",
        "masked spans of 3.8 words on average, told from their two ends too", "as BERT", _BERT_DATA, "as BERT",
        "Joshi et al. 2020, TACL",
    ),
    _M(
        "roberta", "RoBERTa", 2019, "bert", "longer, more data, no next sentence",
        "masked tokens, drawn anew each time; batches of 8,000 texts",
        "Transformer encoder, 24 layers, 355 million parameters",
        "books, Wikipedia, news, OpenWebText, stories: 160 GB", "50,000 tokens (BPE over bytes)",
        "Liu et al. 2019, arXiv", "Roberta",
    ),
    _M(
        "xlnet", "XLNet", 2019, "bert", "permutations, Transformer-XL, more data",
        "next token in a random order of the positions",
        "Transformer-XL with two streams, 24 layers, 340 million parameters",
        "books, Wikipedia, news, the web: 33 billion pieces", "32,000 pieces (SentencePiece)",
        "Yang et al. 2019, NeurIPS", "XLNet",
    ),
    _M(
        "ernie-tsinghua", "ERNIE (Tsinghua)", 2019, "bert", "knowledge graph",
        "masked tokens, and which entity a token stands for", "BERT and layers that fuse tokens with entities",
        "English Wikipedia, entities of Wikidata", "as BERT", "Zhang et al. 2019, ACL",
    ),
    _M(
        "knowbert", "KnowBert", 2019, "bert", "knowledge graph",
        "masked tokens, next sentence, and which entity is meant", "BERT with layers that link entities",
        "as BERT, WordNet, links of Wikipedia", "as BERT", "Peters et al. 2019, EMNLP",
    ),
    _M(
        "videobert", "VideoBERT", 2019, "bert", "images and films",
        "masked words and masked visual words; whether speech and film belong together", "BERT, 24 layers",
        "312,000 cooking films", "WordPiece, and 20,736 clusters of clips", "Sun et al. 2019, ICCV",
    ),
    _M(
        "cbt", "CBT", 2019, "bert", "images and films",
        "which features of a film come at a place, told from others (contrastive)",
        "BERT, and a Transformer over films", "HowTo100M, Kinetics", "WordPiece; features as they are",
        "Sun et al. 2019, arXiv",
    ),
    _M(
        "vilbert", "ViLBERT", 2019, "bert", "images and films",
        "masked words and classes of masked regions; whether caption and image belong together",
        "two streams that attend to each other", "Conceptual Captions, 3.3 million pairs",
        "WordPiece; regions of a detector", "Lu et al. 2019, NeurIPS",
    ),
    _M(
        "visualbert", "VisualBERT", 2019, "bert", "images and films",
        "masked words beside an image; whether a caption belongs to it", "one stream of words and regions",
        "COCO captions", "WordPiece; regions of a detector", "Li et al. 2019, arXiv", "VisualBert",
    ),
    _M(
        "b2t2", "B2T2", 2019, "bert", "images and films",
        "masked words beside an image; whether a caption belongs to it",
        "BERT; boxes are put in where the text names them", "Conceptual Captions, 3.3 million pairs",
        "WordPiece; features of boxes", "Alberti et al. 2019, EMNLP",
    ),
    _M(
        "unicoder-vl", "Unicoder-VL", 2019, "bert", "images and films",
        "masked words, classes of masked regions, whether both belong together", "one stream of words and regions",
        "Conceptual Captions and SBU, 3.8 million pairs", "WordPiece; regions of a detector", "Li et al. 2020, AAAI",
    ),
    _M(
        "lxmert", "LXMERT", 2019, "bert", "images and films",
        "masked words, masked objects, whether both belong together, questions",
        "two streams, then layers that cross them", "COCO, Visual Genome and questions on them, 9.2 million pairs",
        "WordPiece; regions of a detector", "Tan and Bansal 2019, EMNLP", "Lxmert",
    ),
    _M(
        "vl-bert", "VL-BERT", 2019, "bert", "images and films",
        "masked words with the image, classes of masked regions with the words", "one stream of words and regions",
        "Conceptual Captions; books and Wikipedia", "WordPiece; regions of a detector", "Su et al. 2020, ICLR",
    ),
    _M(
        "uniter", "UNITER", 2019, "bert", "images and films",
        "masked words or regions, one kind at a time; matching of texts and images, of words and regions",
        "one stream of words and regions, 24 layers", "COCO, Visual Genome, Conceptual Captions, SBU",
        "WordPiece; regions of a detector", "Chen et al. 2020, ECCV",
    ),
    _M(
        "ernie-baidu", "ERNIE (Baidu)", 2019, "bert", "whole words",
        "masked words, phrases and names, each as a whole", "as BERT, 12 layers",
        "Chinese encyclopedias, news and forums", "characters", "Sun et al. 2019, arXiv",
    ),
    _M(
        "bert-wwm", "BERT-wwm", 2019, "bert", "whole words",
        "masked words, each as a whole; next sentence", "as BERT, 12 layers", "Chinese Wikipedia", "characters",
        "Cui et al. 2019, arXiv",
    ),
)  # fmt: skip
BY_KEY = {model.key: model for model in MODELS}
# Small ones that come with Headlight, by the key of their model.
BUNDLED = {
    "bert": "bert-mini", "gpt2": "gpt-mini", "videobert": "videobert-clips", "vilbert": "vilbert-scenes",
    "uniter": "uniter-scenes",
}  # fmt: skip
# Classes of ours that are of a model of the tree.
_OURS = {
    "VideoBert": "videobert", "VilBert": "vilbert", "Uniter": "uniter", "UnicoderVl": "unicoder-vl",
    "VlBert": "vl-bert",
}  # fmt: skip
# What models that are not in the tree are nearest to, in what they read and learned, by how their classes begin.
_KIN = {
    "ImageGPT": "gpt2", "PolyGen": "gpt2", "VirTex": "gpt", "MaskedImageGPT": "bert", "Beit": "bert", "ViTFor": "bert",
    "ViTModel": "bert", "TransformerForTranslation": "mass", "Vilt": "visualbert", "PixelBert": "visualbert",
    "Oscar": "visualbert", "CLIP": "vilbert", "LSeg": "vilbert", "Merlot": "videobert",
}  # fmt: skip

# What a class of transformers was trained to do, by how its name ends: the first that fits.
_OBJECTIVES = {
    "ForMaskedLM": "masked words, from both sides",
    "ForNextSentencePrediction": "whether a sentence follows another one",
    "ViltForPreTraining": "masked words, and whether text and image belong together",
    "VisualBertForPreTraining": "masked words, and whether text and image belong together",
    "BertForPreTraining": "masked words, and whether a sentence follows another one",
    "ForPreTraining": "masked words, and other tasks",
    "ForCausalLM": "the next token, from those before it",
    "LMHeadModel": "the next token, from those before it",
    "ForCausalImageModeling": "the next pixel, from those before it",
    "DoubleHeadsModel": "the next token, and which end fits",
    "ForMaskedImageModeling": "what masked patches show",
    "MaskedImageGPT": "hidden pixels, from all others",
    "ForMeshGeneration": "the next coordinate of a mesh's vertices, then the next corner of its faces",
    "ForSpeechSeq2Seq": "a text for a sound",
    "ForCTC": "letters of a sound",
    "ForConditionalGeneration": "a text for what is read, token by token",
    "ForTranslation": "a translation, token by token",
    "ForSequenceClassification": "classes of texts",
    "ForTokenClassification": "classes of tokens",
    "ForQuestionAnswering": "where in a text an answer stands",
    "ForMultipleChoice": "which of several ends fits",
    "ForImageClassification": "classes of images",
    "ForObjectDetection": "boxes of things in an image, and their classes",
    "ForSemanticSegmentation": "classes of pixels",
    "ForImageSegmentation": "the pixels that a text is said of",
    "ForDepthEstimation": "how far away pixels are",
    "VirTex": "a caption of an image, from its beginning and from its end",
    "Uniter": "masked words and regions, and whether text and image belong together",
    "UnicoderVl": "masked words and regions, and whether text and image belong together",
    "VilBert": "masked words and regions, and whether text and image belong together",
    "VlBert": "masked words and regions",
    "Oscar": "masked words, and whether text and image belong together",
    "PixelBert": "masked words, and whether text and image belong together",
    "Merlot": "masked words, what is said at which frame (contrastive), and the order of frames",
    "VideoBert": "masked words and visual words, and whether text and film belong together",
    "LSeg": "which label fits each pixel",
    "CLIPModel": "which text is said of which image (contrastive)",
    "MetaClip2Model": "which text is said of which image (contrastive)",
    "SiglipModel": "whether a text is said of an image, pair by pair (contrastive)",
}


def objective_of(architecture: str) -> str:
    """What a class of transformers, or one of ours, is trained to tell; empty where its name does not say."""
    return next((told for end, told in _OBJECTIVES.items() if architecture.endswith(end)), "")


def model_of(architecture: str) -> PretrainedModel | None:
    """Which of them a class of transformers, or one of ours, is; None for others."""
    if architecture in _OURS:
        return BY_KEY[_OURS[architecture]]
    return next((model for model in MODELS if model.is_of(architecture)), None)


def kin_of(architecture: str) -> PretrainedModel | None:
    """Which of them one that is not in the tree is nearest to; None where that is not known."""
    return next((BY_KEY[key] for start, key in _KIN.items() if architecture.startswith(start)), None)
