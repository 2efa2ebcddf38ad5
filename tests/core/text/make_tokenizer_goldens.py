#!/usr/bin/env python3
"""What the reference implementations make of a corpus, for the tests of core/text. Development only.

    make_tokenizer_goldens.py corpus DATA LINES                 a file of lines from the folder that holds text/
    make_tokenizer_goldens.py encode TOKENIZER LINES OUTPUT [--no-special-tokens]
                                                                JSON lines as `attention-viz tokenize --lines` writes them
    make_tokenizer_goldens.py compare OURS THEIRS               prints the first differences; exit 1 if there are any
    make_tokenizer_goldens.py hash TOKENIZER LINES              SHA-256 over ids, pieces, spans and special flags
    make_tokenizer_goldens.py small SAMPLE FOLDER               the committed goldens

TOKENIZER is a tokenizer.json, or a vocab.txt (read as BERT's cased one).
"""

import hashlib
import json
import pathlib
import sys
import zipfile

import tokenizers


def corpus(data, out):
    """Every line of every text, with tabs in some of them (pairs) and what nobody types by itself."""
    text = pathlib.Path(data) / "text"
    lines = []

    def take(content):
        lines.extend(line.replace("\0", "") for line in content.split("\n"))

    with zipfile.ZipFile(text / "udhr2.zip") as archive:
        for name in sorted(archive.namelist()):
            if name.endswith(".txt"):
                take(archive.read(name).decode("utf-8", "ignore"))
    take("\n".join(json.loads((text / "blns.json").read_text("utf-8"))))
    take((text / "emoji-test.txt").read_text("utf-8"))
    take((text / "NormalizationTest.converted.txt").read_text("utf-8"))
    for name in sorted((text / "gutenberg").iterdir())[:6]:
        take(name.read_text("utf-8", "ignore")[:300000])
    some = [line for line in lines if 0 < len(line) < 300 and "\t" not in line][::97]
    lines += [a + "\t" + b for a, b in zip(some, reversed(some))]
    for special in ("<|endoftext|>", "[CLS]", "[SEP]", "[MASK]", "[UNK]", "<s>", "</s>", "<mask>", "<pad>"):
        lines += [f"a{special}b", f"x  {special}  y", special, special * 3, f"{special}\t{special}", f" {special} "]
    lines += ["a" * 5000, "word " * 3000, "é" * 2000, "\u4e2d" * 500, " " * 3000, "x" * 99, "x" * 100, "x" * 101, "😀" * 101]
    pathlib.Path(out).write_text("\n".join(lines) + "\n", "utf-8")
    print(len(lines), "lines")


def load(path):
    path = pathlib.Path(path)
    if path.name == "vocab.txt":
        cased = tokenizers.BertWordPieceTokenizer(str(path), lowercase=False, strip_accents=False)
        cased.add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
        return cased
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
        # A special token that was typed: the piece is what stood there. An unknown word's [UNK] is none.
        typed = content is not None and piece.strip() == content and texts[segment][begin:end].strip() == content
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


def documents(path, lines, add_special_tokens):
    tokenizer = load(path)
    specials = specials_of(tokenizer)
    content = pathlib.Path(lines).read_bytes().decode("utf-8")
    for line in content.split("\n")[: -1 if content.endswith("\n") else None]:
        yield document(tokenizer, specials, line, add_special_tokens)


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
    elif command == "compare":
        return compare(*arguments)
    else:
        print(__doc__)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
