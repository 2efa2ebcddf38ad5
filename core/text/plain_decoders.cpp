// Decoders that rewrite pieces as strings: Sequence, Replace, Fuse, Strip.
#include "core/text/decoder.h"
#include "core/text/split_pattern.h"
#include "core/text/utf8.h"

namespace attnviz {
namespace {

class SequenceDecoder final : public Decoder {
 public:
    explicit SequenceDecoder(std::vector<DecoderPointer> parts) : m_parts(std::move(parts)) {}
    Result<void> apply(std::vector<std::string>& pieces) const override {
        for (const auto& part : m_parts)
            if (auto done = part->apply(pieces); !done) return done.error();
        return {};
    }
    std::string label(std::string piece) const override {
        for (const auto& part : m_parts) piece = part->label(std::move(piece));
        return piece;
    }
    static Result<DecoderPointer> make(const JsonValue& spec, const PartPlace& place) {
        PartFields fields(spec, place);
        const JsonValue& list = fields.list("decoders");
        if (auto good = fields.check(); !good) return good.error();
        std::vector<DecoderPointer> parts;
        for (const JsonValue& item : list.items()) {
            auto part = makeDecoder(item, place);
            if (!part) return part.error();
            parts.push_back(std::move(*part));
        }
        return DecoderPointer(std::make_shared<SequenceDecoder>(std::move(parts)));
    }

 private:
    std::vector<DecoderPointer> m_parts;
};

class ReplaceDecoder final : public Decoder {
 public:
    ReplaceDecoder(SplitPattern pattern, std::string content)
        : m_pattern(std::move(pattern)), m_content(std::move(content)) {}
    Result<void> apply(std::vector<std::string>& pieces) const override {
        for (std::string& piece : pieces) {
            auto changed = rewritten(piece);
            if (!changed) return changed.error();
            piece = std::move(*changed);
        }
        return {};
    }
    std::string label(std::string piece) const override {
        if (utf8::firstInvalid(piece) != std::string_view::npos) return piece;
        auto changed = rewritten(piece);
        return changed ? *changed : piece;
    }
    static Result<DecoderPointer> make(const JsonValue& spec, const PartPlace& place) {
        PartFields fields(spec, place);
        std::string content = fields.text("content");
        if (auto good = fields.check(); !good) return good.error();
        auto pattern = SplitPattern::read(spec["pattern"], place);
        if (!pattern) return pattern.error();
        return DecoderPointer(std::make_shared<ReplaceDecoder>(std::move(*pattern), std::move(content)));
    }

 private:
    Result<std::string> rewritten(const std::string& piece) const {
        std::string out;
        const auto found = m_pattern.findAll(piece, [&](const PatternMatch& match) {
            out += match.isMatch ? m_content : piece.substr(match.begin, match.end - match.begin);
        });
        if (!found) return found.error();
        return out;
    }
    SplitPattern m_pattern;
    std::string m_content;
};

class FuseDecoder final : public Decoder {
 public:
    Result<void> apply(std::vector<std::string>& pieces) const override {
        std::string whole;
        for (const std::string& piece : pieces) whole += piece;
        pieces = {std::move(whole)};
        return {};
    }
    std::string label(std::string piece) const override { return piece; }
    static Result<DecoderPointer> make(const JsonValue&, const PartPlace&) {
        return DecoderPointer(std::make_shared<FuseDecoder>());
    }
};

// Takes up to `start` and `stop` copies of a character off the ends of each piece.
class StripDecoder final : public Decoder {
 public:
    StripDecoder(std::string content, std::int64_t start, std::int64_t stop)
        : m_content(std::move(content)), m_start(start), m_stop(stop) {}
    Result<void> apply(std::vector<std::string>& pieces) const override {
        for (std::string& piece : pieces) {
            std::string_view rest = piece;
            for (std::int64_t i = 0; i < m_start && rest.starts_with(m_content); ++i)
                rest.remove_prefix(m_content.size());
            for (std::int64_t i = 0; i < m_stop && rest.ends_with(m_content); ++i)
                rest.remove_suffix(m_content.size());
            piece = std::string(rest);
        }
        return {};
    }
    std::string label(std::string piece) const override { return piece; }
    static Result<DecoderPointer> make(const JsonValue& spec, const PartPlace& place) {
        PartFields fields(spec, place);
        const char32_t content = fields.character("content");
        const std::int64_t start = fields.count("start", 1'000'000);
        const std::int64_t stop = fields.count("stop", 1'000'000);
        if (auto good = fields.check(); !good) return good.error();
        return DecoderPointer(std::make_shared<StripDecoder>(utf8::encoded(content), start, stop));
    }

 private:
    std::string m_content;
    std::int64_t m_start, m_stop;
};

}  // namespace

const DecoderKind kSequenceDecoder{"Sequence", {}, &SequenceDecoder::make};
const DecoderKind kReplaceDecoder{"Replace", {}, &ReplaceDecoder::make};
const DecoderKind kFuseDecoder{"Fuse", {}, &FuseDecoder::make};
const DecoderKind kStripDecoder{"Strip", {}, &StripDecoder::make};

}  // namespace attnviz
