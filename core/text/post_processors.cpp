// The table of post-processors, and what they share.
#include <algorithm>
#include <array>

#include "core/text/byte_alphabet.h"
#include "core/text/character_classes.h"
#include "core/text/post_processor.h"
#include "core/text/utf8.h"

namespace attnviz {
namespace {

const std::array kPostProcessors{&kSequencePostProcessor, &kTemplatePostProcessor, &kBertPostProcessor,
                                 &kRobertaPostProcessor, &kByteLevelPostProcessor};

bool isSpace(char32_t point) {
    return point == kByteLevelSpace || isKind(point, CharacterClass::whitespace);
}

}  // namespace

std::span<const PostProcessorKind* const> postProcessors() {
    return kPostProcessors;
}

Result<PostProcessorPointer> makePostProcessor(const JsonValue& spec, const PartPlace& place) {
    const auto kind = findKind(postProcessors(), spec, "post-processor", place);
    if (!kind) return kind.error();
    return (*kind)->make(spec, place.inside("post-processor"));
}

Token specialToken(std::string piece, std::int64_t id, int segment) {
    Token token;
    token.id = id;
    token.text = piece;
    token.piece = std::move(piece);
    token.special = true;
    token.segment = segment;
    return token;
}

void trimSpans(TokenRun& run, bool addPrefixSpace) {
    for (std::size_t index = 0; index < run.tokens.size(); ++index) {
        Token& token = run.tokens[index];
        std::size_t leading = 0;
        std::size_t trailing = 0;
        for (std::size_t at = 0; at < token.piece.size(); ++leading) {
            const utf8::Character character = utf8::decode(token.piece, at);
            if (!isSpace(character.point)) break;
            at += character.length;
        }
        for (std::size_t at = token.piece.size(); at > 0; ++trailing) {
            at = utf8::previous(token.piece, at);
            if (!isSpace(utf8::decode(token.piece, at).point)) break;
        }
        if (leading > 0) {
            const bool first = index == 0 || token.begin == 0;
            if (first && addPrefixSpace && leading == 1) leading = 0;
            for (; leading > 0 && token.begin < token.end; --leading)
                token.begin += utf8::lengthOfLead(run.text[token.begin]);
        }
        if (trailing == 0) continue;
        std::size_t end = token.end;
        for (; trailing > 0 && end > 0; --trailing) end = utf8::previous(run.text, end);
        if (trailing == 0) token.end = std::max(end, token.begin);
    }
}

}  // namespace attnviz
