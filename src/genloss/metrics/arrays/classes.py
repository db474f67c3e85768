"""Classes of generated rows, as a classifier of real rows sees them.

probability (C, n, K): of every class for n rows of C chains; a row belongs to the likeliest one.
"""

from __future__ import annotations

import numpy as np

from genloss.core.arrays import Floats, Ints
from genloss.core.samples import UNLABELLED
from genloss.errors import DataError
from genloss.metrics.arrays.categorical import entropy
from genloss.metrics.arrays.checks import finite


def class_shares(probability: Floats) -> Floats:
    """Share of rows in each class.

    Args:
        probability: (C, n, K).

    Returns:
        (C, K), no unit, rows sum to 1; compare with the shares of real rows. A class that is never
        drawn has share 0. The standard error of a share s is sqrt(s (1 - s) / n).

    Raises:
        DataError: not probabilities.
    """
    argmax = _checked(probability).argmax(axis=2)
    classes = np.arange(probability.shape[2])
    shares: Floats = (argmax[:, :, None] == classes).mean(axis=1)
    return shares


def class_entropy(probability: Floats) -> Floats:
    """Entropy of the class shares over that of equal shares, -sum_k s_k ln s_k / ln K.

    Args:
        probability: (C, n, K), K at least 2.

    Returns:
        (C,), no unit, in [0, 1]: 1 is all classes alike, 0 one class; compare with real rows.
        Biased low by about (K - 1) / (2 n ln K) at equal shares.

    Raises:
        DataError: not probabilities, or a single class.
    """
    k = _checked(probability).shape[2]
    if k < 2:
        raise DataError(f"probability: got {k} class, expected 2 or more; one has no balance")
    return np.asarray(entropy(class_shares(probability)) / np.log(k))


def confidence(probability: Floats) -> Floats:
    """Mean probability of the likeliest class: how much rows look like some class.

    Args:
        probability: (C, n, K).

    Returns:
        (C,), no unit, in [1/K, 1]; compare with real rows. Blurred images lower it; images without
        the tails of their class raise it above reality's.

    Raises:
        DataError: not probabilities.
    """
    mean: Floats = _checked(probability).max(axis=2).mean(axis=1)
    return mean


def label_accuracy(probability: Floats, label: Ints) -> Floats:
    """Share of labelled rows that are seen as the class they were asked for.

    Args:
        probability: (C, n, K).
        label: classes (C, n) in 0 .. K - 1, or -1 for rows that do not count.

    Returns:
        (C,), no unit, in [0, 1], higher is closer.

    Raises:
        DataError: not probabilities, labels of other classes or rows, or a chain without labels.
    """
    probability, label = _checked(probability), np.asarray(label)
    if label.shape != probability.shape[:2]:
        raise DataError(
            f"label: got shape {label.shape}, expected {probability.shape[:2]}, one for each row"
        )
    if label.max() >= probability.shape[2]:
        raise DataError(
            f"label: got class {label.max()}, but the classifier was trained on other classes, "
            f"0 to {probability.shape[2] - 1}; train it on the reality that the labels come from"
        )
    known = label != UNLABELLED
    if not known.any(axis=1).all():
        raise DataError(
            f"label: got no label in chain {int(np.argmin(known.any(axis=1)))}, expected some; "
            "only a model that was trained with labels gives them"
        )
    right = (probability.argmax(axis=2) == label) & known
    share: Floats = right.sum(axis=1) / known.sum(axis=1)
    return share


def _checked(probability: Floats) -> Floats:
    probability = finite(probability, "probability", "(C, n, K)")
    total = probability.sum(axis=2)
    if probability.min() < 0 or np.abs(total - 1).max() > 1e-4:
        raise DataError(
            f"probability: got minimum {probability.min():.3g} and sums in [{total.min():.6g}, "
            f"{total.max():.6g}], expected probabilities that sum to 1 over the last axis"
        )
    return probability
