"""The sentence encoder all-mpnet-base-v2, for building the word table only.

MPNet (Song et al. 2020) in the form of sentence-transformers: 12 post-norm layers, one relative
position bias shared by all, mean over tokens, unit length. Reads the published folder
(model.safetensors, vocab.txt; Apache-2.0). Torch is needed here and nowhere at run time.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from torch import Tensor
from torch.nn import functional

from models.words.pieces import cut_text

_LAYERS, _HEADS, _BUCKETS, _MAX_DISTANCE, _EPS = 12, 12, 32, 128, 1e-5
_START, _END, _UNKNOWN = 0, 2, 104
_FIRST_POSITION = 2


class Encoder:
    """Texts to unit vectors of 768."""

    def __init__(self, folder: Path) -> None:
        self._weights = load_file(folder / "model.safetensors")
        lines = (folder / "vocab.txt").read_text(encoding="utf-8").splitlines()
        self.vocabulary = {piece: number for number, piece in enumerate(lines)}

    def __call__(self, texts: Sequence[str], batch: int = 64) -> NDArray[np.float32]:
        """Return (N, 768) vectors of unit length."""
        rows = [[_START, *cut_text(text, self.vocabulary, _UNKNOWN), _END] for text in texts]
        vectors = np.zeros((len(rows), 768), dtype=np.float32)
        by_length: dict[int, list[int]] = {}
        for index, row in enumerate(rows):
            by_length.setdefault(len(row), []).append(index)
        with torch.inference_mode():
            for indices in by_length.values():
                for start in range(0, len(indices), batch):
                    chosen = indices[start : start + batch]
                    tokens = torch.tensor([rows[index] for index in chosen])
                    vectors[chosen] = self._forward(tokens).numpy()
        return vectors

    def _forward(self, tokens: Tensor) -> Tensor:
        get = self._weights
        length = tokens.shape[1]
        positions = torch.arange(length) + _FIRST_POSITION
        hidden = get["embeddings.word_embeddings.weight"][tokens]
        hidden = hidden + get["embeddings.position_embeddings.weight"][positions]
        hidden = self._norm("embeddings.LayerNorm", hidden)
        bias = get["encoder.relative_attention_bias.weight"][_buckets(length)].permute(2, 0, 1)
        for number in range(_LAYERS):
            hidden = self._layer(f"encoder.layer.{number}.", hidden, bias[None])
        return functional.normalize(hidden.mean(dim=1), dim=1)

    def _layer(self, name: str, hidden: Tensor, bias: Tensor) -> Tensor:
        count, length, width = hidden.shape

        def heads(part: str) -> Tensor:
            out = self._dense(f"{name}attention.attn.{part}", hidden)
            return out.view(count, length, _HEADS, width // _HEADS).transpose(1, 2)

        mixed = functional.scaled_dot_product_attention(
            heads("q"), heads("k"), heads("v"), attn_mask=bias.expand(count, -1, -1, -1)
        )
        mixed = mixed.transpose(1, 2).reshape(count, length, width)
        mixed = self._dense(f"{name}attention.attn.o", mixed)
        hidden = self._norm(f"{name}attention.LayerNorm", hidden + mixed)
        inner = functional.gelu(self._dense(f"{name}intermediate.dense", hidden))
        return self._norm(
            f"{name}output.LayerNorm", hidden + self._dense(f"{name}output.dense", inner)
        )

    def _dense(self, name: str, values: Tensor) -> Tensor:
        get = self._weights
        return functional.linear(values, get[f"{name}.weight"], get[f"{name}.bias"])

    def _norm(self, name: str, values: Tensor) -> Tensor:
        get = self._weights
        return functional.layer_norm(
            values, (values.shape[-1],), get[f"{name}.weight"], get[f"{name}.bias"], _EPS
        )


def _buckets(length: int) -> Tensor:
    """Return the bucket of each pair's distance (Raffel et al. 2020, section 2.1)."""
    place = torch.arange(length)
    distance = place[:, None] - place[None, :]
    half = _BUCKETS // 2
    sign = (distance < 0).long() * half
    distance = distance.abs()
    exact = half // 2
    scaled = torch.log(distance.clamp(min=1).float() / exact) / np.log(_MAX_DISTANCE / exact)
    far = (exact + (scaled * (half - exact)).long()).clamp(max=half - 1)
    return sign + torch.where(distance < exact, distance, far)
