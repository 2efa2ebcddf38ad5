#!/usr/bin/env python3
"""Makes a model folder whose heads do what they are told to: for pictures of long texts, and to try things on.

It has the shape of GPT-2 (4 layers, 8 heads, 8,192 positions) and the tokenizer of the sample model. Nothing was
trained: its weights are written down, so that each head follows the previous token, a distance, a period, equal
tokens, what followed equal tokens (induction, with the heads of layer 0), or the first token.

    make_long_model.py FOLDER                  (needs numpy)
"""
import json
import pathlib
import shutil
import struct
import sys

import numpy

LAYERS, HEADS, SIZE, POSITIONS, VOCABULARY = 4, 8, 32, 8192, 4096
# What the dimensions of a hidden state hold; the rest is nothing.
TOKEN, PREVIOUS, PLACE, FIRST = slice(0, 32), slice(32, 64), slice(64, 192), 192
WIDTH = HEADS * SIZE
PAIRS = 64  # (cosine, sine) of a position, one for each frequency
FREQUENCIES = numpy.exp(numpy.linspace(numpy.log(2 * numpy.pi / POSITIONS), numpy.log(2.0), PAIRS))


def place_rows(positions):
    angles = numpy.outer(positions, FREQUENCIES)
    return numpy.stack([numpy.cos(angles), numpy.sin(angles)], -1).reshape(len(positions), 2 * PAIRS)


class Head:
    """Query, key and value matrices (WIDTH, SIZE) and the output (SIZE, WIDTH) of one head."""

    def __init__(self):
        self.query, self.key, self.value = (numpy.zeros((WIDTH, SIZE), numpy.float32) for _ in range(3))
        self.output = numpy.zeros((SIZE, WIDTH), numpy.float32)

    def distance(self, back, chosen, strength):
        """Logit: strength * mean over the frequencies `chosen` of cos(w (query - key - back))."""
        for slot, index in enumerate(chosen[: SIZE // 2]):
            at, angle = PLACE.start + 2 * index, FREQUENCIES[index] * back
            turn = numpy.array([[numpy.cos(angle), -numpy.sin(angle)], [numpy.sin(angle), numpy.cos(angle)]])
            self.query[at : at + 2, 2 * slot : 2 * slot + 2] = strength * turn
            self.key[at : at + 2, 2 * slot : 2 * slot + 2] = numpy.eye(2)
        return self

    def same(self, of_query, of_key, strength):
        """Logit: strength * the product of what two parts of the hidden states hold."""
        self.query[of_query] = strength * numpy.eye(SIZE)
        self.key[of_key] = numpy.eye(SIZE)
        return self

    def first(self, strength):
        """Adds to the logit of the first token, whatever the query is."""
        self.query[PLACE.start, SIZE - 1] = strength  # the slowest cosine: near one for half of all positions
        self.key[FIRST, SIZE - 1] = 1
        return self

    def copies_token(self):
        self.value[TOKEN] = numpy.eye(SIZE)
        self.output[:, PREVIOUS] = 3 * numpy.eye(SIZE)
        return self


def heads_of(layer):
    fast, middle, slow = range(40, 56), range(24, 40), range(8, 24)
    every = range(3, 64, 4)
    previous = Head().distance(1, fast, 6)
    if layer == 0:
        previous.copies_token()
    return [
        previous,
        Head().distance(layer + 2, fast, 2.5),
        Head().distance(40 * (layer + 1), middle, 2.5).first(40),
        Head().same(TOKEN, TOKEN, 2.5).first(60),
        Head().same(TOKEN, PREVIOUS, 4 if layer else 0.5).first(70),
        Head().distance(300 * layer, slow, 1.5),
        Head().distance(0, range(layer, layer + 2), 8),
        Head().distance(0, every, 1).first(90),
    ]


def tensors():
    random = numpy.random.default_rng(7)
    tokens = numpy.zeros((VOCABULARY, WIDTH), numpy.float32)
    tokens[:, TOKEN] = random.choice([-1.0, 1.0], (VOCABULARY, SIZE))
    places = numpy.zeros((POSITIONS, WIDTH), numpy.float32)
    places[:, PLACE] = place_rows(numpy.arange(POSITIONS))
    places[0, FIRST] = 4
    found = {"wte.weight": tokens, "wpe.weight": places}
    for layer in range(LAYERS):
        heads = heads_of(layer)
        at = f"h.{layer}."
        parts = [[getattr(head, name) for head in heads] for name in ("query", "key", "value")]
        found[at + "attn.c_attn.weight"] = numpy.concatenate([numpy.concatenate(part, 1) for part in parts], 1)
        found[at + "attn.c_attn.bias"] = numpy.zeros(3 * WIDTH)
        found[at + "attn.c_proj.weight"] = numpy.concatenate([head.output for head in heads], 0)
        found[at + "attn.c_proj.bias"] = numpy.zeros(WIDTH)
        found[at + "mlp.c_fc.weight"] = numpy.zeros((WIDTH, 4))
        found[at + "mlp.c_fc.bias"] = numpy.zeros(4)
        found[at + "mlp.c_proj.weight"] = numpy.zeros((4, WIDTH))
        found[at + "mlp.c_proj.bias"] = numpy.zeros(WIDTH)
        for norm in ("ln_1", "ln_2"):
            found[at + norm + ".weight"], found[at + norm + ".bias"] = numpy.ones(WIDTH), numpy.zeros(WIDTH)
    found["ln_f.weight"], found["ln_f.bias"] = numpy.ones(WIDTH), numpy.zeros(WIDTH)
    return {name: numpy.ascontiguousarray(values, "<f4") for name, values in found.items()}


def write_safetensors(path, named):
    header, begin = {}, 0
    for name, values in named.items():
        header[name] = {"dtype": "F32", "shape": list(values.shape), "data_offsets": [begin, begin + values.nbytes]}
        begin += values.nbytes
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for values in named.values():
            file.write(values.tobytes())


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__.strip())
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    config = {"architectures": ["GPT2LMHeadModel"], "model_type": "gpt2", "n_layer": LAYERS, "n_head": HEADS,
              "n_embd": WIDTH, "n_inner": 4, "n_positions": POSITIONS, "vocab_size": VOCABULARY}
    (folder / "config.json").write_text(json.dumps(config, indent=1))
    sample = pathlib.Path(__file__).resolve().parent.parent / "sample-model"
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(sample / name, folder / name)
    write_safetensors(folder / "model.safetensors", tensors())


main()
