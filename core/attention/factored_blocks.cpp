#include "core/attention/factored_blocks.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "core/attention/query_key_product.h"
#include "core/attention/row_kernels.h"
#include "core/base/half.h"

namespace attnviz {
namespace {

constexpr float kNothing = -std::numeric_limits<float>::infinity();
constexpr int kChunkKeys = 512;  // packed keys of a chunk stay in the second cache
constexpr int kGroupRows = 16;   // rows multiplied together; their joint visible range wastes little

std::size_t index(int value) {
    return static_cast<std::size_t>(value);
}

KeyRange intersection(KeyRange left, KeyRange right) {
    const int begin = std::max(left.begin, right.begin);
    return {begin, std::max(begin, std::min(left.end, right.end))};
}

}  // namespace

FactoredBlocks::FactoredBlocks(const AttentionInfo& info, int layerIndex, const FactoredLayer& layer,
                               int head)
    : m_info(info),
      m_layerIndex(layerIndex),
      m_layer(layer),
      m_head(head),
      m_keyValueHead(head / (info.heads / info.keyValueHeads)),
      m_bias(layer.adjust, head, layer.scale, info.visibility) {}

void FactoredBlocks::loadQueries(int query, int count) {
    const std::size_t width = index(m_layer.width);
    const std::size_t offset = (index(m_head) * index(m_info.queries) + index(query)) * width;
    if (!m_layer.isHalf()) {
        m_queries = m_layer.queryFloats.data() + offset;
        return;
    }
    m_widenedQueries.resize(index(count) * width);
    floatsFromHalves(std::span(m_layer.queryHalves).subspan(offset, m_widenedQueries.size()),
                     m_widenedQueries);
    m_queries = m_widenedQueries.data();
}

void FactoredBlocks::packChunk(KeyRange keys) {
    const std::size_t width = index(m_layer.width);
    const std::size_t offset = (index(m_keyValueHead) * index(m_info.keys) + index(keys.begin)) * width;
    m_panels.resize(packedSize(kChunkKeys, m_layer.width));
    if (!m_layer.isHalf()) {
        packKeys(m_layer.keyFloats.data() + offset, keys.size(), m_layer.width, m_panels);
        return;
    }
    m_widenedKeys.resize(index(keys.size()) * width);
    floatsFromHalves(std::span(m_layer.keyHalves).subspan(offset, m_widenedKeys.size()), m_widenedKeys);
    packKeys(m_widenedKeys.data(), keys.size(), m_layer.width, m_panels);
}

// Calls rowDone(row, range, logits) for every row of every chunk; `logits` are those of the keys of `range`,
// which is what the row sees of the chunk. Masked keys have minus infinity.
template <class RowDone>
bool FactoredBlocks::chunks(int query, int count, KeyRange keys, const std::stop_token& stop,
                            RowDone rowDone) {
    loadQueries(query, count);
    std::vector<KeyRange> seen(index(count));
    KeyRange any{keys.end, keys.begin};
    for (int row = 0; row < count; ++row) {
        seen[index(row)] = intersection(m_info.visibility.range(m_layerIndex, query + row), keys);
        if (seen[index(row)].size() == 0) continue;
        any.begin = std::min(any.begin, seen[index(row)].begin);
        any.end = std::max(any.end, seen[index(row)].end);
    }
    constexpr int kStride = kChunkKeys;
    m_logits.resize(index(kGroupRows) * kStride);
    m_biases.resize(kChunkKeys);
    const bool padded = !m_info.visibility.maskedKeys().empty();
    // Chunks begin at multiples of a panel, so that a key's place in its panel never depends on the question.
    for (int first = any.begin / kPanelKeys * kPanelKeys; first < any.end; first += kChunkKeys) {
        const KeyRange chunk{first, std::min(first + kChunkKeys, m_info.keys)};
        packChunk(chunk);
        for (int group = 0; group < count; group += kGroupRows) {
            if (stop.stop_requested()) return false;
            const int rows = std::min(kGroupRows, count - group);
            KeyRange joint{chunk.end, chunk.begin};
            for (int row = group; row < group + rows; ++row) {
                const KeyRange here = intersection(seen[index(row)], chunk);
                if (here.size() == 0) continue;
                joint.begin = std::min(joint.begin, here.begin);
                joint.end = std::max(joint.end, here.end);
            }
            if (joint.begin >= joint.end) continue;
            const int firstPanel = (joint.begin - first) / kPanelKeys;
            const int lastPanel = (joint.end - first + kPanelKeys - 1) / kPanelKeys;
            multiplyPanels(m_queries + static_cast<std::ptrdiff_t>(group) * m_layer.width, rows,
                           m_layer.width, m_panels.data(), firstPanel, lastPanel, m_layer.scale,
                           m_logits.data(), kStride);
            for (int row = group; row < group + rows; ++row) {
                const KeyRange here = intersection(seen[index(row)], chunk);
                if (here.size() == 0) continue;
                const auto logits = std::span(m_logits).subspan(
                    index(row - group) * kStride + index(here.begin - first - firstPanel * kPanelKeys),
                    index(here.size()));
                if (m_layer.adjust.softcap > 0) capValues(logits, m_layer.adjust.softcap);
                if (!m_bias.none()) {
                    const auto biases = std::span(m_biases).first(logits.size());
                    m_bias.fill(query + row, here, biases);
                    for (std::size_t i = 0; i < logits.size(); ++i) logits[i] += biases[i];
                }
                if (padded)
                    for (int key = here.begin; key < here.end; ++key)
                        if (m_info.visibility.masked(key)) logits[index(key - here.begin)] = kNothing;
                rowDone(row, here, logits);
            }
        }
    }
    return true;
}

bool FactoredBlocks::weights(int query, int count, KeyRange keys, float* out, std::ptrdiff_t stride,
                             const std::stop_token& stop) {
    for (int row = 0; row < count; ++row) std::fill_n(out + row * stride, keys.size(), 0.0F);
    const float* lse = m_layer.lse.data() + index(m_head) * index(m_info.queries) + index(query);
    return chunks(query, count, keys, stop, [&](int row, KeyRange range, std::span<float> logits) {
        if (lse[row] == kNothing) return;
        exponentials(logits, lse[row]);
        std::copy(logits.begin(), logits.end(), out + row * stride + (range.begin - keys.begin));
    });
}

bool FactoredBlocks::maxima(int query, int count, KeyRange keys, int level, std::span<float> out,
                            std::ptrdiff_t stride, const std::stop_token& stop) {
    const float* lse = m_layer.lse.data() + index(m_head) * index(m_info.queries) + index(query);
    const auto& visibility = m_info.visibility;
    const bool padded = !visibility.maskedKeys().empty();
    std::ranges::fill(out, kNothing);
    // Rows of a cell are joined key by key while they are hot, then pooled along the keys. Chunks come one
    // after another, each with its rows in order; a cell that two chunks share is pooled twice.
    std::vector<float> joined(index(keys.size()), kNothing);
    KeyRange touched;  // of joined, from keys.begin
    int cellRow = 0;
    const auto pool = [&] {
        if (padded)
            for (int at = touched.begin; at < touched.end; ++at)
                if (visibility.masked(keys.begin + at)) joined[index(at)] = kNothing;
        float* cells = out.data() + cellRow * stride;
        for (int at = touched.begin; at < touched.end;) {
            const int cell = at >> level;
            const int end = static_cast<int>(
                std::min<std::int64_t>(touched.end, static_cast<std::int64_t>(cell + 1) << level));
            float most = cells[cell];
            for (; at < end; ++at) most = std::max(most, joined[index(at)]);
            cells[cell] = most;
        }
        std::fill(joined.begin() + touched.begin, joined.begin() + touched.end, kNothing);
        touched = {};
    };
    const bool done = chunks(query, count, keys, stop, [&](int row, KeyRange range, std::span<float> logits) {
        const KeyRange here{range.begin - keys.begin, range.end - keys.begin};
        const bool apart = here.begin > touched.end || here.end < touched.begin;
        if (row >> level != cellRow || apart) pool();
        cellRow = row >> level;
        if (lse[row] == kNothing) return;
        joinMaxima(logits, lse[row], std::span(joined).subspan(index(here.begin), logits.size()));
        touched = touched.size() == 0
                      ? here
                      : KeyRange{std::min(touched.begin, here.begin), std::max(touched.end, here.end)};
    });
    pool();
    std::vector<float> weights(out.begin(), out.end());
    exponentials(weights, 0);
    for (std::size_t cell = 0; cell < out.size(); ++cell)
        out[cell] = out[cell] == kNothing ? kMaskedCell : weights[cell];
    return done;
}

bool FactoredBlocks::logSumExp(int query, std::span<float> out, const std::stop_token& stop) {
    const float sink = m_layer.adjust.sinks.empty() ? kNothing : m_layer.adjust.sinks[index(m_head)];
    // Running maximum and sum of a row, chunk by chunk.
    std::vector<float> maxima(out.size(), sink);
    std::vector<double> sums(out.size(), sink == kNothing ? 0.0 : 1.0);
    const bool done = chunks(query, static_cast<int>(out.size()), {0, m_info.keys}, stop,
                             [&](int row, KeyRange, std::span<float> logits) {
                                 float& max = maxima[index(row)];
                                 double& sum = sums[index(row)];
                                 const float here = largest(logits);
                                 if (here == kNothing) return;
                                 if (here > max) {
                                     if (sum > 0) sum *= std::exp(static_cast<double>(max) - here);
                                     max = here;
                                 }
                                 exponentials(logits, max);
                                 sum += sumAndMax(logits).sum;
                             });
    for (std::size_t row = 0; row < out.size(); ++row)
        out[row] = maxima[row] == kNothing
                       ? kNothing
                       : static_cast<float>(static_cast<double>(maxima[row]) + std::log(sums[row]));
    return done;
}

}  // namespace attnviz
