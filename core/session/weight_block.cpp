#include "core/session/weight_block.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "core/base/half.h"
#include "core/base/readable.h"
#include "core/base/system_memory.h"

namespace attnviz {
namespace {

constexpr int kMostLists = 5;
constexpr std::array<std::string_view, 4> kAxisNames{"key", "query", "head", "layer"};
constexpr std::array<std::string_view, 4> kAxisPlurals{"keys", "queries", "heads", "layers"};
constexpr int kMostDigits = 6;

std::string axes(std::initializer_list<std::int64_t> sizes) {
    std::string text;
    for (const std::int64_t size : sizes) text += (text.empty() ? "" : " x ") + std::to_string(size);
    return text;
}

std::string place(int layer, int head, int query, int key) {
    return "layer " + std::to_string(layer) + ", head " + std::to_string(head) + ", query " +
           std::to_string(query) + ", key " + std::to_string(key);
}

// Reads lists of lists to the depth that the first of them has.
class NestedReader {
 public:
    NestedReader(JsonScanner& scanner, const NestedOptions& options, int lists)
        : m_scanner(scanner),
          m_options(options),
          m_lists(lists),
          m_sizes(static_cast<std::size_t>(lists), -1),
          m_at(static_cast<std::size_t>(lists), 0) {}

    Result<WeightBlock> read() {
        if (!readList(0)) return m_stopped ? cancelled() : located();
        auto plain = plainShape(m_sizes, m_scanner.where());
        if (!plain) return plain.error();
        m_block.heads = static_cast<int>((*plain)[1]);
        m_block.queries = static_cast<int>((*plain)[2]);
        m_block.keys = static_cast<int>((*plain)[3]);
        if (auto checked =
                checkShape((*plain)[0], (*plain)[1], (*plain)[2], (*plain)[3], 0, m_scanner.where());
            !checked)
            return checked.error();
        return std::move(m_block);
    }

 private:
    bool readList(int level) {
        const auto index = static_cast<std::size_t>(level);
        m_level = level;
        if (level == std::max(0, m_lists - 3)) beginLayer();
        if (m_stopped) return false;
        std::int64_t count = 0;
        if (level == m_lists - 1) {
            auto& floats = m_block.layers.back()->floats;
            const std::size_t before = floats.size();
            const bool read = m_scanner.readFloats(floats);
            count = static_cast<std::int64_t>(floats.size() - before);
            m_at[index] = count;
            if (!read) return false;
        } else {
            if (!m_scanner.enterArray()) return false;
            for (; m_scanner.nextItem(); ++count) {
                m_at[index] = count;
                if (m_sizes[index] >= 0 && count >= m_sizes[index]) return uneven(level, count + 1);
                if (count >= kMostTokens) return m_scanner.fail("more than a million items in one list");
                if (!readList(level + 1)) return false;
                m_level = level;
            }
            if (m_scanner.failed()) return false;
        }
        if (count == 0) return m_scanner.fail("the list that ends here is empty");
        if (m_sizes[index] >= 0 && count != m_sizes[index]) return uneven(level, count);
        m_sizes[index] = count;
        return true;
    }

    void beginLayer() {
        m_stopped = m_options.stop.stop_requested();
        if (static_cast<std::int64_t>(m_block.layers.size()) >= kMostLayers)
            m_scanner.fail("more than " + std::to_string(kMostLayers) + " layers");
        auto layer = std::make_shared<DenseLayer>();
        // A number and its comma take at least two bytes of what is left of the text.
        const std::size_t most = (m_scanner.size() - m_scanner.offset()) / 2;
        const std::size_t expected =
            m_block.layers.empty() ? m_options.expectedCells : m_block.layers.front()->floats.size();
        layer->floats.reserve(std::min(expected, most));
        m_block.layers.push_back(std::move(layer));
        if (m_options.progress && *m_options.progress)
            (*m_options.progress)(
                {"Reading layer " + std::to_string(m_block.layers.size()),
                 static_cast<double>(m_scanner.offset()) / static_cast<double>(m_scanner.size())});
    }

    bool uneven(int level, std::int64_t count) {
        const int fromEnd = m_lists - 1 - level;
        const std::string items(fromEnd < 4 ? kAxisPlurals[static_cast<std::size_t>(fromEnd)] : "items");
        return m_scanner.fail("the list that ends here has " + std::to_string(count) + " " + items +
                              ", the ones before it have " +
                              std::to_string(m_sizes[static_cast<std::size_t>(level)]));
    }

    // The scanner's error, with the indices of where it is, down to the list that it is in.
    Error located() const {
        Error error = m_scanner.error();
        std::string indices;
        for (int level = 0; level < m_level + (m_level == m_lists - 1); ++level) {
            const int fromEnd = m_lists - 1 - level;
            if (fromEnd > 3 || (m_lists == 5 && level == 0)) continue;
            indices += (indices.empty() ? "" : ", ") +
                       std::string(kAxisNames[static_cast<std::size_t>(fromEnd)]) + " " +
                       std::to_string(m_at[static_cast<std::size_t>(level)]);
        }
        if (!indices.empty()) error.what += " (weights, " + indices + ")";
        return error;
    }

    JsonScanner& m_scanner;
    const NestedOptions& m_options;
    int m_lists, m_level = 0;
    std::vector<std::int64_t> m_sizes, m_at;
    WeightBlock m_block;
    bool m_stopped = false;
};

// The number of decimals that all weights are rounded to; 0 if it is more than kMostDigits.
int roundedDigits(const WeightBlock& block) {
    int digits = 1;
    for (const auto& layer : block.layers)
        for (const float weight : layer->floats) {
            double scale = std::pow(10.0, digits);
            while (std::abs(weight * scale - std::round(weight * scale)) > 1e-6 * scale * std::abs(weight)) {
                if (++digits > kMostDigits) return 0;
                scale *= 10;
            }
        }
    return digits;
}

}  // namespace

std::string WeightBlock::shape() const {
    return axes({static_cast<std::int64_t>(layers.size()), heads, queries, keys});
}

std::optional<std::int64_t> checkedProduct(std::initializer_list<std::int64_t> factors) {
    std::int64_t product = 1;
    for (const std::int64_t factor : factors)
        if (factor < 0 || __builtin_mul_overflow(product, factor, &product)) return std::nullopt;
    return product;
}

Result<void> checkShape(std::int64_t layers, std::int64_t heads, std::int64_t queries, std::int64_t keys,
                        std::int64_t bytesEach, const std::string& where) {
    const std::string shape = axes({layers, heads, queries, keys});
    if (layers < 1 || heads < 1 || queries < 1 || keys < 1)
        return badInput("the attention's shape " + shape + " (layers, heads, queries, keys) is empty", where);
    if (layers > kMostLayers || heads > kMostHeads || layers * heads > kMostMaps || queries > kMostTokens ||
        keys > kMostTokens)
        return badInput(
            "the attention's shape " + shape + " (layers, heads, queries, keys) is larger than any model's",
            where, "Is the order of the axes layer, head, query, key?");
    const auto bytes = checkedProduct({layers, heads, queries, keys, bytesEach});
    const std::int64_t limit = availableMemoryBytes() / 5 * 4;
    if (!bytes || *bytes > limit)
        return outOfMemory("the attention's shape " + shape + " takes " +
                               (bytes ? readableBytes(*bytes) : "more bytes than can be counted") +
                               ", more than 80 % of the available memory (" + readableBytes(limit) + ")",
                           where, "Close other documents, or open a part of it.");
    return {};
}

Result<std::vector<std::int64_t>> plainShape(const std::vector<std::int64_t>& shape,
                                             const std::string& where) {
    const auto size = shape.size();
    if (size == 2) return std::vector<std::int64_t>{1, 1, shape[0], shape[1]};
    if (size == 3) return std::vector<std::int64_t>{1, shape[0], shape[1], shape[2]};
    if (size == 4) return shape;
    if (size == 5) {
        const bool batchFirst = shape[0] == 1;
        if (batchFirst || shape[1] == 1)
            return std::vector<std::int64_t>{batchFirst ? shape[1] : shape[0], shape[2], shape[3], shape[4]};
        return badInput("the attention has five axes, and neither the first (" + std::to_string(shape[0]) +
                            ") nor the second (" + std::to_string(shape[1]) + ") is a batch of one",
                        where, "Save one text at a time.");
    }
    return badInput("the attention has " + std::to_string(size) + " axes, not two to five", where,
                    "The order is layer, head, query, key.");
}

Result<WeightBlock> readNestedWeights(JsonScanner& scanner, const NestedOptions& options) {
    int lists = 0;
    scanner.peekBelowLists(lists);
    if (lists > JsonScanner::kMostLevels) {
        scanner.skip();
        return scanner.error();
    }
    if (lists < 2 || lists > kMostLists) {
        scanner.fail("the weights stand in " + std::to_string(lists) + " nested lists, not two to five",
                     "The order is layer, head, query, key.");
        return scanner.error();
    }
    return NestedReader(scanner, options, lists).read();
}

Result<WeightFindings> inspectWeights(const WeightBlock& block, const Visibility& visibility,
                                      const std::string& where, std::stop_token stop) {
    WeightFindings findings;
    const double tolerance = block.isHalf() ? 2e-3 : 1e-4;
    const auto keys = static_cast<std::size_t>(block.keys);
    std::vector<float> widened(keys);
    for (std::size_t layer = 0; layer < block.layers.size(); ++layer) {
        const DenseLayer& weights = *block.layers[layer];
        for (std::int64_t map = 0; map < std::int64_t{block.heads} * block.queries; ++map) {
            if (map % 256 == 0 && stop.stop_requested()) return cancelled();
            std::span<const float> row(widened);
            const std::size_t offset = static_cast<std::size_t>(map) * keys;
            if (weights.halves.empty())
                row = std::span(weights.floats).subspan(offset, keys);
            else
                floatsFromHalves(std::span(weights.halves).subspan(offset, keys), widened);
            const int head = static_cast<int>(map / block.queries),
                      query = static_cast<int>(map % block.queries);
            double sum = 0;
            float least = 0;
            for (const float weight : row) {
                sum += weight;
                least = std::min(least, weight);
            }
            if (!std::isfinite(sum)) {
                const auto bad =
                    std::find_if(row.begin(), row.end(), [](float w) { return !std::isfinite(w); });
                return badInput(
                    "the weight at " +
                        place(static_cast<int>(layer), head, query, static_cast<int>(bad - row.begin())) +
                        " is " + (std::isnan(*bad) ? "not a number (NaN)" : "infinite"),
                    where, "Compute the model in float32 and save again.");
            }
            if (least < 0)
                findings.negative += std::count_if(row.begin(), row.end(), [](float w) { return w < 0; });
            const KeyRange range = visibility.range(static_cast<int>(layer), query);
            const auto seen = [](float weight) { return weight != 0; };
            findings.masked += std::count_if(row.begin(), row.begin() + range.begin, seen) +
                               std::count_if(row.begin() + range.end, row.end(), seen);
            for (const int key : visibility.maskedKeys())
                findings.masked += range.contains(key) && row[static_cast<std::size_t>(key)] != 0;
            ++findings.rows;
            if (std::abs(sum - 1) <= tolerance) continue;
            ++findings.unevenRows;
            findings.leastSum = std::min(findings.leastSum, sum);
            findings.mostSum = std::max(findings.mostSum, sum);
        }
    }
    if (findings.unevenRows > 0 && !block.isHalf()) findings.digits = roundedDigits(block);
    return findings;
}

std::vector<std::string> noticesOf(const WeightFindings& findings, AttentionKind kind) {
    const auto number = [](double value) {
        std::array<char, 32> text{};
        std::snprintf(text.data(), text.size(), "%.4g", value);
        return std::string(text.data());
    };
    const std::string whose = std::string(attentionKindName(kind)) + " attention: ";
    std::vector<std::string> notices;
    if (findings.unevenRows > 0) {
        std::string notice = whose + std::to_string(findings.unevenRows) + " of " +
                             std::to_string(findings.rows) + " rows do not sum to one (" +
                             number(findings.leastSum) + " to " + number(findings.mostSum) + ")";
        if (findings.digits > 0)
            notice += "; the weights were rounded to " + std::to_string(findings.digits) + " digits";
        notices.push_back(notice + ".");
    }
    if (findings.negative > 0)
        notices.push_back(whose + std::to_string(findings.negative) + " weights are negative.");
    return notices;
}

std::shared_ptr<const DenseAttention> denseSource(WeightBlock block, AttentionKind kind,
                                                  Visibility visibility) {
    AttentionInfo info;
    info.kind = kind;
    info.layers = static_cast<int>(block.layers.size());
    info.heads = info.keyValueHeads = block.heads;
    info.queries = block.queries;
    info.keys = block.keys;
    info.visibility = std::move(visibility);
    std::vector<std::shared_ptr<const DenseLayer>> layers(block.layers.begin(), block.layers.end());
    return DenseAttention::create(std::move(info), std::move(layers));
}

}  // namespace attnviz
