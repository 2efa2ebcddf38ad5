#!/usr/bin/env python3
"""Makes core/text/character_ranges.cpp: the character sets of the reference implementation (PyPI `tokenizers`).

    make_character_ranges.py > core/text/character_ranges.cpp

Asks the reference about every code point, so that no Unicode version has to be guessed. What PCRE2 10.42 (Unicode 14)
lacks is found with the ages that the `regex` engine of the reference knows and `unicodedata` 14 does not.
"""

import unicodedata

import tokenizers
from tokenizers import Regex, normalizers, pre_tokenizers

POINTS = [c for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF]


def ranges(points):
    out = []
    for point in points:
        if out and out[-1][1] == point - 1:
            out[-1][1] = point
        else:
            out.append([point, point])
    return out


def removed_by(normalizer):
    return [c for c in POINTS if normalizer.normalize_str("a" + chr(c) + "a") == "aa"]


def matching(pattern):
    return removed_by(normalizers.Replace(Regex("(?<=a)" + pattern + "(?=a$)"), ""))


def bert(**options):
    chosen = dict(clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=False)
    return normalizers.BertNormalizer(**{**chosen, **options})


def bits(pattern, category):
    """Characters of the reference's engine that Unicode 14 has not."""
    return [c for c in matching(pattern) if not unicodedata.category(chr(c)).startswith(category)]


def emit(name, points):
    print(f"constexpr CharacterRange {name}[] = {{")
    line = "   "
    for first, last in ranges(points):
        item = f" {{0x{first:X}, 0x{last:X}}},"
        if len(line) + len(item) > 110:
            print(line)
            line = "   "
        line += item
    print(line)
    print("};\n")


def main():
    assert unicodedata.unidata_version.startswith("14."), "needs a Python whose unicodedata is Unicode 14"
    words = pre_tokenizers.Whitespace()
    punctuation = pre_tokenizers.Punctuation("removed")
    digits = pre_tokenizers.Digits()
    ideograph = bert(handle_chinese_chars=True)
    split = {c: words.pre_tokenize_str("a" + chr(c)) for c in POINTS}
    letters, numbers = bits(r"\p{L}", "L"), bits(r"\p{N}", "N")
    marks, signs = bits(r"\p{M}", "M"), bits(r"\p{P}", "P")
    sets = {
        "whitespace": [c for c in POINTS if normalizers.Strip().normalize_str(chr(c) + "a") == "a"],
        "word": [c for c in POINTS if len(split[c]) == 1 and split[c][0][0] != "a"],
        "punctuation": [c for c in POINTS if not punctuation.pre_tokenize_str(chr(c))],
        "control": removed_by(bert(clean_text=True)),
        "nonspacingMark": removed_by(bert(strip_accents=True)),
        "combiningMark": removed_by(normalizers.StripAccents()),
        "numeric": [c for c in POINTS if len(digits.pre_tokenize_str("a" + chr(c))) == 2],
        "ideograph": [c for c in POINTS if ideograph.normalize_str(chr(c)) != chr(c)],
        "unlikePcre": sorted(set(letters + numbers + marks + signs + [0x180E])),
    }
    print(f"// Made by tests/core/text/make_character_ranges.py from tokenizers {tokenizers.__version__}; not written by hand.")
    print('#include "core/text/character_classes.h"\n')
    print("// clang-format off\nnamespace attnviz {\nnamespace {\n")
    for name, points in sets.items():
        emit("k" + name[0].upper() + name[1:], points)
    for name, points in (("Letters", letters), ("Numbers", numbers), ("Marks", marks), ("Punctuation", signs)):
        emit("kNew" + name, points)
    print("constexpr CharacterSet kSets[] = {")
    for name in sets:
        print(f"    {{CharacterClass::{name}, k{name[0].upper() + name[1:]}}},")
    print("};\n\n}  // namespace\n")
    print("std::span<const CharacterSet> referenceCharacterSets() { return kSets; }")
    for name in ("Letters", "Numbers", "Marks", "Punctuation"):
        print(f"std::span<const CharacterRange> new{name}() {{ return kNew{name}; }}")
    print("\n}  // namespace attnviz\n// clang-format on")


if __name__ == "__main__":
    main()
