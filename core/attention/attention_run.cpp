#include "core/attention/attention_run.h"

namespace attnviz {

const AttentionSource* AttentionRun::find(AttentionKind kind) const {
    for (const auto& source : sources)
        if (source->info().kind == kind) return source.get();
    return nullptr;
}

const TokenizedText& AttentionRun::queriesOf(const AttentionSource& source) const {
    const bool decoderSide = source.info().kind != AttentionKind::encoder;
    return decoderSide && target ? *target : input;
}

const TokenizedText& AttentionRun::keysOf(const AttentionSource& source) const {
    return source.info().kind == AttentionKind::decoder && target ? *target : input;
}

std::string AttentionRun::givenText(const TokenizedText& text) const {
    if (text.texts.empty()) return {};
    const std::string& whole = text.texts.back();
    if (&text != &continued() || generated <= 0 || generated > static_cast<int>(text.tokens.size()))
        return whole;
    // The first of them that has a place in the text; one without (a special token) stands before it.
    for (auto token = text.tokens.end() - generated; token != text.tokens.end(); ++token)
        if (token->end > token->begin) return whole.substr(0, token->begin);
    return whole;
}

std::string AttentionRun::text() const {
    std::string joined;
    for (const auto& text : input.texts) {
        if (!joined.empty()) joined += ' ';
        joined += text;
    }
    return joined;
}

}  // namespace attnviz
