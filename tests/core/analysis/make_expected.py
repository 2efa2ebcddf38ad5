#!/usr/bin/env python3
"""Writes expected.json beside this file: what NumPy and SciPy say of a small seeded attention.

Weights are stored as float32 in the file, so that the C++ side reads the same numbers. Needs numpy and scipy.
"""
import json
import pathlib

import numpy as np
from scipy.stats import entropy

LAYERS, HEADS, TOKENS, PADDING = 2, 2, 12, [10, 11]
random = np.random.default_rng(7)


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def attention(causal, masked):
    logits = random.normal(0, 2.5, (LAYERS, HEADS, TOKENS, TOKENS))
    sees = np.tril(np.ones((TOKENS, TOKENS), bool)) if causal else np.ones((TOKENS, TOKENS), bool)
    sees[:, masked] = False
    weights = softmax(np.where(sees, logits, -np.inf)).astype(np.float32)
    return weights, sees


def gini(x):
    # Half the mean absolute difference of all pairs, relative to the mean: the definition, not the sorted shortcut.
    return float(np.abs(x[:, None] - x[None, :]).mean() / (2 * x.mean()))


def row_entropy(row):
    # scipy.stats.entropy divides by the sum first; a float32 row sums to 1 only within 1e-7.
    return float(-np.sum(row[row > 0] * np.log(row[row > 0])))


def block(weights, sees):
    flat = weights.astype(np.float64)
    cells = np.concatenate([a[sees] for a in flat.reshape(-1, TOKENS, TOKENS)])
    moved = flat.ravel() + 1e-12
    count = sees.sum(-1)
    rows = [(row_entropy(row[sees[i]]), count[i]) for a in flat.reshape(-1, TOKENS, TOKENS)
            for i, row in enumerate(a) if count[i] > 0]
    edges = np.concatenate([10.0 ** (np.arange(48) / 8 - 6), [1.0]])
    return {
        "mean": float(flat.mean()), "std": float(flat.std()), "entropy": float(entropy(moved / moved.sum())),
        "sparsity": float((weights < np.float32(0.01)).mean()), "max": float(flat.max()), "min": float(flat.min()),
        "row_entropy": float(np.mean([h for h, _ in rows])),
        "normalized_row_entropy": float(np.mean([h / np.log(n) for h, n in rows if n >= 2])),
        "effective_tokens": float(np.mean([np.exp(h) for h, _ in rows])),
        "visible_sparsity": float((cells.astype(np.float32) < np.float32(0.01)).mean()),
        "min_visible": float(cells.min()), "gini": gini(cells),
        "q25": float(np.percentile(cells, 25)), "median": float(np.percentile(cells, 50)),
        "q75": float(np.percentile(cells, 75)),
        "below": int((cells < edges[0]).sum()), "histogram": np.histogram(cells, edges)[0].tolist(),
    }


def case(name, causal, masked):
    weights, sees = attention(causal, masked)
    return {"name": name, "layers": LAYERS, "heads": HEADS, "tokens": TOKENS, "causal": causal, "masked": masked,
            "weights": [float(x) for x in weights.ravel()],
            "overall": block(weights, sees),
            "layer_stats": [block(layer, sees) for layer in weights],
            "head_stats": [block(head, sees) for layer in weights for head in layer]}


if __name__ == "__main__":
    document = {"cases": [case("causal", True, []), case("padded", False, PADDING), case("causal, padded", True, [10])]}
    text = json.dumps(document)
    (pathlib.Path(__file__).parent / "expected.json").write_text(text + "\n")
