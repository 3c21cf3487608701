"""Words about images, meshes, and models that see and read."""

from __future__ import annotations

from widgets.glossary.entry import GlossaryEntry as Entry

ENTRIES = (
    Entry("patch", "A small square of an image, which is to a vision transformer what a token is to BERT.", ("patches",), "", "Dosovitskiy et al. 2021"),
    Entry("frame", "One image of a film.", ("frames",)),
    Entry("film", "Images one after the other; a model is shown some of them.", ("films",)),
    Entry("VideoMAE", "Learns films by filling in places that are hidden in all frames.", (), "", "Tong et al. 2022"),
    Entry("TimeSformer", "In each layer a patch attends over time, then a frame over space.", (), "", "Bertasius et al. 2021"),
    Entry("ViViT", "A vision transformer whose patches reach over two frames and more.", (), "", "Arnab et al. 2021"),
    Entry("X-CLIP", "CLIP for films: frames send messages to each other.", (), "", "Ni et al. 2022"),
    Entry("ViT", "Vision transformer: patches of an image are read as a text is.", (), "", "Dosovitskiy et al. 2021"),
    Entry("BEiT", "Learns images as BERT learns text: it names the visual tokens behind masked patches.", (), "", "Bao et al. 2022"),
    Entry("visual token", "One of a fixed set of numbers that stands for what a patch looks like.", (), "", "Bao et al. 2022"),
    Entry("Image GPT", "A language model whose words are the colours of pixels.", (), "log p(x) = Σ log p(xₜ | x₁ … xₜ₋₁)", "Chen et al. 2020"),
    Entry("CLIP", "Learns from images and captions which belong together.", (), "", "Radford et al. 2021"),
    Entry("LSeg", "Gives each pixel the label whose text vector is nearest.", (), "", "Li et al. 2022"),
    Entry("VirTex", "Learns to see by writing captions, from the first word to the last and from the last to the first.", (), "", "Desai and Johnson 2021"),
    Entry("caption", "A sentence that says what is in an image.", ("captions",)),
    Entry("blind", "A control: all that was read of the image is set to zero, so that only what is usual can be written."),
    Entry("focus", "How much of the attention that lies there lies on few places: 1 is a single one, 0 an even spread."),
    Entry("relevance", "How much each patch or word raised the model's score: attention times its gradient, through all layers.", (), "R ← R + mean(max(A ∘ ∂y/∂A, 0)) R", "Chefer et al. 2021"),
    Entry("mIoU", "Mean over the labels of overlap: common pixels divided by those of either.", (), "mean(|A ∩ B| / |A ∪ B|)"),
    Entry("template", "A sentence with {} where the label goes, such as “a photo of a {}”.", (), "", "Radford et al. 2021"),
    Entry("confusion", "A table: true labels against those that were given."),
    Entry("contrastive", "What belongs together is drawn closer, all else is pushed apart."),
    Entry("spotlight", "What has low numbers is darkened, instead of colouring everything."),
    Entry("opacity", "How much of the image the colours over it hide."),
    Entry("region", "A part of an image that a detector has found.", ("regions",)),
    Entry("ImageNet", "1.28 million photographs of 1,000 classes, by which vision models are compared.", (), "", "Deng et al. 2009"),
    Entry("VTAB", "19 tasks with 1,000 examples each, by which vision models are compared.", (), "", "Zhai et al. 2019"),
    Entry("TPU core-days", "Cost of training: days that one core of Google's chips would have needed.", ("core-days",)),
    Entry("mesh", "A surface of corners (vertices) and the polygons between them (faces).", ("meshes",)),
    Entry("vertex", "A corner of a mesh: three whole numbers, z, y and x.", ("vertices",), "", "Nash et al. 2020"),
    Entry("face", "A polygon of a mesh, told by its corners.", ("faces",), "", "Nash et al. 2020"),
    Entry("n-gon", "A polygon of any number of corners."),
    Entry("PolyGen", "Writes a mesh as a text: first all vertices, then the faces.", (), "p(M) = p(F | V) p(V)", "Nash et al. 2020"),
    Entry("pointer network", "Chooses by pointing at one of the things that are there: a face points at its vertices.", ("points at", "pointer"), "", "Vinyals et al. 2015"),
    Entry("X-ray", "Faces are seen through."),
    Entry("wires", "Edges only."),
)  # fmt: skip
