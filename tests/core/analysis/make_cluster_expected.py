#!/usr/bin/env python3
"""Writes cluster_expected.json beside this file: what SciPy, scikit-learn and NumPy say of the mathematics of
head clusters, on small seeded data.

Attention is the same as in expected.json ("causal" and "padded"). Needs numpy, scipy and scikit-learn.
"""
import json
import pathlib

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import jensenshannon, pdist, squareform
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from sklearn.metrics import silhouette_samples
from sklearn.preprocessing import StandardScaler

HERE = pathlib.Path(__file__).parent


def in_order(labels):
    """Clusters numbered in the order in which they appear."""
    numbers = {}
    return [numbers.setdefault(int(label), len(numbers)) for label in labels]


def divergences(case):
    tokens, count = case["tokens"], case["layers"] * case["heads"]
    weights = np.array(case["weights"]).reshape(count, tokens, tokens)
    seen = [(i + 1 if case["causal"] else tokens) - sum(m <= i or not case["causal"] for m in case["masked"])
            for i in range(tokens)]
    rows = [i for i in range(tokens) if seen[i] >= 2]
    values = np.zeros((count, count))
    for a in range(count):
        for b in range(count):
            values[a, b] = np.mean([jensenshannon(weights[a, i], weights[b, i]) ** 2 for i in rows])
    layers = weights.reshape(case["layers"], case["heads"], tokens, tokens).mean(1)
    between = np.mean([jensenshannon(layers[0, i], layers[1, i]) ** 2 for i in rows])
    return {"name": case["name"], "rows": len(rows), "values": values.ravel().tolist(), "layers": float(between)}


def points():
    random = np.random.default_rng(11)
    centres = np.array([[0, 0, 0, 0], [4, 1, 0, 0], [0, 5, 1, 0]])
    data = np.concatenate([centre + random.normal(0, 0.7, (size, 4)) for centre, size in zip(centres, (9, 7, 12))])
    return random.permutation(data)


def flip(coordinates):
    """Each column's largest component positive."""
    signs = np.sign(coordinates[np.abs(coordinates).argmax(0), range(coordinates.shape[1])])
    return coordinates * signs


if __name__ == "__main__":
    cases = json.loads((HERE / "expected.json").read_text())["cases"]
    data = points()
    distances = squareform(pdist(data))
    n = len(data)
    centring = np.eye(n) - 1 / n
    values, vectors = np.linalg.eigh(-0.5 * centring @ distances ** 2 @ centring)
    order = np.argsort(values)[::-1][:4]
    scaled = vectors[:, order] * np.sqrt(values[order])
    means = {k: KMeans(k, n_init=50, random_state=42).fit(data) for k in range(2, 6)}
    merges = linkage(pdist(data), "average")
    features = StandardScaler().fit_transform(data * [1, 10, 0.1, 3] + 5)
    tsne = TSNE(perplexity=9, init="pca", random_state=0, method="exact").fit(data)
    document = {
        "divergences": [divergences(case) for case in cases],
        "points": data.ravel().tolist(), "dimensions": 4,
        "eigenvalues": values[order].tolist(), "scaling": flip(scaled).ravel().tolist(),
        "k_means": [{"k": k, "inertia": float(m.inertia_), "labels": in_order(m.labels_),
                     "silhouettes": silhouette_samples(distances, m.labels_, metric="precomputed").tolist()}
                    for k, m in means.items()],
        "linkage": merges.tolist(),
        "cuts": [{"k": k, "labels": in_order(fcluster(merges, k, "maxclust"))} for k in range(1, 8)],
        "standardized": features.ravel().tolist(),
        "components": flip(PCA(2).fit_transform(features)).ravel().tolist(),
        "perplexity": 9, "embedding_divergence": float(tsne.kl_divergence_),
        "embedding": tsne.embedding_.astype(float).ravel().tolist(),
    }
    (HERE / "cluster_expected.json").write_text(json.dumps(document) + "\n")
