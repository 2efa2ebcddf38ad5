"""What the slow tokenizers of transformers make of lines with "legacy": false: golden/sentence-piece/legacy.json.

    python make_legacy_expected.py      (needs transformers 4.31 to 4.57, the last with slow T5 and Llama tokenizers,
                                         and sentencepiece)

Ids only (slow tokenizers know no places), without what goes around a text (theirs adds no second end). Lines whose pieces the file's own library cuts otherwise from release to
release (see sentence_piece_model.h) are not among them.
"""

import json
import pathlib

from transformers.models.llama.tokenization_llama import LlamaTokenizer
from transformers.models.t5.tokenization_t5 import T5Tokenizer

HERE = pathlib.Path(__file__).parent / "golden"
CASES = [  # folder, class, settings
    ("t5", T5Tokenizer, "spiece.model", {}),
    ("llama", LlamaTokenizer, "tokenizer.model", {}),
    ("llama", LlamaTokenizer, "tokenizer.model", {"add_prefix_space": False}),
    ("llama-unigram", LlamaTokenizer, "tokenizer.model", {}),
]
MADE = [
    "Hey", " Hey", "  Hey  you ", "▁Hey", "▁ ▁Hey", " ", "   ", "▁", "</s>Hey", "</s> Hey", " </s> Hey", "Hey</s>", "Hey </s>",
    "Hey</s>you", "Hey </s> you", "Hey</s>  you  </s>again", "</s></s>", "<unk>", "<unk>Hey", "a<unk> b", "<s>Hey", "<s> Hey <s>",
    "<extra_id_0>", "a <extra_id_1> b", "a<extra_id_1>b", "<extra_id_99> x", " <extra_id_0> <extra_id_1> ", "<pad>Hey <pad>",
    "fox fox", "fox  fox", "\tHey", "Hey\u3000you", "\u00a0Hey", "ﬁ", "日本", " 日本", "😀 😀",
]  # fmt: skip

lines = [line for line in (HERE / "lines.txt").read_text("utf-8").split("\n") if line and "\t" not in line]
out = []
for folder, kind, file, settings in CASES:
    tokenizer = kind(str(HERE / "sentence-piece" / folder / file), legacy=False, **settings)
    name = kind.__name__
    rows = []
    for line in MADE + lines:
        rows.append([line, tokenizer(line, add_special_tokens=False)["input_ids"]])
    out.append({"folder": folder, "settings": {"tokenizer_class": name, "legacy": False, **settings}, "lines": rows})
(HERE / "sentence-piece/legacy.json").write_text(
    "[" + ",\n".join(json.dumps(case, ensure_ascii=False, separators=(",", ":")) for case in out) + "]\n", "utf-8")  # fmt: skip
