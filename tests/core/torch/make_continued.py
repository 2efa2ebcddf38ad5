#!/usr/bin/env python3
"""Make continued_expected.json: how transformers continues a text greedily, for the decoders of the reference folders.

    python make_continued.py FOLDER_OF_CASES... > continued_expected.json

For the first input of each case, `model.generate(do_sample=False, max_new_tokens=12)`. Inputs with padding are left
out: generate() wants it on the left. Needs torch, transformers and safetensors.
"""

import json
import sys
from pathlib import Path

import torch
import transformers
from safetensors.torch import load_file

NEW = 12
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
            try:
                config = transformers.AutoConfig.from_pretrained(folder)
            except (KeyError, ValueError) as refused:  # as published, which this release no longer reads
                print(f"{folder.name}: {refused}", file=sys.stderr)
                continue
            if config.is_encoder_decoder or type(config) not in transformers.MODEL_FOR_CAUSAL_LM_MAPPING:
                continue
            if config.model_type in ("bert", "roberta", "xlm-roberta", "camembert", "electra"):
                continue
            for k in range(sum(name.endswith(".input_ids") for name in tensors)):
                ids = tensors[f"{k}.input_ids"]
                mask = tensors.get(f"{k}.attention_mask", torch.ones_like(ids))
                limit = getattr(config, "max_position_embeddings", 1 << 20)
                if mask.min() == 0 or len(ids) + NEW > limit:
                    continue
                model = transformers.AutoModelForCausalLM.from_pretrained(
                    folder, dtype=torch.float32, attn_implementation="eager").eval()
                out = model.generate(ids[None], attention_mask=mask[None], num_beams=1, do_sample=False,
                                     max_new_tokens=NEW, use_cache=False)
                found[folder.name] = {"input_ids": ids.tolist(), "written": out[0][len(ids):].tolist()}
                break
    lines = [f'"{name}": {json.dumps(run, separators=(",", ":"))}' for name, run in sorted(found.items())]
    print("{\n" + ",\n".join(lines) + "\n}")


if __name__ == "__main__":
    main()
