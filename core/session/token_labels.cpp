#include "core/session/token_labels.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace attnviz {
namespace {

constexpr std::array<std::string_view, 14> kSpecialNames{"[CLS]", "[SEP]", "[PAD]", "[MASK]", "[UNK]",
                                                         "<s>",   "</s>",  "<pad>", "<unk>",  "<mask>",
                                                         "<bos>", "<eos>", "<cls>", "<sep>"};

bool isSpecial(std::string_view label) {
    return std::find(kSpecialNames.begin(), kSpecialNames.end(), label) != kSpecialNames.end() ||
           (label.size() > 4 && label.starts_with("<|") && label.ends_with("|>"));
}

void replaceAll(std::string& text, std::string_view what, std::string_view with) {
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size()))
        text.replace(at, what.size(), with);
}

enum class Spelling { plain, marked, wordPiece };

// How the labels write spaces. Marked ones name them; WordPiece writes none, and marks what continues a word.
Spelling spellingOf(const std::vector<std::string>& labels) {
    bool spaces = false, pieces = false;
    for (const auto& label : labels) {
        if (label.starts_with("Ġ") || label.starts_with("▁") || label.starts_with("Ċ"))
            return Spelling::marked;
        spaces = spaces || label.starts_with(' ');
        pieces = pieces || (label.size() > 2 && label.starts_with("##")) || label == "[CLS]";
    }
    return pieces && !spaces ? Spelling::wordPiece : Spelling::plain;
}

std::string readable(std::string label, Spelling spelling) {
    if (spelling == Spelling::marked) {
        replaceAll(label, "Ġ", " ");
        replaceAll(label, "▁", " ");
        replaceAll(label, "Ċ", "\n");
    } else if (spelling == Spelling::wordPiece && label.size() > 2 && label.starts_with("##")) {
        label.erase(0, 2);
    }
    return label;
}

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool isSpace(char c) {
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

// Places every token in `text`, with nothing but white space between them; false if that cannot be done.
bool place(std::vector<Token>& tokens, std::string_view text) {
    std::size_t at = 0;
    for (Token& token : tokens) {
        if (token.special) continue;
        std::string_view wanted = token.text;
        const auto fits = [&](std::size_t begin) {
            return std::equal(
                wanted.begin(), wanted.end(), text.begin() + static_cast<std::ptrdiff_t>(begin),
                text.begin() + static_cast<std::ptrdiff_t>(std::min(text.size(), begin + wanted.size())),
                [](char a, char b) { return lower(a) == lower(b); });
        };
        if (!fits(at)) {
            while (at < text.size() && isSpace(text[at])) ++at;
            if (!fits(at) && !wanted.empty() && wanted.front() == ' ') wanted.remove_prefix(1);
            if (!fits(at)) return false;
        }
        token.begin = at;
        at += wanted.size();
        token.end = at;
    }
    return std::all_of(text.begin() + static_cast<std::ptrdiff_t>(at), text.end(), isSpace);
}

}  // namespace

TokenizedText tokensFromLabels(const std::vector<std::string>& labels,
                               const std::optional<std::string>& text) {
    const Spelling spelling = spellingOf(labels);
    TokenizedText tokenized;
    std::string joined;
    for (const auto& label : labels) {
        Token token;
        token.id = static_cast<std::int64_t>(tokenized.tokens.size());
        token.piece = label;
        token.special = isSpecial(label);
        token.text = token.special ? label : readable(label, spelling);
        if (!token.special) {
            const bool continues = label.size() > 2 && label.starts_with("##");
            if (spelling == Spelling::wordPiece && !continues && !joined.empty()) joined += ' ';
            token.begin = joined.size();
            joined += token.text;
            token.end = joined.size();
        }
        tokenized.tokens.push_back(std::move(token));
    }
    if (text && !text->empty()) {
        auto placed = tokenized.tokens;
        if (place(placed, *text)) {
            tokenized.tokens = std::move(placed);
        } else {
            for (Token& token : tokenized.tokens) token.begin = token.end = 0;
        }
        joined = *text;
    }
    tokenized.texts = {std::move(joined)};
    return tokenized;
}

}  // namespace attnviz
