#!/usr/bin/env python3
"""Writes flow_expected.json beside this file: what networkx says of attention flow through the layers of the
attention in expected.json (both are small and seeded). Needs numpy and networkx.
"""
import json
import pathlib

import networkx as nx
import numpy as np

HERE = pathlib.Path(__file__).parent


def flows(case, start, query):
    tokens = case["tokens"]
    weights = np.array(case["weights"]).reshape(case["layers"], case["heads"], tokens, tokens).mean(1)
    graph = nx.DiGraph()
    for layer in range(start, case["layers"]):
        mixed = weights[layer] + np.eye(tokens)
        mixed /= mixed.sum(1, keepdims=True)
        for i in range(tokens):
            for j in range(tokens):
                if mixed[i, j] > 0:
                    graph.add_edge((layer + 1, i), (layer, j), capacity=float(mixed[i, j]))
    top = (case["layers"], query)
    values = [nx.maximum_flow_value(graph, top, (start, j)) if (start, j) in graph else 0.0 for j in range(tokens)]
    return {"name": case["name"], "start": start, "query": query, "flow": (np.array(values) / sum(values)).tolist()}


if __name__ == "__main__":
    cases = json.loads((HERE / "expected.json").read_text())["cases"]
    document = {"flows": [flows(case, start, query) for case in cases for start in (0, 1) for query in (11, 6)]}
    (HERE / "flow_expected.json").write_text(json.dumps(document) + "\n")
