#!/usr/bin/env python3
"""Make greedy_expected.json: what transformers writes greedily for the encoder-decoders of the reference folders.

    python make_greedy.py FOLDER_OF_CASES... > greedy_expected.json

For each case and each input, `model.generate(num_beams=1, do_sample=False)` up to 48 ids (the program's limit) or
the last position of a learned table, the start token included. Needs torch, transformers and safetensors.
"""

import json
import sys
from pathlib import Path

import torch
import transformers
from safetensors.torch import load_file

LIMIT = 48
torch.set_num_threads(1)
transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()


def main():
    found = {}
    for root in map(Path, sys.argv[1:]):
        for folder in sorted(root.iterdir()):
            if not (folder / "expected.safetensors").exists() or folder.name in found:
                continue
            tensors = load_file(folder / "expected.safetensors")
            if "0.decoder_input_ids" not in tensors:
                continue
            model = transformers.AutoModelForSeq2SeqLM.from_pretrained(
                folder, dtype=torch.float32, attn_implementation="eager").eval()
            learned = getattr(model.config, "max_position_embeddings", LIMIT)
            runs = []
            for k in range(sum(name.endswith(".input_ids") for name in tensors)):
                ids = tensors[f"{k}.input_ids"]
                mask = tensors.get(f"{k}.attention_mask", torch.ones_like(ids))
                out = model.generate(ids[None], attention_mask=mask[None], num_beams=1, do_sample=False,
                                     max_length=min(LIMIT, learned), use_cache=False)
                runs.append({"input_ids": ids.tolist(), "attention_mask": mask.tolist(),
                             "written": out[0].tolist()})
            found[folder.name] = runs
    lines = [f'"{name}": {json.dumps(runs, separators=(",", ":"))}' for name, runs in sorted(found.items())]
    print("{\n" + ",\n".join(lines) + "\n}")


if __name__ == "__main__":
    main()
