"""A small convolutional network for images of 8 x 8, as a study's factory: depth convolutions of
width channels.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn


class SmallCNN(nn.Module):
    """Convolutions of 3 x 3 with tanh, pooled to 2 x 2, and a linear layer to the classes."""

    def __init__(self, depth: int, width: int, classes: int = 10) -> None:
        super().__init__()
        channels = [1, *[width] * depth]
        self.convolutions = nn.ModuleList(
            nn.Conv2d(a, b, 3, padding=1) for a, b in pairwise(channels)
        )
        self.pool = nn.AvgPool2d(4)
        self.head = nn.Linear(4 * width, classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Scores (n, classes) of images (n, 8, 8)."""
        hidden = images.unsqueeze(1)
        for convolution in self.convolutions:
            hidden = torch.tanh(convolution(hidden))
        return self.head(self.pool(hidden).flatten(1))


def make(depth: int, width: int) -> nn.Module:
    """What the study calls for every network of its grid."""
    return SmallCNN(depth, width)
