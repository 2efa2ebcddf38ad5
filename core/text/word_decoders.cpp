// Decoders that know where words end: WordPiece, Metaspace, BPEDecoder.
#include <array>

#include "core/text/decoder.h"
#include "core/text/utf8.h"

namespace attnviz {
namespace {

std::string replaced(std::string_view text, std::string_view what, std::string_view with) {
    std::string out;
    std::size_t done = 0;
    for (std::size_t at = 0; !what.empty() && (at = text.find(what, at)) != std::string_view::npos;
         done = at) {
        out += text.substr(done, at - done);
        out += with;
        at += what.size();
    }
    out += text.substr(done);
    return out;
}

class WordPieceDecoder final : public Decoder {
 public:
    WordPieceDecoder(std::string prefix, bool cleanup) : m_prefix(std::move(prefix)), m_cleanup(cleanup) {}
    Result<void> apply(std::vector<std::string>& pieces) const override {
        for (std::size_t index = 0; index < pieces.size(); ++index) {
            std::string& piece = pieces[index];
            if (index > 0) piece = piece.starts_with(m_prefix) ? piece.substr(m_prefix.size()) : " " + piece;
            if (m_cleanup) piece = cleaned(piece);
        }
        return {};
    }
    std::string label(std::string piece) const override { return piece; }  // "##ing" tells that it goes on
    static Result<DecoderPointer> make(const JsonValue& spec, const PartPlace& place) {
        PartFields fields(spec, place);
        std::string prefix = fields.text("prefix");
        const bool cleanup = fields.boolean("cleanup");
        if (auto good = fields.check(); !good) return good.error();
        return DecoderPointer(std::make_shared<WordPieceDecoder>(std::move(prefix), cleanup));
    }

 private:
    static std::string cleaned(std::string text) {
        static constexpr std::array<std::pair<std::string_view, std::string_view>, 11> kRules{
            {{" .", "."},
             {" ?", "?"},
             {" !", "!"},
             {" ,", ","},
             {" ' ", "'"},
             {" n't", "n't"},
             {" 'm", "'m"},
             {" do not", " don't"},
             {" 's", "'s"},
             {" 've", "'ve"},
             {" 're", "'re"}}};
        for (const auto& [what, with] : kRules) text = replaced(text, what, with);
        return text;
    }

    std::string m_prefix;
    bool m_cleanup;
};

class MetaspaceDecoder final : public Decoder {
 public:
    MetaspaceDecoder(char32_t replacement, bool prepends)
        : m_letters(utf8::encoded(replacement)), m_prepends(prepends) {}
    Result<void> apply(std::vector<std::string>& pieces) const override {
        for (std::size_t index = 0; index < pieces.size(); ++index)
            pieces[index] = replaced(pieces[index], m_letters, index == 0 && m_prepends ? "" : " ");
        return {};
    }
    std::string label(std::string piece) const override { return replaced(piece, m_letters, " "); }
    static Result<DecoderPointer> make(const JsonValue& spec, const PartPlace& place) {
        PartFields fields(spec, place);
        const char32_t replacement = fields.character("replacement");
        const bool prepends =
            fields.text("prepend_scheme", "always") != "never" && fields.boolean("add_prefix_space", true);
        if (auto good = fields.check(); !good) return good.error();
        return DecoderPointer(std::make_shared<MetaspaceDecoder>(replacement, prepends));
    }

 private:
    std::string m_letters;
    bool m_prepends;
};

class BpeDecoder final : public Decoder {
 public:
    explicit BpeDecoder(std::string suffix) : m_suffix(std::move(suffix)) {}
    Result<void> apply(std::vector<std::string>& pieces) const override {
        for (std::size_t index = 0; index < pieces.size(); ++index)
            pieces[index] = replaced(pieces[index], m_suffix, index + 1 == pieces.size() ? "" : " ");
        return {};
    }
    std::string label(std::string piece) const override { return replaced(piece, m_suffix, ""); }
    static Result<DecoderPointer> make(const JsonValue& spec, const PartPlace& place) {
        PartFields fields(spec, place);
        std::string suffix = fields.text("suffix");
        if (auto good = fields.check(); !good) return good.error();
        return DecoderPointer(std::make_shared<BpeDecoder>(std::move(suffix)));
    }

 private:
    std::string m_suffix;
};

}  // namespace

const DecoderKind kWordPieceDecoder{"WordPiece", {}, &WordPieceDecoder::make};
const DecoderKind kMetaspaceDecoder{"Metaspace", {}, &MetaspaceDecoder::make};
const DecoderKind kBpeDecoder{"BPEDecoder", {}, &BpeDecoder::make};

}  // namespace attnviz
