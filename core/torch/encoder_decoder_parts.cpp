#include "core/torch/encoder_decoder_parts.h"

#include "core/torch/blocks.h"

namespace attnviz {

SharedEmbeddings SharedEmbeddings::take(WeightReader& weights, std::int64_t vocabulary, std::int64_t width) {
    SharedEmbeddings tables;
    tables.encoder = weights.takeIfThere({"encoder.embed_tokens.weight"}, {vocabulary, width});
    tables.decoder = weights.takeIfThere({"decoder.embed_tokens.weight"}, {vocabulary, width});
    tables.shared = tables.encoder.defined() || tables.decoder.defined()
                        ? weights.takeIfThere({"shared.weight"}, {vocabulary, width})
                        : weights.take("shared.weight", {vocabulary, width});
    if (!tables.shared.defined()) tables.shared = tables.encoder.defined() ? tables.encoder : tables.decoder;
    for (Weight* own : {&tables.encoder, &tables.decoder})
        if (!own->defined()) *own = tables.shared;
    return tables;
}

Visibility encoderVisibility(const ModelInput& input) {
    const int count = static_cast<int>(input.ids.size());
    return Visibility::full(count, count).setMaskedKeys(maskedKeys(input));
}

}  // namespace attnviz
