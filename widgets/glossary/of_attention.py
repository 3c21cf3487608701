"""Words about attention, and about what is inside a transformer."""

from __future__ import annotations

from widgets.glossary.entry import GlossaryEntry as Entry

ENTRIES = (
    Entry(
        "attention",
        "Each place takes a weighted mean of what all places say; the weights, which sum to 1, are its attention.",
        ("attends", "attended", "attend"),
        "softmax(Q Kᵀ / √d) V",
        "Vaswani et al. 2017",
    ),
    Entry("attention weight", "The share of its attention, 0 to 1, that a query gives a key.", ("weight of a key",)),
    Entry(
        "self-attention", "Attention of a sequence to itself: queries, keys and values come from the same places.",
        ("self attention",),
    ),
    Entry(
        "cross-attention", "Attention of one sequence to another: a decoder's queries, the encoder's keys and values.",
        ("cross attention",), "", "Vaswani et al. 2017",
    ),
    Entry(
        "head", "One of several attentions that a layer runs side by side, each with weights of its own.",
        (), "", "Vaswani et al. 2017",
    ),
    Entry("layer", "One floor of the model: attention and an MLP; each layer works on what the one below gave.", ()),
    Entry("group", "A stack of attention layers: a model may have several, such as encoder, decoder and cross-attention.", ("attention group",)),
    Entry("dₖ", "How many numbers a query has, and a key."),
    Entry("Kᵀ", "The keys, turned so that each query is multiplied with each of them."),
    Entry("query", "The vector with which a place asks: it is compared with every key.", ("queries",), "q = W_Q x"),
    Entry("key", "The vector by which a place is found: the closer to a query, the more attention it gets.", (), "k = W_K x"),
    Entry("value", "The vector that a place hands over where it is attended to.", ("value length",), "v = W_V x"),
    Entry(
        "softmax", "Turns any numbers into shares that are positive and sum to 1; the largest gets most.",
        (), "exp(xᵢ) / Σⱼ exp(xⱼ)",
    ),
    Entry("sigmoid", "Turns a number into one between 0 and 1, each by itself.", (), "1 / (1 + exp(−x))"),
    Entry(
        "dot product", "The sum of the products of two vectors' numbers: large where they point the same way.",
        ("scaled dot product",), "q · k = Σᵢ qᵢ kᵢ",
    ),
    Entry("score", "What comes out before the softmax: the higher, the larger the share.", ("attention score",), "q · k / √d"),
    Entry("pattern", "All attention weights of a head: a row a query, a column a key; every row sums to 1.", ("attention pattern",)),
    Entry(
        "entropy", "How widely a query spreads its attention: 0 bits on one key, log₂ n bits when all n get the same.",
        (), "−Σ p log₂ p",
    ),
    Entry(
        "Jensen–Shannon divergence", "How far apart two distributions are: 0 bits where they are the same, 1 where they share nothing.",
        ("Jensen-Shannon divergence",), "H((p + q) / 2) − (H(p) + H(q)) / 2", "Lin 1991",
    ),
    Entry("uncertainty", "The entropy of what a model expects: 0 bits where it is sure of one token.", (), "−Σ p log₂ p"),
    Entry(
        "mean distance", "How far away the keys are that a query looks at, weighed by the attention.", ("distance",),
        "Σⱼ aᵢⱼ |i − j|", "Vig and Belinkov 2019",
    ),
    Entry(
        "variance of distance", "How much the distances of one query differ: high where it looks near and far at once.",
        (), "Σⱼ aᵢⱼ (|i − j| − mean)²",
    ),
    Entry(
        "previous token", "As a measure of a head: the share of its attention that goes to the place before the query.",
        ("to previous", "previous patch", "previous pixel", "previous vertex", "previous coordinate", "previous face token"), "", "Clark et al. 2019",
    ),
    Entry(
        "next token", "The one that follows; as a measure of a head, the share of its attention that goes there.",
        ("to next", "next patch", "next pixel", "next vertex", "next coordinate", "next face token"),
    ),
    Entry(
        "same token", "The share of the attention that stays at the query's own place: the map's diagonal.",
        ("to itself", "same patch", "same pixel", "same vertex", "same coordinate", "same face token"),
    ),
    Entry(
        "[CLS]",
        "A token put first, before words or before patches: classes are told from its vector; idle heads rest there.",
        (), "", "Devlin et al. 2019",
    ),
    Entry("<s>", "The token before a text: models without [CLS] tell classes from it, decoders begin with it.", ("[SOS]", "<start>")),
    Entry(
        "[SEP]", "The token that ends a sentence; heads without work often rest there.", ("</s>",), "", "Clark et al. 2019",
    ),
    Entry("[EOS]", "The token that ends a text: a model that writes stops there.", ("<end>",)),
    Entry("[>]", "VideoBERT's token between the words of a text and the chips of its film.", (), "", "Sun et al. 2019"),
    Entry(
        "segment A", "The first part of the input, as sentence A or the words; segment B is the second, as sentence B or the tags.",
        ("segment B",), "", "Devlin et al. 2019",
    ),
    Entry(
        "special token", "A token that is no word: [CLS], [SEP], the start or the end of a text, padding.",
        ("to special", "special"),
    ),
    Entry(
        "induction", "The share of the attention on tokens that followed earlier occurrences of this token: copying.",
        ("induction share", "induction head"), "", "Olsson et al. 2022",
    ),
    Entry(
        "rollout", "Attention multiplied through the layers: how much of each input place has arrived where.",
        (), "R_l = (½ A_l + ½ I) R_{l−1}", "Abnar and Zuidema 2020",
    ),
    Entry("mean attention", "The mean of all heads of a layer: what rollout is made of.", ("mean of the layer", "mean of layer", "mean of the heads", "mean of all heads")),
    Entry("causal", "No place sees what comes after it, so that the next token can be learned.", ("causal mask", "masked self-attention")),
    Entry("encoder", "The half of a transformer that reads: every place sees every other."),
    Entry("decoder", "The half of a transformer that writes: every place sees only what is there before it."),
    Entry("encoder-decoder", "A model that reads with one stack of layers and writes with another, as for translation."),
    Entry(
        "residual stream", "The running sum at each place: every sub-layer reads it and adds to it.",
        ("stream", "residual"), "x ← x + SubLayer(x)", "Elhage et al. 2021",
    ),
    Entry("sub-layer", "Half a layer: its attention, or its MLP.", ("sublayer", "SubLayer")),
    Entry(
        "LayerNorm", "Brings the numbers of a place to mean 0 and spread 1, then scales and shifts each of them.",
        ("layer norm", "final norm", "LN"), "g (x − μ) / σ + b", "Ba et al. 2016",
    ),
    Entry("norm", "The length of a vector; or a step that brings vectors to one length (see LayerNorm).", ("norms", "normalised", "normalises")),
    Entry("L2 norm", "The length of a vector: the root of the sum of its squared numbers.", ("‖x‖",), "√(Σ xᵢ²)"),
    Entry("pre-norm", "The norm stands before each sub-layer, within the branch: training is steadier.", (), "x + SubLayer(LayerNorm(x))", "Xiong et al. 2020"),
    Entry("RMSNorm", "Brings the numbers of a place to a mean square of 1, then scales each of them.", ("RMS",), "g x / √mean(x²)", "Zhang and Sennrich 2019"),
    Entry("post-norm", "The norm stands after each sum, as in the Transformer of 2017.", (), "LayerNorm(x + SubLayer(x))", "Vaswani et al. 2017"),
    Entry("MLP", "The other half of a layer: two linear maps with a bend between them, at each place by itself.", ("feed-forward",), "W₂ f(W₁ x)"),
    Entry("bias", "A number that is added whatever the input is.", ("biases",)),
    Entry("embedding", "The vector with which a token, a patch or a position enters the model.", ("embeddings", "embedded")),
    Entry("unembedding", "The last map of a model: from the residual stream to one logit for each token.", (), "logits = W_U x"),
    Entry("logit", "The number that a model gives a token before the softmax: the higher, the likelier.", ()),
    Entry(
        "logit lens", "Reads the residual stream after every layer as if it were the last one.", (), "softmax(W_U LayerNorm(x_l))",
        "nostalgebraist 2020",
    ),
    Entry(
        "direct logit attribution", "Splits a word's logit into what embeddings, heads, MLPs and biases each add to it.",
        ("logit attribution",), "logit = Σ parts · u", "Elhage et al. 2021",
    ),
    Entry("d_model", "How many numbers the residual stream has at each place.", ("dimensions", "dimension", "dimensions d", "width")),
    Entry(
        "sinusoid", "Sines and cosines of many wave lengths that give each position a vector of its own.",
        ("sinusoidal",), "sin(pos / 10000^(2i/d)), cos(…)", "Vaswani et al. 2017",
    ),
    Entry("position", "Where a token stands: attention alone does not see it, so that it is added to the vectors.", ("positional encoding", "position encoding", "learned position", "PE")),
    Entry("Transformer", "A model of attention and MLPs, without recurrence: all places are computed at once.", (), "", "Vaswani et al. 2017"),
    Entry("path length", "How many steps lie between two places before one knows of the other.", (), "", "Vaswani et al. 2017"),
    Entry("sequential operation", "A step that waits for the one before it, however many computers there are."),
    Entry("FLOP", "A sum or a product of two numbers: how many there are is what computing costs."),
    Entry("BiLSTM", "Two LSTMs read a text, one from each end."),
    Entry("LSTM", "A recurrent network with gates: it reads one token after the other.", (), "", "Hochreiter and Schmidhuber 1997"),
    Entry("recurrent", "One step after the other: each needs the state that the last one left.", ("recurrent network", "recurrence")),
    Entry("convolution", "Each place is made of its k neighbours, with the same weights everywhere.", ("convolutional", "kernel k")),
    Entry("additive attention", "Attention whose scores come from a small network instead of a dot product.", (), "vᵀ tanh(W q + U k)", "Bahdanau et al. 2015"),
    # Cheaper attention
    Entry("sparse", "Only some of the n × n cells of attention are computed.", ("sparse attention",), "", "Child et al. 2019"),
    Entry("sliding window", "Each place sees only its w nearest neighbours.", ("window w",), "", "Beltagy et al. 2020"),
    Entry("dilation", "The window has gaps: every second or third neighbour is seen, so that it reaches further.", ("dilated", "dilated sliding window"), "", "Beltagy et al. 2020"),
    Entry("global", "A few places see all and are seen by all.", ("global g", "global attention"), "", "Beltagy et al. 2020"),
    Entry("random blocks", "Each block of queries also sees a few blocks drawn at random.", ("random r", "random + window + global", "random as in the code"), "", "Zaheer et al. 2020"),
    Entry("block", "Neighbouring places that are treated as one.", ("block b", "block-wise", "blocks of queries")),
    Entry("Longformer", "A transformer for long texts: windows, and a few global places.", (), "", "Beltagy et al. 2020"),
    Entry("BigBird", "A transformer for long texts: random, window and global blocks.", (), "", "Zaheer et al. 2020"),
    Entry("restricted self-attention", "Each place sees only r neighbours.", ("neighbourhood r", "restricted"), "", "Vaswani et al. 2017"),
    Entry("complexity", "How the work grows with the length n of the text.", (), "O(n² d) for full attention", "Vaswani et al. 2017"),
    Entry("low rank", "A matrix that is the product of two thin ones: fewer numbers say nearly the same.", ("low-rank", "rank", "best of that rank")),
    Entry("Linformer", "Keys and values are first mixed down to k of them.", (), "softmax(Q (E K)ᵀ / √d) F V", "Wang et al. 2020"),
    Entry("FAVOR+", "Performer's trick: random features whose dot products are the softmax's exponentials on average.", ("performer", "positive features", "features"), "exp(q · k) ≈ φ(q) · φ(k)", "Choromanski et al. 2021"),
    Entry("Nyström", "The whole pattern is made of the attention from and to a few landmarks.", ("nystrom", "Nyströmformer"), "F A⁺ B", "Xiong et al. 2021"),
    Entry("landmark", "The mean of a stretch of tokens, which stands for all of them.", (), "", "Xiong et al. 2021"),
    Entry("linear attention", "The softmax is replaced by a map of its own for queries and for keys, so that n² cells need not be computed.", ("elu + 1", "elu"), "φ(Q) (φ(K)ᵀ V)", "Katharopoulos et al. 2020"),
    Entry("Gaussian", "Random numbers, most of them near 0, as the bell curve has them."),
    Entry("mean pooling", "Neighbours are replaced by their mean.", ("pooling",)),
)  # fmt: skip
