"""MERLOT written down once more: plain NumPy in TensorFlow's layout, by the names of the published weights."""

from __future__ import annotations

import math

import numpy as np


def shapes(config):
    """Names and shapes as `rowanz/merlot` makes them, in TensorFlow's layout."""
    d, d_inner, width = config.hidden_size, config.intermediate_size, config.resnet_width
    found: dict[str, tuple[int, ...]] = {}

    def dense(name, d_in, d_out):
        found.update({f"{name}/kernel": (d_in, d_out), f"{name}/bias": (d_out,)})

    def norm(name, n):
        found.update({f"{name}/gamma": (n,), f"{name}/beta": (n,)})

    def layers(scope, n):
        for i in range(n):
            at = f"{scope}/layer{i:02d}"
            norm(f"{at}/LayerNorm_attn_ln0", d)
            for part in ("query_layer", "key_layer", "value_layer", "context_projection_layer"):
                dense(f"{at}/{part}", d, d)
            norm(f"{at}/LayerNorm_mlp_ln0", d)
            dense(f"{at}/intermediate", d, d_inner)
            dense(f"{at}/output", d_inner, d)
        norm(f"{scope}/LayerNorm_ln_final", d)

    vit = "vision_backbone/vision_transformer"
    stem = f"{vit}/resnet50lite/stem"
    for i, (d_in, d_out) in enumerate(((3, width // 2), (width // 2, width // 2), (width // 2, width))):
        found[f"{stem}/{numbered('conv2d', i)}/kernel"] = (3, 3, d_in, d_out)
        norm(f"{stem}/GroupNorm_stem{i}", d_out)
    d_in = width
    for stage, n_blocks in enumerate(config.resnet_layers):
        at, inner = f"{vit}/resnet50lite/block_group{stage + 1}", width * 2**stage
        sizes = [(1, d_in, 4 * inner)]
        for k in range(n_blocks):
            sizes += [(1, 4 * inner if k else d_in, inner), (3, inner, inner), (1, inner, 4 * inner)]
        for i, (side, n_from, n_to) in enumerate(sizes):
            found[f"{at}/{numbered('conv2d', i)}/kernel"] = (side, side, n_from, n_to)
            norm(f"{at}/{numbered('GroupNorm', i)}", n_to)
        d_in = 4 * inner
    found[f"{vit}/conv_postresnet_proj/kernel"] = (1, 1, d_in, d)
    found[f"{vit}/conv_postresnet_proj/bias"] = (d,)
    side = config.max_side_patches
    for scope, n in ((f"{vit}/pos_embs", 2), ("vision_backbone/final_pe", 1)):
        found.update({f"{scope}/pos_embs": (1, side, side, d), f"{scope}/cls_emb": (1, n, d)})
    norm(f"{vit}/LayerNorm_ctx_patches_pre_ln", d)
    layers(vit, config.num_vision_transformer_hidden_layers)
    found["vision_backbone/img_idx_pe"] = (config.max_frame_places, d)
    norm("vision_backbone/LayerNorm_final_ln", d)
    found["word_embeddings/word_embeddings"] = (config.vocab_size, d)
    for scope in ("position_embeddings", "langonly_embeddings"):
        found[f"{scope}/position_embeddings"] = (config.max_position_embeddings, d)
        norm(f"{scope}/LayerNorm_embed_norm", d)
    layers("encoder", config.num_hidden_layers)
    dense("lm_head/projection", d, d)
    norm("lm_head/LayerNorm", d)
    found["lm_head/output_bias"] = (config.vocab_size,)
    for kind in ("lang", "viz"):
        dense(f"contrastive/{kind}_proj_intermediate", d, config.contrastive_size)
        norm(f"contrastive/LayerNorm_{kind}_proj_ln", config.contrastive_size)
        dense(f"contrastive/{kind}_proj", config.contrastive_size, config.contrastive_size)
    for scope in ("lang_viz_temporal", "viz_viz_temporal"):
        dense(f"{scope}/intermediate", 2 * d, d)
        norm(f"{scope}/LayerNorm_ln0", d)
        dense(f"{scope}/logits", d, 4)
    return found


def weights(config, seed=0):
    """Random arrays of these names and shapes."""
    rng = np.random.default_rng(seed)
    return {name: rng.normal(0, 0.3, shape).astype(np.float32) for name, shape in shapes(config).items()}


def numbered(name, i):
    return f"{name}_{i}" if i else name


class ByHand:
    """The equations of `model/modeling.py`, one loop after the other."""

    def __init__(self, config, arrays):
        self.config, self.arrays = config, {name: array.astype(np.float64) for name, array in arrays.items()}

    def dense(self, x, name):
        return x @ self.arrays[f"{name}/kernel"] + self.arrays[f"{name}/bias"]

    def norm(self, x, name):
        mean, variance = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
        return (x - mean) / np.sqrt(variance + 1e-5) * self.arrays[f"{name}/gamma"] + self.arrays[f"{name}/beta"]

    def group_norm(self, x, name):
        rows, columns, channels = x.shape
        n = self.config.group_norm_groups
        grouped = x.reshape(rows, columns, n, channels // n)
        mean = grouped.mean((0, 1, 3), keepdims=True)
        variance = grouped.var((0, 1, 3), keepdims=True)
        x = ((grouped - mean) / np.sqrt(variance + 1e-4)).reshape(x.shape)
        return x * self.arrays[f"{name}/gamma"] + self.arrays[f"{name}/beta"]

    def conv(self, x, name, stride=1):
        kernel = self.arrays[f"{name}/kernel"]
        kernel = (kernel - kernel.mean((0, 1, 2))) / np.sqrt(kernel.var((0, 1, 2)) + 1e-5)
        side = len(kernel)
        padded = np.pad(x, ((side // 2, side // 2), (side // 2, side // 2), (0, 0)))
        rows, columns = (n // stride for n in x.shape[:2])
        out = np.zeros((rows, columns, kernel.shape[-1]))
        for row in range(rows):
            for column in range(columns):
                part = padded[row * stride : row * stride + side, column * stride : column * stride + side]
                out[row, column] = np.einsum("ijc,ijcd->d", part, kernel)
        return out

    @staticmethod
    def pooled(x, n):
        rows, columns = x.shape[0] // n, x.shape[1] // n
        return x[: rows * n, : columns * n].reshape(rows, n, columns, n, -1).mean((1, 3))

    def resnet(self, image):
        at = "vision_backbone/vision_transformer/resnet50lite"
        x = image
        for i in range(3):
            x = self.conv(x, f"{at}/stem/{numbered('conv2d', i)}", 1 if i else 2)
            x = np.maximum(self.group_norm(x, f"{at}/stem/GroupNorm_stem{i}"), 0)
        x = self.pooled(x, 2)
        for stage, n_blocks in enumerate(self.config.resnet_layers):
            number = 0

            def step(x, at=f"{at}/block_group{stage + 1}"):
                nonlocal number
                x = self.conv(x, f"{at}/{numbered('conv2d', number)}")
                x = self.group_norm(x, f"{at}/{numbered('GroupNorm', number)}")
                number += 1
                return x

            for k in range(n_blocks):
                halves = stage > 0 and k == 0
                short = step(self.pooled(x, 2) if halves else x) if k == 0 else x
                inner = np.maximum(step(x), 0)
                inner = np.maximum(step(inner), 0)
                x = np.maximum(step(self.pooled(inner, 2) if halves else inner) + short, 0)
        return x

    def layers(self, x, scope, n, is_key):
        """Of one sequence [n, d]; and the pattern of each layer, mean of the heads."""
        patterns = []
        for i in range(n):
            at = f"{scope}/layer{i:02d}"
            read = self.norm(x, f"{at}/LayerNorm_attn_ln0")
            q, k, v = (self.dense(read, f"{at}/{part}_layer") for part in ("query", "key", "value"))
            d_head = q.shape[1] // self.config.num_attention_heads
            found, mean = np.zeros_like(q), 0
            for head in range(self.config.num_attention_heads):
                of = slice(head * d_head, (head + 1) * d_head)
                scores = q[:, of] @ k[:, of].T / math.sqrt(d_head)
                scores[:, ~is_key] = -1e10
                pattern = np.exp(scores - scores.max(-1, keepdims=True))
                pattern /= pattern.sum(-1, keepdims=True)
                found[:, of] = pattern @ v[:, of]
                mean = mean + pattern / self.config.num_attention_heads
            patterns.append(mean)
            x = x + self.dense(found, f"{at}/context_projection_layer")
            inner = gelu(self.dense(self.norm(x, f"{at}/LayerNorm_mlp_ln0"), f"{at}/intermediate"))
            x = x + self.dense(inner, f"{at}/output")
        return self.norm(x, f"{scope}/LayerNorm_ln_final"), patterns

    def places_2d(self, scope, rows, columns):
        table = self.arrays[f"{scope}/pos_embs"][0, :rows, :columns].reshape(rows * columns, -1)
        return np.concatenate([self.arrays[f"{scope}/cls_emb"][0], table])

    def frame(self, image):
        """Of one frame [row, column, 3]: what captions are compared with, and what joins the words."""
        vit = "vision_backbone/vision_transformer"
        x = self.resnet(image)
        x = (
            x @ self.arrays[f"{vit}/conv_postresnet_proj/kernel"][0, 0]
            + self.arrays[f"{vit}/conv_postresnet_proj/bias"]
        )
        rows, columns, d = x.shape
        x = np.concatenate([np.zeros((2, d)), x.reshape(-1, d)]) + self.places_2d(f"{vit}/pos_embs", rows, columns)
        x = self.norm(x, f"{vit}/LayerNorm_ctx_patches_pre_ln")
        n = self.config.num_vision_transformer_hidden_layers
        x, _ = self.layers(x, vit, n, np.ones(len(x), bool))
        pooled = self.pooled(x[2:].reshape(rows, columns, d), self.config.spatial_pool_size)
        joint = np.concatenate([x[:1], pooled.reshape(-1, d)])
        return x[1], joint + self.places_2d("vision_backbone/final_pe", *pooled.shape[:2])

    def words(self, ids, scope):
        x = self.arrays["word_embeddings/word_embeddings"][ids]
        x = x + self.arrays[f"{scope}/position_embeddings"][: len(ids)]
        return self.norm(x, f"{scope}/LayerNorm_embed_norm")

    def compared(self, x, kind):
        x = gelu(self.dense(x, f"contrastive/{kind}_proj_intermediate"))
        x = self.dense(self.norm(x, f"contrastive/LayerNorm_{kind}_proj_ln"), f"contrastive/{kind}_proj")
        return x / np.linalg.norm(x, axis=-1, keepdims=True)

    def ordered(self, first, second, scope):
        pairs = [[np.concatenate([a, b]) for b in second] for a in first]
        x = self.norm(gelu(self.dense(np.array(pairs), f"{scope}/intermediate")), f"{scope}/LayerNorm_ln0")
        return self.dense(x, f"{scope}/logits")

    def __call__(self, images, ids, frame_places):
        """Of one film [frame, row, column, 3] and its padded segments: all that the heads say."""
        length, n = self.config.chunk_text_len, self.config.num_hidden_layers
        seen = [self.frame(image) for image in images]
        film = np.concatenate(
            [
                part + self.arrays["vision_backbone/img_idx_pe"][at]
                for (_, part), at in zip(seen, frame_places, strict=True)
            ]
        )
        film = self.norm(film, "vision_backbone/LayerNorm_final_ln")
        alone, patterns = self.layers(self.words(ids, "langonly_embeddings"), "encoder", n, ids != 0)
        both = np.concatenate([film, self.words(ids, "position_embeddings")])
        is_key = np.concatenate([np.ones(len(film), bool), ids != 0])
        joint, _ = self.layers(both, "encoder", n, is_key)
        frames, read = joint[: len(film)].reshape(len(images), -1, joint.shape[1])[:, 0], joint[len(film) :]
        hidden = self.norm(gelu(self.dense(read, "lm_head/projection")), "lm_head/LayerNorm")
        logits = hidden @ self.arrays["word_embeddings/word_embeddings"].T + self.arrays["lm_head/output_bias"]
        return {
            "frame_vectors": self.compared(np.array([first for first, _ in seen]), "viz"),
            "caption_vectors": self.compared(alone[::length], "lang"),
            "received": np.mean([pattern[ids != 0].sum(0) for pattern in patterns], 0),
            "word_logits": logits,
            "text_frame_logits": self.ordered(read[::length], frames, "lang_viz_temporal"),
            "frame_frame_logits": self.ordered(frames, frames, "viz_viz_temporal"),
        }


def gelu(x):
    return 0.5 * x * (1 + np.vectorize(math.erf)(x / math.sqrt(2)))
