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
        if (applyToAscii(text) || applyInOnePass(text)) return {};
        clean(text);
        if (m_options.stripAccents) {
            normalizeUnicode(text, NormalizationForm::nfd);
            text.rewrite([](char32_t point, AlignedText::Writer& out) {
                if (!isKind(point, CharacterClass::nonspacingMark)) out.put(point);
            });
        }
        if (m_options.lowercase) {
            text.rewrite([](char32_t point, AlignedText::Writer& out) {
                std::array<char32_t, 2> lower{};
                const int count = attnviz::lowercase(point, lower);
                for (int i = 0; i < count; ++i) out.put(lower[static_cast<std::size_t>(i)]);
            });
        }
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

    // All steps at once, character by character; not for texts with marks of their own, which change places.
    bool applyInOnePass(AlignedText& text) const {
        bool hasMarks = false;
        AlignedText changed = text;
        changed.rewrite([&](char32_t point, AlignedText::Writer& out) {
            if (m_options.cleanText) {
                if (isKind(point, CharacterClass::control)) return;
                if (isKind(point, CharacterClass::whitespace)) point = U' ';
            }
            if (point < 0x80) {
                out.put(m_options.lowercase && point >= U'A' && point <= U'Z' ? point + 32 : point);
                return;
            }
            const bool apart = m_options.setIdeographsApart && isKind(point, CharacterClass::ideograph);
            if (apart) out.put(U' ');
            if (m_options.stripAccents) {
                const Decomposition decomposition = decomposeAlone(point);
                hasMarks = hasMarks || decomposition.isMark;
                if (decomposition.count == 0) putLetter(point, out);
                for (int i = 0; i < decomposition.count; ++i)
                    putLetter(decomposition.parts[static_cast<std::size_t>(i)], out);
            } else {
                putLetter(point, out);
            }
            if (apart) out.put(U' ');
        });
        if (hasMarks) return false;
        text = std::move(changed);
        return true;
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
