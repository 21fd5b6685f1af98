"""A small transformer that reads a row of pixels at a time, as a study's factory: depth encoder
layers of width numbers a token.
"""

from __future__ import annotations

import torch
from torch import nn


class SmallTransformer(nn.Module):
    """torch's own encoder layers on the eight rows of an image, averaged, and a linear layer to the
    classes.
    """

    def __init__(self, depth: int, width: int, classes: int = 10) -> None:
        super().__init__()
        self.embed = nn.Linear(8, width)
        self.position = nn.Parameter(torch.zeros(8, width))
        self.blocks = nn.ModuleList(
            nn.TransformerEncoderLayer(
                width, nhead=2, dim_feedforward=2 * width, dropout=0.1, batch_first=True
            )
            for _ in range(depth)
        )
        self.head = nn.Linear(width, classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Scores (n, classes) of images (n, 8, 8). The dropout of the encoder layers is off, for
        they are in evaluation mode.
        """
        tokens = self.embed(images) + self.position
        for block in self.blocks:
            tokens = block(tokens)
        return self.head(tokens.mean(dim=1))


def make(depth: int, width: int) -> nn.Module:
    """What the study calls for every network of its grid."""
    return SmallTransformer(depth, width)
