// Precompiled: the replacements that a SentencePiece model brings with it.
//
// A short grapheme is looked up as a whole, and where that finds nothing (or it is long) its characters one
// by one. The account of what replaces what is the reference's, to the letter.
#include <array>

#include "core/base/base64.h"
#include "core/text/character_map.h"
#include "core/text/grapheme_breaks.h"
#include "core/text/normalizer.h"

namespace attnviz {
namespace {

constexpr std::size_t kLongestWhole = 5;  // bytes of a grapheme that is looked up as a whole

class PrecompiledNormalizer final : public Normalizer {
 public:
    explicit PrecompiledNormalizer(CharacterMap map) : m_map(std::move(map)) {
        for (std::size_t byte = 0; byte < m_plain.size(); ++byte) {
            const char letter = static_cast<char>(byte);
            m_plain[byte] = letter != '\r' && !m_map.replacementOf(std::string_view(&letter, 1));
        }
    }

    Result<void> apply(AlignedText& text) const override {
        const std::string_view all = text.text();
        if (plainLength(all) == all.size()) return {};
        AlignedText::Transformation changes(text);
        bool modified = false;
        for (std::size_t at = 0; at < all.size();) {
            // A letter before a letter is a grapheme of its own.
            for (std::size_t plain = plainLength(all.substr(at)); plain > 0; --plain, ++at)
                changes.add({static_cast<char32_t>(static_cast<unsigned char>(all[at])), 0});
            if (at == all.size()) break;
            const std::size_t end = graphemeEnd(all, at);
            const std::string_view grapheme = all.substr(at, end - at);
            modified = rewriteGrapheme(grapheme, changes) || modified;
            at = end;
        }
        if (modified) changes.finish();
        return {};
    }

 private:
    // How many characters at the beginning are letters that stay, and whose graphemes end behind them.
    std::size_t plainLength(std::string_view text) const {
        std::size_t at = 0;
        while (at < text.size() && static_cast<unsigned char>(text[at]) < 0x80 &&
               m_plain[static_cast<unsigned char>(text[at])])
            ++at;
        const bool endsBehind = at == text.size() || static_cast<unsigned char>(text[at]) < 0x80;
        return endsBehind || at == 0 ? at : at - 1;
    }

    bool rewriteGrapheme(std::string_view grapheme, AlignedText::Transformation& changes) const {
        if (grapheme.size() <= kLongestWhole)
            if (const auto whole = m_map.replacementOf(grapheme)) {
                replace(grapheme, *whole, changes);
                return true;
            }
        bool modified = false;
        for (std::size_t at = 0; at < grapheme.size();) {
            const utf8::Character character = utf8::decode(grapheme, at);
            const std::string_view part = grapheme.substr(at, character.length);
            if (const auto replacement = m_map.replacementOf(part)) {
                replace(part, *replacement, changes);
                modified = true;
            } else {
                changes.add({character.point, 0});
            }
            at += character.length;
        }
        return modified;
    }

    // The last characters of a longer replacement are inserted ones; what a shorter one drops goes with the
    // character before, whichever that is.
    static void replace(std::string_view part, std::string_view replacement,
                        AlignedText::Transformation& changes) {
        const auto characters = static_cast<int>(utf8::count(replacement));
        const auto replaced = static_cast<int>(utf8::count(part));
        int count = 0;
        for (std::size_t at = 0; at < replacement.size(); ++count) {
            const utf8::Character character = utf8::decode(replacement, at);
            changes.add({character.point, count < replaced ? 0 : 1});
            at += character.length;
        }
        if (characters < replaced) changes.drop(replaced - characters);
    }

    CharacterMap m_map;
    std::array<bool, 256> m_plain{};
};

Result<NormalizerPointer> make(const JsonValue& spec, const PartPlace& place) {
    PartFields fields(spec, place);
    const std::string text = fields.text("precompiled_charsmap");
    if (auto good = fields.check(); !good) return good.error();
    const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;
    std::string bytes(text.size() / 4 * 3, '\0');
    bytes.resize(bytes.size() - std::min(bytes.size(), padding));
    if (!decodeBase64(text, std::as_writable_bytes(std::span(bytes))))
        return badInput("\"precompiled_charsmap\" is no valid base64", place.where, "The file is damaged.");
    auto map = CharacterMap::read(bytes, place.where);
    if (!map) return map.error();
    return NormalizerPointer(std::make_shared<PrecompiledNormalizer>(std::move(*map)));
}

}  // namespace

const NormalizerKind kPrecompiledNormalizer{"Precompiled", {}, &make};

}  // namespace attnviz
