// The table of token models. The order is that in which the reference tries a model without "type".
#include <array>

#include "core/text/token_model.h"

namespace attnviz {
namespace {

const std::array kTokenModels{&kBpeModel, &kWordPieceModel, &kWordLevelModel, &kUnigramModel};

}  // namespace

std::span<const TokenModelKind* const> tokenModels() {
    return kTokenModels;
}

Result<TokenModelPointer> makeTokenModel(ModelSpec spec, const PartPlace& place) {
    if (!spec.fields["type"].isNull()) {
        const auto kind = findKind(tokenModels(), spec.fields, "model", place);
        if (!kind) return kind.error();
        return (*kind)->make(std::move(spec), place);
    }
    for (const TokenModelKind* kind : tokenModels())
        if (kind->fits(spec)) return kind->make(std::move(spec), place);
    return badInput("the model has no \"type\", and its keys are those of no known kind", place.where,
                    "Known are " + knownKinds(tokenModels()) + ".");
}

}  // namespace attnviz
