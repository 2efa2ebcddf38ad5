"""Small made-up SentencePiece files, one a family and a type of model, and what `sentencepiece` (PyPI) and the family's
numbering make of lines. Made for make_tokenizer_goldens.py; written from transformers' converters, not from our tables."""

import json
import pathlib
import re
import tempfile

import sentencepiece
from sentencepiece import sentencepiece_model_pb2

RULES = [  # what is replaced, by what; as hexadecimal code points
    ("FB01", "66 69"), ("2122", "54 4D"), ("A0", "20"), ("3000", "20"), ("9", "20"), ("41", "61"), ("C9", "E9"),
    ("65 301", "E9"), ("1E", ""), ("FF21", "61"), ("AD", ""), ("D", "20"), ("1100 1161", "AC00"), ("2581", "20"),
]  # fmt: skip


def train(texts, directory, **options):
    directory = pathlib.Path(directory)
    rules = directory / "rules.tsv"
    rules.write_text("".join(f"{source}\t{target}\n" for source, target in sorted(RULES)), "utf-8")
    chosen = dict(model_type="unigram", vocab_size=180, hard_vocab_limit=False, minloglevel=2, character_coverage=0.98,
                  normalization_rule_tsv=str(rules))  # fmt: skip
    chosen.update(options)
    if "normalization_rule_name" in options:
        del chosen["normalization_rule_tsv"]
    prefix = directory / "model"
    sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(texts * 4), model_prefix=str(prefix), **chosen)
    proto = sentencepiece_model_pb2.ModelProto.FromString(prefix.with_suffix(".model").read_bytes())
    proto.trainer_spec.ClearField("model_prefix")  # names of this machine's folders
    proto.normalizer_spec.ClearField("normalization_rule_tsv")
    return proto.SerializeToString()


def charsmap(texts):
    with tempfile.TemporaryDirectory() as directory:
        proto = sentencepiece_model_pb2.ModelProto.FromString(train(texts, directory))
    return proto.normalizer_spec.precompiled_charsmap


ROBERTA = ("<s> A </s>", "<s> A </s> </s> B </s>")
LANGUAGES = ("ar_AR cs_CZ de_DE en_XX es_XX et_EE fi_FI fr_XX gu_IN hi_IN it_IT ja_XX kk_KZ ko_KR lt_LT lv_LV my_MM ne_NP "
             "nl_XX ro_RO ru_RU si_LK tr_TR vi_VN zh_CN").split()  # fmt: skip

# name: (file, config.json's model_type, trainer options, tokens before, offset, tokens behind, frames)
FAMILIES = {
    "albert": ("spiece.model", None, dict(pad_id=0, unk_id=1, bos_id=-1, eos_id=-1, control_symbols="[CLS],[SEP]",
                                          user_defined_symbols="[MASK]"),
               [], 0, [], ("[CLS] A [SEP]", "[CLS] A [SEP] B [SEP]")),
    "t5": ("spiece.model", None, dict(pad_id=0, eos_id=1, unk_id=2, bos_id=-1),
           [], 0, [f"<extra_id_{i}>" for i in range(99, -1, -1)], ("A </s>", "A </s> B </s>")),
    "pegasus": ("spiece.model", "pegasus", dict(pad_id=0, eos_id=1, unk_id=2, bos_id=-1),
                ["<pad>", "</s>", "<mask_1>", "<mask_2>"] + [f"<unk_{i}>" for i in range(2, 103)], 103, [],
                ("A </s>", "A B </s>")),
    "xlm-roberta": ("sentencepiece.bpe.model", None, {}, ["<s>", "<pad>", "</s>", "<unk>"], 1, ["<mask>"], ROBERTA),
    "camembert": ("sentencepiece.bpe.model", "camembert", {},
                  ["<s>NOTUSED", "<pad>", "</s>NOTUSED", "<unk>", "<unk>NOTUSED"], 4, ["<mask>"], ROBERTA),
    "mbart": ("sentencepiece.bpe.model", "mbart", {}, ["<s>", "<pad>", "</s>", "<unk>"], 1, [*LANGUAGES, "<mask>"],
              ("A </s> en_XX", "A B </s> en_XX")),
    "llama": ("tokenizer.model", None, dict(model_type="bpe", byte_fallback=True, vocab_size=420, split_digits=True,
                                            normalization_rule_name="identity", remove_extra_whitespaces=False),
              [], 0, [], ("<s> A", "<s> A <s> B")),
    "llama-unigram": ("tokenizer.model", None, dict(byte_fallback=True, vocab_size=420, user_defined_symbols="fox,  ,▁▁"),
                      [], 0, [], ("<s> A", "<s> A <s> B")),
    "words": ("tokenizer.model", None, dict(model_type="word", vocab_size=60, character_coverage=1.0),
              [], 0, [], ("<s> A", "<s> A <s> B")),
    "characters": ("tokenizer.model.v1", None, dict(model_type="char", vocab_size=100, treat_whitespace_as_suffix=True),
                   [], 0, [], ("<s> A", "<s> A <s> B")),
}  # fmt: skip


def split(text, pattern):
    """Special tokens and what is between them, as transformers' slow tokenizers cut a text (the mask takes spaces before)."""
    out, done = [], 0
    for match in pattern.finditer(text):
        begin = match.start()
        while match.group() in ("<mask>", "[MASK]") and begin > done and text[begin - 1].isspace():
            begin -= 1
        out += [(done, begin, None), (begin, match.end(), match.group())]
        done = match.end()
    out.append((done, len(text), None))
    return [part for part in out if part[0] < part[1]]


class Reference:
    def __init__(self, processor, ids, pieces, specials, frames):
        self.processor, self.ids, self.pieces = processor, ids, pieces
        self.specials = re.compile("|".join(re.escape(name) for name in sorted(specials, key=len, reverse=True)))
        self.frames = [frame.split() for frame in frames]

    def text(self, text):
        rows = []
        for begin, end, special in split(text, self.specials):
            start = len(text[:begin].encode("utf-8"))
            if special is not None:
                rows.append([self.pieces[special], start, start + len(text[begin:end].encode("utf-8")), 1, special])
                continue
            part = [[self.ids[p.id], p.begin, p.end, 0, p.piece]
                    for p in self.processor.encode(text[begin:end], return_type="proto").pieces]  # fmt: skip
            for i in range(len(part) - 2, -1, -1):  # all bytes of a character carry its place
                is_byte = part[i][4].startswith("<0x") and part[i + 1][4].startswith("<0x")
                if is_byte and part[i][1] == part[i][2] == part[i + 1][1]:
                    part[i][2] = part[i + 1][2]
            rows += [[i, b + start, e + start, f, p] for i, b, e, f, p in part]
        return rows

    def line(self, line, special):
        texts = line.split("\t", 1)
        rows = []
        for item in self.frames[len(texts) - 1]:
            if item in ("A", "B"):
                rows += self.text(texts["AB".index(item)])
            elif special:
                rows.append([self.pieces[item], 0, 0, 1, item])
        return [[r[0] for r in rows], [x for r in rows for x in r[1:3]], [r[3] for r in rows], [r[4] for r in rows]]


def family(texts, folder, name):
    file, model_type, options = FAMILIES[name][:3]
    with tempfile.TemporaryDirectory() as directory:
        content = train(texts, directory, **options)
    (folder / file).write_bytes(content)
    if model_type:
        (folder / "config.json").write_text(json.dumps({"model_type": model_type}) + "\n", "utf-8")
    return published(folder / file, name)


def published(path, name):
    before, offset, behind, frames = FAMILIES[name][3:]
    content = pathlib.Path(path).read_bytes()
    processor = sentencepiece.SentencePieceProcessor(model_proto=content)
    size = processor.get_piece_size()
    names = [processor.id_to_piece(i) for i in range(size)]
    ids = [before.index(n) if n in before else i + offset for i, n in enumerate(names)]
    pieces = {n: i for i, n in enumerate(before)} | dict(zip(names, ids))
    pieces |= {n: size + offset + i for i, n in enumerate(behind)}
    specials = {n for i, n in enumerate(names) if processor.is_control(i) or processor.is_unknown(i)}
    return Reference(processor, ids, pieces, specials | set(before) | set(behind), frames)


def marian(texts, folder):
    made = []
    for name, options in (("source", {}), ("target", dict(model_type="bpe", vocab_size=150))):
        with tempfile.TemporaryDirectory() as directory:
            content = train(texts, directory, **options)
        (folder / f"{name}.spm").write_bytes(content)
        made.append(sentencepiece.SentencePieceProcessor(model_proto=content))
    names = ["</s>", "<unk>"]
    for processor in made:
        names += [processor.id_to_piece(i) for i in range(3, processor.get_piece_size(), 1)][::-1][10:]
    names = list(dict.fromkeys(names)) + [">>de<<", "<pad>"]
    pieces = {n: i for i, n in enumerate(names)}
    (folder / "vocab.json").write_text(json.dumps(pieces, ensure_ascii=False) + "\n", "utf-8")
    source = made[0]
    ids = [pieces.get(source.id_to_piece(i), 1) for i in range(source.get_piece_size())]
    return Reference(source, ids, pieces, {"</s>", "<unk>", "<pad>", ">>de<<"}, ("A </s>", "A B </s>"))


def write(folder, lines, texts):
    for name in [*FAMILIES, "marian"]:
        (folder / name).mkdir(parents=True, exist_ok=True)
        reference = marian(texts, folder / name) if name == "marian" else family(texts, folder / name, name)
        with open(folder / f"{name}.expected", "w", encoding="utf-8") as out:
            for special in (True, False):
                for line in lines:
                    if not special and len(line.split("\t")[0]) > 6:
                        continue
                    out.write(json.dumps(reference.line(line, special), ensure_ascii=False, separators=(",", ":")) + "\n")
