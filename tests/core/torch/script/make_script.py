"""Makes attentive.pt and expected.json: a TorchScript module of two layers, and what it returns.

    python make_script.py        (needs torch; any version, the archive is read by LibTorch 1.13 and later)

The module is bidirectional where its mask says 1, has token types, and returns (hidden, attentions) as models of
`transformers` do with torchscript=True.
"""
import json
import pathlib

import torch

HERE = pathlib.Path(__file__).parent


class Layer(torch.nn.Module):
    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.qkv = torch.nn.Linear(width, 3 * width)
        self.out = torch.nn.Linear(width, width)

    def forward(self, x: torch.Tensor, hidden: torch.Tensor):
        batch, tokens, width = x.size()
        parts = self.qkv(x).view(batch, tokens, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        logits = torch.matmul(parts[0], parts[1].transpose(-1, -2)) / (width // self.heads) ** 0.5
        weights = torch.softmax(logits.masked_fill(hidden, -1e9), -1)
        mixed = torch.matmul(weights, parts[2]).transpose(1, 2).reshape(batch, tokens, width)
        return x + self.out(mixed), weights


class Attentive(torch.nn.Module):
    def __init__(self, vocabulary: int = 40, width: int = 12, heads: int = 3, layers: int = 2):
        super().__init__()
        self.words = torch.nn.Embedding(vocabulary, width)
        self.types = torch.nn.Embedding(2, width)
        self.layers = torch.nn.ModuleList([Layer(width, heads) for _ in range(layers)])

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor, token_type_ids: torch.Tensor):
        x = self.words(input_ids) + self.types(token_type_ids)
        hidden = (attention_mask == 0)[:, None, None, :]
        attentions = []
        for layer in self.layers:
            x, weights = layer(x, hidden)
            attentions.append(weights)
        return x, attentions


torch.manual_seed(11)
module = torch.jit.script(Attentive().eval())
module.save(str(HERE / "attentive.pt"))
ids, mask, types = [3, 1, 4, 1, 5, 9, 0, 0], [1, 1, 1, 1, 1, 1, 0, 0], [0, 0, 0, 1, 1, 1, 0, 0]
with torch.no_grad():
    _, attentions = module(torch.tensor([ids]), torch.tensor([mask]), torch.tensor([types]))
flat = [float(f"{value:.9g}") for layer in attentions for value in layer.flatten().tolist()]
(HERE / "expected.json").write_text(json.dumps({"ids": ids, "mask": mask, "segments": types, "shape": [2, 3, 8, 8],
                                                "attentions": flat}) + "\n")
