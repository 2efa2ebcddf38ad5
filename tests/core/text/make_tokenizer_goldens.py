#!/usr/bin/env python3
"""What the reference implementations make of a corpus, for the tests of core/text. Development only.

    make_tokenizer_goldens.py corpus DATA LINES                 a file of lines from the folder that holds text/
    make_tokenizer_goldens.py encode TOKENIZER LINES OUTPUT [--no-special-tokens]
                                                                JSON lines as `attention-viz tokenize --lines` writes them
    make_tokenizer_goldens.py compare OURS THEIRS               prints the first differences; exit 1 if there are any
    make_tokenizer_goldens.py hashes DATA LINES OUTPUT          SHA-256 of ids, spans, flags and pieces: corpus_hashes.json
    make_tokenizer_goldens.py small SAMPLE FOLDER               the committed goldens (tests/core/text/golden)

TOKENIZER is a tokenizer.json; `hashes` also takes SentencePiece files (against PyPI's sentencepiece) and a vocab.txt
(against transformers' slow BERT tokenizer, cased; ids and pieces only).
"""

import hashlib
import json
import pathlib
import sys
import zipfile

import tokenizers


SPECIALS = ("<|endoftext|>", "[CLS]", "[SEP]", "[MASK]", "[UNK]", "<s>", "</s>", "<mask>", "<pad>")


def corpus_lines(data):
    """Every fifth line of all texts, pairs of some, and what nobody types by himself. tokenizer_corpus_test.cpp does the same."""
    text = pathlib.Path(data) / "text"
    lines = []

    def take(content, most=None):
        lines.extend(content.split(b"\n")[:most])

    with zipfile.ZipFile(text / "udhr2.zip") as archive:
        for name in sorted(archive.namelist()):
            if name.endswith(".txt"):
                take(archive.read(name))
    for string in json.loads((text / "blns.json").read_text("utf-8")):
        take(string.encode("utf-8"))
    take((text / "emoji-test.txt").read_bytes())
    take((text / "NormalizationTest.converted.txt").read_bytes())
    for name in ("pg11.txt", "pg19068.txt", "pg25344.txt", "pg2641.txt", "2701-0.txt"):
        take((text / "gutenberg" / name).read_bytes(), 3000)
    lines = lines[::5]
    lines += [lines[i] + b"\t" + lines[i - 97] for i in range(97, len(lines), 97)]
    for special in SPECIALS:
        forms = (f"a{special}b", f"x  {special}  y", special, special * 3, f"{special}\t{special}", f" {special} ")
        lines += [form.encode("utf-8") for form in forms]
    long = ("a" * 5000, "word " * 3000, "é" * 2000, "中" * 500, " " * 3000, "x" * 99, "x" * 100, "x" * 101, "😀" * 101)
    lines += [line.encode("utf-8") for line in long]
    return lines


def corpus(data, out):
    lines = corpus_lines(data)
    pathlib.Path(out).write_bytes(b"\n".join(lines) + b"\n")
    print(len(lines), "lines")


def load(path):
    tokenizer = tokenizers.Tokenizer.from_file(str(path))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


class ByteOffsets:
    """Character offsets to byte offsets."""

    def __init__(self, text):
        self.at = [0]
        for character in text:
            self.at.append(self.at[-1] + len(character.encode("utf-8")))

    def __call__(self, offset):
        return self.at[min(offset, len(self.at) - 1)]


def specials_of(tokenizer):
    state = json.loads(tokenizer.to_str())
    return {token["id"]: token["content"] for token in state["added_tokens"] if token["special"]}


def document(tokenizer, specials, line, add_special_tokens):
    texts = line.split("\t", 1)
    encoding = tokenizer.encode(*texts, add_special_tokens=add_special_tokens)
    to_bytes = [ByteOffsets(text) for text in texts]
    labels, spans, flags, segments = [], [], [], []
    for index, (begin, end) in enumerate(encoding.offsets):
        made = encoding.special_tokens_mask[index] == 1
        sequence = encoding.sequence_ids[index]
        segment = encoding.type_ids[index] if sequence is None else sequence
        convert = to_bytes[segment] if segment < len(texts) else to_bytes[0]
        span = [convert(begin), convert(end)]
        piece, content = encoding.tokens[index], specials.get(encoding.ids[index])
        # A special token that was typed stands in the text by its name. An unknown word's [UNK] does not.
        typed = content is not None and texts[segment][begin:end].strip() == content
        spans.append(span)
        flags.append(made or typed)
        segments.append(segment)
        if made:
            labels.append(piece)
        elif typed:
            labels.append(content)
        else:
            raw = texts[segment].encode("utf-8")[span[0] : span[1]].decode("utf-8")
            labels.append(raw or piece)
    out = {"model_name": "m", "text": texts[0]}
    if len(texts) > 1:
        out["text_pair"] = texts[1]
    out |= {"tokens": labels, "input_ids": encoding.ids, "pieces": encoding.tokens, "spans": spans, "special": flags}
    if len(texts) > 1:
        out["segments"] = segments
    return out


def lines_of(path):
    content = pathlib.Path(path).read_bytes().decode("utf-8")
    return content.split("\n")[: -1 if content.endswith("\n") else None]


def documents(path, lines, add_special_tokens):
    tokenizer = load(path)
    specials = specials_of(tokenizer)
    for line in lines_of(lines):
        yield document(tokenizer, specials, line, add_special_tokens)


def tokenizer_rows(path, lines, add_special_tokens):
    """The same as canonical(document(...)), without what a person reads."""
    tokenizer = load(path)
    specials = specials_of(tokenizer)
    for line in lines_of(lines):
        texts = line.split("\t", 1)
        encoding = tokenizer.encode(*texts, add_special_tokens=add_special_tokens)
        to_bytes = [None if text.isascii() else ByteOffsets(text) for text in texts]
        sequences, kinds, made = encoding.sequence_ids, encoding.type_ids, encoding.special_tokens_mask
        out = []
        for index, (token, piece, (begin, end)) in enumerate(zip(encoding.ids, encoding.tokens, encoding.offsets)):
            side = kinds[index] if sequences[index] is None else sequences[index]
            flag = made[index] == 1 or (token in specials and texts[side][begin:end].strip() == specials[token])
            if (convert := to_bytes[side if side < len(texts) else 0]) is not None:
                begin, end = convert(begin), convert(end)
            out.append(f"{token} {begin} {end} {int(flag)} {piece}\n")
        yield "".join(out) + "\n"


def slow_bert_rows(path, lines, add_special_tokens):
    """transformers' slow tokenizer knows no places."""
    from transformers.models.bert.tokenization_bert_legacy import BertTokenizerLegacy

    tokenizer = BertTokenizerLegacy(str(path), do_lower_case=False)
    for line in lines_of(lines):
        ids = tokenizer(*line.split("\t", 1), add_special_tokens=add_special_tokens)["input_ids"]
        yield "".join(f"{i} {p}\n" for i, p in zip(ids, tokenizer.convert_ids_to_tokens(ids))) + "\n"


def sentence_piece_rows(path, lines, add_special_tokens):
    import sentence_piece_kinds

    family = {"albert-base-v2": "albert", "t5": "t5"}.get(pathlib.Path(path).parent.name, "llama")
    reference = sentence_piece_kinds.published(path, family)
    for line in lines_of(lines):
        ids, ends, flags, pieces = reference.line(line, add_special_tokens)
        spans = zip(ends[::2], ends[1::2])
        yield canonical({"input_ids": ids, "spans": spans, "special": flags, "pieces": pieces})


def rows(path, lines, add_special_tokens):
    path = pathlib.Path(path)
    if path.name == "vocab.txt":
        return slow_bert_rows(path, lines, add_special_tokens)
    if path.name != "tokenizer.json":
        return sentence_piece_rows(path, lines, add_special_tokens)
    return tokenizer_rows(path, lines, add_special_tokens)


def canonical(item):
    """What the corpus test hashes of a line."""
    tokens = zip(item["input_ids"], item["spans"], item["special"], item["pieces"])
    return "".join(f"{i} {b} {e} {int(f)} {p}\n" for i, (b, e), f, p in tokens) + "\n"


def hashes(path, lines, add_special_tokens):
    """SHA-256 of every thousand lines, shortened."""
    out, block, count = [], hashlib.sha256(), 0
    for row in rows(path, lines, add_special_tokens):
        block.update(row.encode("utf-8"))
        count += 1
        if count % 1000 == 0:
            out.append(block.hexdigest()[:12])
            block = hashlib.sha256()
    return out + [block.hexdigest()[:12]]


HASHED = ("gpt2/tokenizer.json", "roberta-base/tokenizer.json", "bert-base-uncased/tokenizer.json",
          "distilbert-base-uncased/tokenizer.json", "bert-base-multilingual-cased/vocab.txt", "pythia/tokenizer.json",
          "qwen2/tokenizer.json", "llama/tokenizer.json", "t5/tokenizer.json", "albert-base-v2/spiece.model", "t5/spiece.model",
          "llama/tokenizer.model", "mistral/tokenizer.model.v1", "mistral/mistral_instruct_tokenizer_240216.model.v2",
          "mistral/mistral_instruct_tokenizer_240323.model.v3")  # fmt: skip


def corpus_hashes(data, lines, out):
    result = {}
    for name in HASHED:
        for special in (True, False):
            key = name + ("" if special else " --no-special-tokens")
            result[key] = hashes(pathlib.Path(data) / "tokenizers" / name, lines, special)
            print(key, flush=True)
    pathlib.Path(out).write_text(json.dumps({"tokenizers": tokenizers.__version__, "hashes": result}, indent=1) + "\n")


HARD = [
    "", " ", "  ", "\t", "\r", "\u00a0", "\u3000", "a", " a", "a ", "  a  b   ", "Hello, world!", "I'm you're DON'T",
    "the The THE the", "The Quick brown fox foxes 9fox dog  dogs  dogged", "under_score-hyphen_-x-,_y", "a,b,,c x y",
    "1984 3.14 ½ ٣٤٥ Ⅷ 12345678", "naïve café Ångström", "e\u0301 a\u0323\u0302 \u1e69 s\u0307\u0323", "\u212b \ufb01 ① ｱ",
    "İstanbul ẞ ǅ Σς", "日本語テキスト", "中文 字符", "한국어 \u1112\u1161\u11ab", "русский ελληνικά", "हिन्दी क्षि", "العربية",
    "עִבְרִית", "ไทย", "👩‍👩‍👧‍👦🏳️‍🌈", "😀😀", "\U0001f1e9\U0001f1ea", "\u200b\u200d\ufeff", "\x00\x01\x7f\x85", "a\x00b\ufffd",
    "\u180e\u2028x\u2029", "\U00011f02\U0001e4d0\U00031350 \U00010d40", "\u0300\u0301", "x" * 13, "x" * 101, "a\u0345b",
    "[CLS] a[SEP]b [UNK]", "<|x|>  y<|x z <|x|", "<mask> a <mask>b", "<|endoftext|>a", "\u0378\ue000\U0010ffff",
    "two\ttexts", "\t", "\tb", "a\t", "the fox\tthe dog", "a [SEP]\t<mask> b", "x" * 30 + "\u0301" * 30, "\u1ebf\u0309\u0323",
    "\u0f71\u0f72\u0f74", "ﷺ ㍿", "\u0958\u2adc", "\U0001d15e", "－＿．，", "¡¿«»…—–", "$+<=>^`|~ ©®™", "ſ K Å ΐ ﬃ",
]  # fmt: skip


def small(sample, folder):
    """Kinds whose folder is there already are left alone: training is not the same on every machine."""
    import sentence_piece_kinds
    from tokenizer_kinds import KINDS, TEXTS

    folder = pathlib.Path(folder)
    lines = folder / "lines.txt"
    lines.parent.mkdir(parents=True, exist_ok=True)
    lines.write_bytes(("\n".join(HARD) + "\n").encode("utf-8"))
    sentence_piece_kinds.write(folder / "sentence-piece", HARD, TEXTS)
    for name, make in KINDS.items():
        if (folder / name / "tokenizer.json").exists():
            continue
        (folder / name).mkdir(exist_ok=True)
        state = json.loads(make().to_str())
        if name == "bpe-affixes":
            del state["model"]["type"]
            state["model"]["merges"] = [" ".join(pair) for pair in state["model"]["merges"]]
        if name == "bpe-metaspace":  # the byte pieces are pieces, no added tokens
            state["added_tokens"] = state["added_tokens"][:3]
        text = json.dumps(state, ensure_ascii=False, separators=(",", ":"))
        (folder / name / "tokenizer.json").write_text(text + "\n", "utf-8")
    for name in ["sample-model", *KINDS]:
        path = pathlib.Path(sample) / "tokenizer.json" if name == "sample-model" else folder / name / "tokenizer.json"
        tokenizer = load(path)
        with open(folder / f"{name}.expected", "w", encoding="utf-8") as out:
            for special in (True, False):
                for item in documents(path, lines, special):
                    if not special and len(item["text"]) > 6:
                        continue
                    row = [item["input_ids"], [x for span in item["spans"] for x in span],
                            [int(x) for x in item["special"]], item["pieces"],
                            tokenizer.decode(item["input_ids"], skip_special_tokens=False)]  # fmt: skip
                    out.write(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n")


def compare(ours, theirs):
    different = count = 0
    keys = ["text", "text_pair", "input_ids", "pieces", "spans", "special", "tokens"]
    with open(ours, encoding="utf-8") as left, open(theirs, encoding="utf-8") as right:
        left, right = left.read().split("\n"), right.read().split("\n")
    if len(left) != len(right):
        print(f"{len(left)} lines against {len(right)}")
        return 1
    for number, (mine, reference) in enumerate(zip(left, right), 1):
        if not mine and not reference:
            continue
        count += 1
        mine, reference = json.loads(mine), json.loads(reference)
        wrong = [key for key in keys if mine.get(key) != reference.get(key)]
        if wrong:
            different += 1
            if different <= 10:
                print(f"line {number}: {wrong}\n  text  {reference['text'][:200]!r}")
                for key in wrong:
                    a, b = mine.get(key) or [], reference.get(key) or []
                    at = next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), min(len(a), len(b)))
                    print(f"  {key} at {at}: ours {a[max(0, at - 1) : at + 4]}  theirs {b[max(0, at - 1) : at + 4]}")
    print(f"{different} of {count} lines differ")
    return 1 if different else 0


def main():
    command, arguments = sys.argv[1], [a for a in sys.argv[2:] if not a.startswith("--")]
    add_special_tokens = "--no-special-tokens" not in sys.argv
    if command == "corpus":
        corpus(*arguments)
    elif command == "encode":
        with open(arguments[2], "w", encoding="utf-8") as out:
            for item in documents(arguments[0], arguments[1], add_special_tokens):
                out.write(json.dumps(item, ensure_ascii=False) + "\n")
    elif command == "hashes":
        corpus_hashes(*arguments)
    elif command == "small":
        small(*arguments)
    elif command == "compare":
        return compare(*arguments)
    else:
        print(__doc__)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
