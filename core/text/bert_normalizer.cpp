// BERT's cleaning: control characters go, white space becomes a space, ideographs stand alone, accents and
// case go.
#include "core/text/character_classes.h"
#include "core/text/normalizer.h"
#include "core/text/unicode_normalization.h"

namespace attnviz {
namespace {

struct BertOptions {
    bool cleanText = true;
    bool setIdeographsApart = true;
    bool stripAccents = true;
    bool lowercase = true;
};

class BertNormalizer final : public Normalizer {
 public:
    explicit BertNormalizer(BertOptions options) : m_options(options) {}
    Result<void> apply(AlignedText& text) const override {
        if (applyToAscii(text)) return {};
        const std::string_view all = text.text();
        AlignedText::Writer out(all.size() + all.size() / 8);
        for (std::size_t at = 0; at < all.size();) {
            for (; at < all.size() && isPlain(all[at]); ++at) out.put(plain(all[at]), text.spanOf(at, 1));
            std::size_t end = at;
            while (end < all.size() && !isPlain(all[end])) ++end;
            if (!rewriteAtOnce(text, at, end, out)) rewriteInSteps(text, at, end, out);
            at = end;
        }
        text.take(std::move(out));
        return {};
    }

 private:
    // ASCII without control characters keeps its alignment.
    bool applyToAscii(AlignedText& text) const {
        std::string lower = text.text();
        for (char& letter : lower) {
            const auto byte = static_cast<unsigned char>(letter);
            if (byte >= 0x80) return false;
            if (byte < 0x20 || byte == 0x7F) {
                const bool space = byte == '\t' || byte == '\n' || byte == '\r';
                if (m_options.cleanText && !space) return false;
                if (m_options.cleanText) letter = ' ';
            } else if (m_options.lowercase && byte >= 'A' && byte <= 'Z') {
                letter = static_cast<char>(byte + 32);
            }
        }
        text.replaceLetters(std::move(lower));
        return true;
    }

    // ASCII that no step takes away, and that nothing before or behind it changes.
    static bool isPlain(char letter) {
        return (letter >= 0x20 && letter < 0x7F) || letter == '\t' || letter == '\n' || letter == '\r';
    }
    char plain(char letter) const {
        if (m_options.lowercase && letter >= 'A' && letter <= 'Z') return static_cast<char>(letter + 32);
        return m_options.cleanText && letter < 0x20 ? ' ' : letter;
    }

    // All steps at once, character by character. False where the stretch has marks of its own, which change
    // places; nothing is put then.
    bool rewriteAtOnce(const AlignedText& text, std::size_t begin, std::size_t end,
                       AlignedText::Writer& out) const {
        const std::size_t before = out.size();
        const CharacterTable& table = CharacterTable::instance();
        for (std::size_t at = begin; at < end;) {
            const utf8::Character character = utf8::decode(text.text(), at);
            out.standFor(text.spanOf(at, character.length));
            at += character.length;
            char32_t point = character.point;
            if (m_options.cleanText) {
                if (table.is(point, CharacterClass::control)) continue;
                if (table.is(point, CharacterClass::whitespace)) point = U' ';
            }
            const bool apart = m_options.setIdeographsApart && table.is(point, CharacterClass::ideograph);
            if (apart) out.put(U' ');
            const Decomposition decomposition =
                m_options.stripAccents ? decomposeAlone(point) : Decomposition{};
            if (decomposition.isMark) {
                out.shorten(before);
                return false;
            }
            if (decomposition.count == 0) putLetter(point, out);
            for (int i = 0; i < decomposition.count; ++i)
                putLetter(decomposition.parts[static_cast<std::size_t>(i)], out);
            if (apart) out.put(U' ');
        }
        return true;
    }

    // Step by step, with the letter before the stretch, for which marks may come to stand.
    void rewriteInSteps(const AlignedText& text, std::size_t begin, std::size_t end,
                        AlignedText::Writer& out) const {
        const std::size_t letter = begin > 0 ? 1 : 0;
        AlignedText part = text.slice(begin - letter, end);
        clean(part);
        normalizeUnicode(part, NormalizationForm::nfd);
        part.rewrite([this](char32_t point, AlignedText::Writer& to) { putLetter(point, to); });
        out.copy(part, letter, part.size());
    }

    void putLetter(char32_t point, AlignedText::Writer& out) const {
        if (m_options.stripAccents && isKind(point, CharacterClass::nonspacingMark)) return;
        std::array<char32_t, 2> lower{point};
        const int count = m_options.lowercase ? attnviz::lowercase(point, lower) : 1;
        for (int i = 0; i < count; ++i) out.put(lower[static_cast<std::size_t>(i)]);
    }

    void clean(AlignedText& text) const {
        if (!m_options.cleanText && !m_options.setIdeographsApart) return;
        text.rewrite([this](char32_t point, AlignedText::Writer& out) {
            if (m_options.cleanText) {
                if (isKind(point, CharacterClass::control)) return;
                if (isKind(point, CharacterClass::whitespace)) point = U' ';
            }
            const bool apart = m_options.setIdeographsApart && isKind(point, CharacterClass::ideograph);
            if (apart) out.put(U' ');
            out.put(point);
            if (apart) out.put(U' ');
        });
    }

    BertOptions m_options;
};

Result<NormalizerPointer> make(const JsonValue& spec, const PartPlace& place) {
    PartFields fields(spec, place);
    BertOptions options;
    options.cleanText = fields.boolean("clean_text");
    options.setIdeographsApart = fields.boolean("handle_chinese_chars");
    options.lowercase = fields.boolean("lowercase");
    options.stripAccents = fields.boolean("strip_accents", options.lowercase);
    if (auto good = fields.check(); !good) return good.error();
    return NormalizerPointer(std::make_shared<BertNormalizer>(options));
}

}  // namespace

const NormalizerKind kBertNormalizer{"BertNormalizer", "Bert", &make};

}  // namespace attnviz
