"""Tries: nothing bad: name things in Greek, and annotate everything."""

# deserves: 2

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

η: float = 1.0


def softmax(Z: np.ndarray | Sequence[Sequence[float]], *, κ: int = 1) -> np.ndarray:
    σ = np.exp(η * (Z - (μ := Z.max(axis=κ, keepdims=True))))
    assert μ.shape[κ] == 1
    return σ / σ.sum(axis=κ, keepdims=True)
