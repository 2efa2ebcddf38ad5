// Dense weights as a file brings them, one kind of attention: checked for shape, then for what they say.
//
// Files come from strangers: lists must be even, numbers finite, and sizes sane before memory is taken.
// Negative weights and rows that do not sum to one are findings, not errors.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/attention/dense_attention.h"
#include "core/base/progress.h"
#include "core/base/result.h"
#include "core/session/json_scanner.h"

namespace attnviz {

inline constexpr std::int64_t kMostLayers = 4096, kMostHeads = 4096, kMostMaps = 65536;
inline constexpr std::int64_t kMostTokens = std::int64_t{1} << 20U;

struct WeightBlock {
    int heads = 0, queries = 0, keys = 0;
    std::vector<std::shared_ptr<DenseLayer>> layers;

    std::string shape() const;   // "12 x 12 x 9 x 9"
    std::size_t cells() const {  // of one layer
        return static_cast<std::size_t>(heads) * static_cast<std::size_t>(queries) *
               static_cast<std::size_t>(keys);
    }
    bool isHalf() const { return !layers.empty() && !layers.front()->halves.empty(); }
};

// The product, or nothing if it does not fit into 63 bits or a factor is negative.
std::optional<std::int64_t> checkedProduct(std::initializer_list<std::int64_t> factors);

// An Error unless the shape is one that a model can have and `bytes` are left of 80 % of the available
// memory.
Result<void> checkShape(std::int64_t layers, std::int64_t heads, std::int64_t queries, std::int64_t keys,
                        std::int64_t bytesEach, const std::string& where);

struct NestedOptions {
    std::size_t expectedCells = 0;  // of a layer, if the file has said so; only a hint
    std::stop_token stop;
    const ProgressSink* progress = nullptr;
};
// Numbers in 2 to 5 nested lists: [query][key], [head][query][key], [layer][head][query][key], and batch axes
// of one in front or after the layer. Reads them straight into layers.
Result<WeightBlock> readNestedWeights(JsonScanner& scanner, const NestedOptions& options);

// Drops batch axes of size one from a shape of 2 to 5 axes: (layers, heads, queries, keys).
Result<std::vector<std::int64_t>> plainShape(const std::vector<std::int64_t>& shape,
                                             const std::string& where);

struct WeightFindings {
    std::int64_t rows = 0, unevenRows = 0, negative = 0,
                 masked = 0;  // masked: weights where nothing can be seen
    double leastSum = 1, mostSum = 1;
    int digits = 0;  // all weights are rounded to so many decimals; 0 if not
};
// Refuses NaN and infinities with the place of the first.
Result<WeightFindings> inspectWeights(const WeightBlock& block, const Visibility& visibility,
                                      const std::string& where, std::stop_token stop);
// What a person should know of it, one sentence each.
std::vector<std::string> noticesOf(const WeightFindings& findings, AttentionKind kind);

// The source of a block that has been looked through; takes its layers over.
std::shared_ptr<const DenseAttention> denseSource(WeightBlock block, AttentionKind kind,
                                                  Visibility visibility);

}  // namespace attnviz
