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

std::string AttentionRun::text() const {
    std::string joined;
    for (const auto& text : input.texts) {
        if (!joined.empty()) joined += ' ';
        joined += text;
    }
    return joined;
}

}  // namespace attnviz
