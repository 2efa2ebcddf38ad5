// What encoder-decoders share: one embedding table for both sides, stored once or in copies.
#pragma once

#include "core/torch/network.h"
#include "core/torch/weights.h"

namespace attnviz {

// Files hold "shared.weight", copies of it under the names of either side, or only one of the three. A table
// that a side has under its own name counts.
struct SharedEmbeddings {
    Weight shared, encoder, decoder;

    static SharedEmbeddings take(WeightReader& weights, std::int64_t vocabulary, std::int64_t width);
};

// Of the encoder: every token sees all that are no padding.
Visibility encoderVisibility(const ModelInput& input);

}  // namespace attnviz
