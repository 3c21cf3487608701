"""Words about training, and about tasks that models are compared by."""

from __future__ import annotations

from widgets.glossary.entry import GlossaryEntry as Entry

ENTRIES = (
    Entry("checkpoint", "A trained model as it lies on disk: its weights, its shape and its tokenizer.", ()),
    Entry("weights", "The numbers of a model that training sets.", ("parameters", "parameter")),
    Entry("pre-training", "Learning from much text or many images without labels, before any task.", ("pretraining", "pre-trained", "pretrained")),
    Entry("fine-tuning", "Learning a task from a few labelled examples, on top of what was learned before.", ("fine-tune", "fine-tuned")),
    Entry("LoRA", "Low-rank adaptation: the weights stay, and two thin matrices are learned beside them.", (), "W + B A", "Hu et al. 2022"),
    Entry("adapter", "A few weights that are learned beside those of a model, which stay as they are.", (), "", "Houlsby et al. 2019"),
    Entry("linear probe", "A linear classifier on vectors from inside a model: does what it learns lie there plainly?", ("linear classifier", "probe"), "", "Alain and Bengio 2016"),
    Entry("loss", "What training makes small: mostly the mean surprisal of the right answers.", (), "−mean(log p(right))"),
    Entry("validation", "Numbers from examples that were kept apart and are never learned from.", ("held out", "held-out")),
    Entry("gradient", "In which direction and how strongly each weight would change the loss.", ("gradients",)),
    Entry("clip", "A gradient that is too long is shortened to a length.", ("gradient clipping",), "g · min(1, c / ‖g‖)"),
    Entry("learning rate", "How far one step of training goes along the gradient.", ("rate", "peak", "rate rises")),
    Entry("warm-up", "The learning rate rises from 0 over the first steps.", ("warm up",), "", "Vaswani et al. 2017"),
    Entry("decay", "The learning rate falls after its peak.", ("linear decay", "cosine decay", "inverse square root", "formula of 2017")),
    Entry("label smoothing", "The right answer gets 1 − ε of the target, all answers share the rest.", (), "(1 − ε) · onehot + ε / n", "Szegedy et al. 2016"),
    Entry("one-hot", "1 for the right answer, 0 for all others."),
    Entry("dropout", "Numbers are left out at random while training, so that no one of them is relied on.", (), "", "Srivastava et al. 2014"),
    Entry("batch", "The examples of one step of training."),
    Entry("epoch", "One pass through all examples.", ("epochs",)),
    Entry("seed", "The number that all randomness starts from: the same seed gives the same result.", ("seeds",)),
    Entry("Adam", "A way to train that gives each weight a step size of its own.", (), "", "Kingma and Ba 2015"),
    Entry("reversal", "A toy task: write a string backwards.", ("string reversal",)),
    Entry("accuracy", "The share of answers that are right."),
    Entry("objective", "What a model is trained to do, such as guessing masked words."),
    Entry("median", "The number in the middle: half are smaller, half are larger."),
    Entry("standard deviation", "How far numbers typically lie from their mean.", (), "√(mean((x − μ)²))"),
    Entry("logarithmic", "Equal steps stand for equal factors.", ("logarithm",)),
    Entry("GLUE", "Nine tasks of understanding English, by which BERT and others were compared.", (), "", "Wang et al. 2018"),
    Entry("MNLI", "GLUE task: does a sentence follow from another, contradict it, or neither?"),
    Entry("QQP", "GLUE task: do two questions ask the same?"),
    Entry("QNLI", "GLUE task: does a sentence answer a question?"),
    Entry("SST-2", "GLUE task: does a sentence praise or pan a film?"),
    Entry("CoLA", "GLUE task: is a sentence good English?"),
    Entry("STS-B", "GLUE task: how alike are two sentences?"),
    Entry("MRPC", "GLUE task: do two sentences say the same?"),
    Entry("RTE", "GLUE task: does a sentence follow from another?"),
)  # fmt: skip
