// How to keep the attention of a run: as maps, as queries and keys, or not at all. Decided before anything is
// computed.
//
//   dense      up to 25 % of the available memory, float32 (float16 on request)
//   factored   above: queries and keys in float32
//   factored   in float16 when that does not fit either, or on request; a notice states the error
//   refused    above 80 % of the available memory, with the estimate and advice
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace attnviz {

enum class StorageForm { automatic, dense, factored };
enum class Precision { float32, float16 };

// The shape of one kind of attention that is to be kept.
struct StorageShape {
    std::int64_t layers = 0, heads = 0, keyValueHeads = 0, queries = 0, keys = 0, headSize = 0;
};

struct StoragePlan {
    StorageForm form = StorageForm::dense;
    Precision precision = Precision::float32;
    std::int64_t keptBytes = 0, peakBytes = 0, availableBytes = 0;
    bool fits = true;
    bool keeps = true;     // false: attention is computed and forgotten, by whoever wants the logits alone
    std::string sentence;  // "dense float32, 47 KB" or, refused, the estimate and the advice
};

// One plan for all kinds of a run. `workingBytes` are taken while it runs, beside what is kept: activations,
// widened weights.
StoragePlan planStorage(std::span<const StorageShape> kinds, std::int64_t workingBytes,
                        std::int64_t availableBytes, StorageForm wishedForm, Precision wishedPrecision);

}  // namespace attnviz
