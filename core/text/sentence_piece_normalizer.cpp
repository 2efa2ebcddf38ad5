#include "core/text/sentence_piece_normalizer.h"

#include "core/text/utf8.h"

namespace attnviz {

SentencePieceNormalizer::SentencePieceNormalizer(const SentencePieceFile& file, bool dummyPrefix)
    : m_file(file), m_dummyPrefix(dummyPrefix), m_space(file.escapeSpaces ? "\xE2\x96\x81" : " ") {
    std::vector<std::pair<std::string_view, std::uint32_t>> symbols;
    for (const SentencePiece& piece : file.pieces)
        if (piece.kind == SentencePiece::Kind::userDefined) symbols.emplace_back(piece.text, 0);
    for (std::size_t byte = 0; byte < 0x80; ++byte)
        m_plain[byte] =
            byte != ' ' && !(file.replacements && file.replacements->begins(static_cast<char>(byte)));
    for (const auto& symbol : symbols) m_plain[static_cast<unsigned char>(symbol.first[0])] = false;
    m_userDefined = PieceTrie(std::move(symbols));
}

SentencePieceNormalizer::Prefix SentencePieceNormalizer::prefixOf(std::string_view input) const {
    std::size_t symbol = 0;
    m_userDefined.prefixes(input, [&](std::size_t length, std::uint32_t) { symbol = length; });
    if (symbol > 0) return {input.substr(0, symbol), symbol};
    if (m_file.replacements)
        if (const auto found = m_file.replacements->longestOf(input))
            return {found->replacement, found->length};
    const std::size_t length = utf8::lengthOfLead(input[0]);
    return {input.substr(0, length), length};
}

// The order of steps is the library's (src/normalizer.cc), because origins depend on it.
void SentencePieceNormalizer::apply(std::string_view input, NormalizedSentence& out) const {
    out.text.clear();
    out.origins.clear();
    std::size_t consumed = 0;
    const auto put = [&](std::string_view text) {
        out.text += text;
        out.origins.insert(out.origins.end(), text.size(), static_cast<std::uint32_t>(consumed));
    };
    while (m_file.removeExtraSpaces && consumed < input.size()) {
        const Prefix prefix = prefixOf(input.substr(consumed));
        if (prefix.replacement != " ") break;
        consumed += prefix.length;
    }
    if (consumed == input.size()) return;
    out.text.reserve(input.size() * 2);
    out.origins.reserve(input.size() * 2);
    if (!m_file.spaceIsSuffix && m_dummyPrefix) put(m_space);

    bool afterSpace = m_file.removeExtraSpaces;
    while (consumed < input.size()) {
        if (m_plain[static_cast<unsigned char>(input[consumed])]) {
            put(input.substr(consumed, 1));
            ++consumed;
            afterSpace = false;
            continue;
        }
        const Prefix prefix = prefixOf(input.substr(consumed));
        std::string_view text = prefix.replacement;
        while (afterSpace && text.starts_with(' ')) text.remove_prefix(1);
        if (!text.empty()) afterSpace = text.ends_with(' ') && m_file.removeExtraSpaces;
        while (!text.empty()) {
            const std::size_t space = std::min(text.find(' '), text.size());
            put(text.substr(0, space));
            if (space < text.size()) put(m_space);
            text.remove_prefix(std::min(space + 1, text.size()));
        }
        consumed += prefix.length;
    }
    while (m_file.removeExtraSpaces && out.text.ends_with(m_space)) {
        const std::size_t length = out.text.size() - m_space.size();
        consumed = out.origins[length];
        out.text.resize(length);
        out.origins.resize(length);
    }
    if (m_file.spaceIsSuffix && m_dummyPrefix) put(m_space);
    out.origins.push_back(static_cast<std::uint32_t>(consumed));
}

}  // namespace attnviz
