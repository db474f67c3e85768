"""The VAE in plain layers, written down as a paper would: the oracle of the fast passes."""

import torch
from torch import nn
from torch.nn import functional as F


class PlainVAE(nn.Module):
    """side x side grey images, channels c1 and c2, kernel 4, stride 2, padding 1."""

    def __init__(self, side: int, c1: int, c2: int, latent: int) -> None:
        super().__init__()
        self.inner = (c2, side // 4, side // 4)
        wide = c2 * (side // 4) ** 2
        self.conv1 = nn.Conv2d(1, c1, 4, 2, 1)
        self.conv2 = nn.Conv2d(c1, c2, 4, 2, 1)
        self.mean, self.log_var = nn.Linear(wide, latent), nn.Linear(wide, latent)
        self.fc = nn.Linear(latent, wide)
        self.deconv2 = nn.ConvTranspose2d(c2, c1, 4, 2, 1)
        self.deconv1 = nn.ConvTranspose2d(c1, 1, 4, 2, 1)

    def encode(self, x):
        h = F.relu(self.conv2(F.relu(self.conv1(x)))).flatten(1)
        return self.mean(h), self.log_var(h)

    def decode(self, z):
        h = F.relu(self.deconv2(self.fc(z).view(-1, *self.inner)))
        return torch.sigmoid(self.deconv1(h))

    def loss(self, x, noise):
        mean, log_var = self.encode(x)
        image = self.decode(mean + torch.exp(log_var / 2) * noise)
        kl = -0.5 * (1 + log_var - mean**2 - log_var.exp()).sum()
        return F.binary_cross_entropy(image, x, reduction="sum") + kl
