#include "core/text/tokenizer_spec.h"

#include <algorithm>

#include "core/text/pipeline_tokenizer.h"

namespace attnviz {
namespace {

bool mentionsByteLevel(const JsonValue& part) {
    if (part["type"].string() == "ByteLevel") return true;
    const auto inList = [](const JsonValue& list) {
        return std::any_of(list.items().begin(), list.items().end(), mentionsByteLevel);
    };
    return inList(part["pretokenizers"]) || inList(part["normalizers"]);
}

template <class Pointer, class Make>
Result<void> makePart(const JsonValue& spec, const PartPlace& place, Make make, Pointer& out) {
    if (spec.isNull()) return {};
    auto part = make(spec, place);
    if (!part) return part.error();
    out = std::move(*part);
    return {};
}

}  // namespace

Result<LoadedTokenizer> buildTokenizer(TokenizerSpec spec, const std::string& source,
                                       std::vector<std::string> notices) {
    const PartPlace place{source, 0};
    TokenizerParts parts;
    if (auto made = makePart(spec.normalizer, place, makeNormalizer, parts.normalizer); !made)
        return made.error();
    if (auto made = makePart(spec.preTokenizer, place, makePreTokenizer, parts.preTokenizer); !made)
        return made.error();
    if (auto made = makePart(spec.postProcessor, place, makePostProcessor, parts.postProcessor); !made)
        return made.error();
    if (auto made = makePart(spec.decoder, place, makeDecoder, parts.decoder); !made) return made.error();
    spec.model.notices = &notices;
    parts.model = std::move(spec.ready);
    parts.target = std::move(spec.target);
    parts.addedByName = spec.addedByName;
    parts.before = std::move(spec.before);
    parts.lone = std::move(spec.lone);
    if (!parts.model) {
        auto model = makeTokenModel(std::move(spec.model), place.inside("model"));
        if (!model) return model.error();
        parts.model = std::move(*model);
    }
    const Vocabulary& vocabulary = parts.model->vocabulary();
    if (auto added = parts.added.add(std::move(spec.added), vocabulary, parts.normalizer.get(), source);
        !added)
        return added.error();
    const bool byteLevel = mentionsByteLevel(spec.preTokenizer) || mentionsByteLevel(spec.normalizer);
    parts.kind = (byteLevel ? "byte-level " : "") + std::string(parts.model->kind());
    return LoadedTokenizer{makePipelineTokenizer(std::move(parts)), std::move(notices), source};
}

}  // namespace attnviz
