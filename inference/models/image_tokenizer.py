"""An image as a grid of discrete tokens, and back: a small vector-quantised autoencoder.

References
----------
van den Oord, Vinyals and Kavukcuoglu 2017, "Neural Discrete Representation Learning" (arXiv 1711.00937), section 3:
nearest code, straight-through gradient, commitment loss; appendix A.1: codes as moving averages of what they stand for.
Dhariwal et al. 2020, "Jukebox" (arXiv 2005.00341), section 3.1: codes that are not used begin anew at random outputs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import AutoConfig, AutoModel, PreTrainedConfig, PreTrainedModel
from transformers.utils.generic import ModelOutput


class ImageTokenizerConfig(PreTrainedConfig):
    """Sizes of a tokenizer.

    Parameters
    ----------
    vocab_size
        Codes in the book.
    image_size
        Side of the images it was trained on, in pixels; it takes any that `patch_size` divides.
    patch_size
        Pixels of a token, in both directions.
    hidden_size
        Channels on the grid of tokens.
    code_size
        Numbers of a code.
    """

    model_type = "image_tokenizer"

    def __init__(
        self,
        vocab_size: int = 256,
        image_size: int = 64,
        patch_size: int = 4,
        hidden_size: int = 96,
        code_size: int = 16,
        commitment: float = 0.25,
        decay: float = 0.98,
        **kwargs: Any,
    ) -> None:
        self.vocab_size = vocab_size
        self.image_size = image_size
        self.patch_size = patch_size
        self.hidden_size = hidden_size
        self.code_size = code_size
        self.commitment = commitment
        self.decay = decay
        super().__init__(**kwargs)


@dataclass
class ImageTokenizerOutput(ModelOutput):
    """What training needs.

    Attributes
    ----------
    loss
        Mean squared error of the pixels and `commitment` times that of the codes.
    error
        The first alone.
    tokens
        int64 [batch, row, column].
    features
        [batch, row, column, code_size], before they were replaced by codes.
    """

    loss: Tensor | None = None
    error: Tensor | None = None
    tokens: Tensor | None = None
    features: Tensor | None = None


class ImageTokenizer(PreTrainedModel):
    """Tokens of images, and images of tokens.

    Images are float [batch, 3, height, width] from -1 to 1, tokens int64 [batch, row, column], one a patch.
    """

    config_class = ImageTokenizerConfig
    config: ImageTokenizerConfig
    base_model_prefix = "image_tokenizer"
    main_input_name = "images"
    codebook: Tensor
    use: Tensor
    sums: Tensor

    def __init__(self, config: ImageTokenizerConfig) -> None:
        super().__init__(config)
        d, d_code, side = config.hidden_size, config.code_size, config.patch_size
        # No patch sees another, so that the tokens of the shown ones tell nothing of those that are hidden.
        self.encoder = nn.Sequential(
            nn.Conv2d(3, d, side, stride=side), nn.ReLU(), nn.Conv2d(d, d, 1), nn.ReLU(), nn.Conv2d(d, d_code, 1)
        )
        self.decoder = nn.Sequential(
            nn.Conv2d(d_code, d, 3, padding=1),
            _Residual(d),
            _Residual(d),
            nn.ReLU(),
            nn.Conv2d(d, 3 * side * side, 3, padding=1),
            nn.PixelShuffle(side),
        )
        self.register_buffer("codebook", torch.zeros(config.vocab_size, d_code))
        # Moving averages: how many features a code stood for in a batch, and their sum.
        self.register_buffer("use", torch.zeros(config.vocab_size))
        self.register_buffer("sums", torch.zeros(config.vocab_size, d_code))
        self.post_init()

    @torch.no_grad()
    def _init_weights(self, module: nn.Module) -> None:
        """torch's own for the layers; the first batch fills the codebook."""
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, ImageTokenizer):
            for buffer in (module.codebook, module.use, module.sums):
                nn.init.zeros_(buffer)

    def features(self, images: Tensor) -> Tensor:
        """What is compared with the codes, [batch, row, column, code_size]."""
        return self.encoder(images).permute(0, 2, 3, 1)

    def nearest(self, features: Tensor) -> Tensor:
        """The nearest code of each vector, int64, by Euclidean distance."""
        distance = self.codebook.pow(2).sum(-1) - 2 * features @ self.codebook.T  # without what all codes share
        return distance.argmin(-1)

    @torch.no_grad()
    def tokens(self, images: Tensor) -> Tensor:
        """Tokens of images.

        Raises
        ------
        ValueError
            If the images are not [batch, 3, height, width] with sides that `patch_size` divides; says their shape.
        """
        side = self.config.patch_size
        if images.ndim != 4 or images.shape[1] != 3 or images.shape[2] % side or images.shape[3] % side:
            raise ValueError(
                f"Images of shape {tuple(images.shape)} have no tokens: [batch, 3, height, width] is needed, "
                f"with sides that {side} divides."
            )
        return self.nearest(self.features(images))

    @torch.no_grad()
    def rebuild(self, tokens: Tensor) -> Tensor:
        """Images of tokens, [batch, 3, height, width] from -1 to 1.

        Raises
        ------
        ValueError
            If a token is not in the codebook; says which, and what there is.
        """
        if tokens.numel() and not 0 <= int(tokens.min()) <= int(tokens.max()) < self.config.vocab_size:
            strange = tokens[(tokens < 0) | (tokens >= self.config.vocab_size)][0]
            raise ValueError(f"There is no token {int(strange)}: they go from 0 to {self.config.vocab_size - 1}.")
        return self._decode(self.codebook[tokens]).clamp(-1, 1)

    def forward(self, images: Tensor) -> ImageTokenizerOutput:
        """Loss of an autoencoder whose middle is replaced by codes; gradients pass as if it were not."""
        features = self.features(images)
        tokens = self.nearest(features.detach())
        codes = self.codebook[tokens]
        error = F.mse_loss(self._decode(features + (codes - features).detach()), images)
        loss = error + self.config.commitment * F.mse_loss(features, codes)
        return ImageTokenizerOutput(loss=loss, error=error, tokens=tokens, features=features)

    @torch.no_grad()
    def update_codes(self, features: Tensor, tokens: Tensor, generator: torch.Generator, least_use: float) -> int:
        """Move the codes towards what they stood for in a batch; those used less than `least_use` begin anew.

        Returns
        -------
        int
            How many began anew.
        """
        features, tokens = features.detach().flatten(0, -2).to(self.sums.dtype), tokens.flatten()
        decay = self.config.decay
        use = torch.zeros_like(self.use).index_add_(0, tokens, torch.ones_like(features[:, 0]))
        sums = torch.zeros_like(self.sums).index_add_(0, tokens, features)
        self.use.lerp_(use, 1 - decay)
        self.sums.lerp_(sums, 1 - decay)
        is_dead = self.use < least_use
        n_dead = int(is_dead.sum())
        if n_dead:
            chosen = torch.randint(len(features), (n_dead,), generator=generator)
            self.use[is_dead] = 2 * least_use
            self.sums[is_dead] = 2 * least_use * features[chosen]
        self.codebook.copy_(self.sums / self.use[:, None])
        return n_dead

    def _decode(self, codes: Tensor) -> Tensor:
        return self.decoder(codes.permute(0, 3, 1, 2))


class _Residual(nn.Module):
    """x + conv(relu(conv(relu(x)))), 3 x 3 and 1 x 1."""

    def __init__(self, d: int) -> None:
        super().__init__()
        self.wide = nn.Conv2d(d, d, 3, padding=1)
        self.narrow = nn.Conv2d(d, d, 1)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.narrow(F.relu(self.wide(F.relu(x))))


AutoConfig.register("image_tokenizer", ImageTokenizerConfig)
AutoModel.register(ImageTokenizerConfig, ImageTokenizer)
