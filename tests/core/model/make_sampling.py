#!/usr/bin/env python3
"""Make sampling_expected.json: which tokens transformers' logits warpers leave, with what probability.

    python make_sampling.py > sampling_expected.json

Temperature, top-k and top-p in the order of `generate`. Needs torch and transformers.
"""

import json

import torch
from transformers import TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper


def main():
    torch.manual_seed(3)
    cases = []
    for size, spread in ((5, 1.0), (40, 3.0), (300, 2.0)):
        logits = [round(value, 4) for value in (torch.randn(size) * spread).tolist()]
        for temperature, k, p in ((1.0, 0, 1.0), (0.7, 0, 0.9), (1.0, 0, 0.5), (1.5, 4, 1.0), (0.5, 10, 0.8),
                                  (1.0, 0, 0.01), (2.0, 1, 0.3)):
            scores = TemperatureLogitsWarper(temperature)(None, torch.tensor([logits]))
            if k:
                scores = TopKLogitsWarper(k)(None, scores)
            if p < 1:
                scores = TopPLogitsWarper(p)(None, scores)
            probabilities = torch.softmax(scores.double(), -1)[0]
            kept = sorted(((value.item(), i) for i, value in enumerate(probabilities) if value > 0),
                          key=lambda pair: (-pair[0], pair[1]))
            cases.append({"logits": logits, "temperature": temperature, "top_k": k, "top_p": p,
                          "ids": [i for _, i in kept], "probabilities": [round(value, 9) for value, _ in kept]})
    print("[\n" + ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases) + "\n]")


if __name__ == "__main__":
    main()
