#include "core/attention/logit_adjust.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "core/base/half.h"

namespace attnviz {
namespace {

float roundedAs(AlibiRounding rounding, float value) {
    return rounding == AlibiRounding::bfloat16 ? floatFromBfloat16(bfloat16FromFloat(value)) : value;
}

// Distances beyond the text are never asked for, whatever a file says of the table's reach.
int reach(const RelativeTable& table, const Visibility& visibility) {
    return std::min(std::max(table.maxDistance, table.buckets),
                    std::max(visibility.queries(), visibility.keys()));
}

}  // namespace

int relativeBucket(int distance, bool twoSided, int buckets, int maxDistance) {
    int bucket = 0;
    if (twoSided) {
        buckets /= 2;
        if (distance > 0) bucket += buckets;
        distance = std::abs(distance);
    } else {
        distance = -std::min(distance, 0);
    }
    const int exact = buckets / 2;
    if (distance < exact) return bucket + distance;
    // float32 throughout, as the reference: a boundary must fall on the same side.
    const float logRatio = std::log(static_cast<float>(distance) / static_cast<float>(exact)) /
                           static_cast<float>(std::log(static_cast<double>(maxDistance) / exact));
    const int large = exact + static_cast<int>(logRatio * static_cast<float>(buckets - exact));
    return bucket + std::min(large, buckets - 1);
}

LogitBias::LogitBias(const LogitAdjust& adjust, int head, float scale, const Visibility& visibility) {
    const auto row = static_cast<std::size_t>(head);
    if (adjust.relative.buckets > 0) {
        const RelativeTable& table = adjust.relative;
        const float* values = table.values.data() + row * static_cast<std::size_t>(table.buckets);
        m_farthest = reach(table, visibility);
        m_byDistance.resize(2 * static_cast<std::size_t>(m_farthest) + 1);
        for (int distance = -m_farthest; distance <= m_farthest; ++distance)
            m_byDistance[placeOf(distance)] =
                values[relativeBucket(distance, table.twoSided, table.buckets, table.maxDistance)];
    }
    const Alibi& alibi = adjust.alibi;
    if (alibi.slopes.empty()) return;
    const float factor = alibi.beforeScaling ? scale : 1.0F;
    const float slope = roundedAs(alibi.rounding, alibi.slopes[row]);
    const bool counted = alibi.countsUnmasked && !visibility.maskedKeys().empty();
    if (alibi.rounding == AlibiRounding::none && !counted && m_byDistance.empty()) {
        m_farthest = std::max(visibility.queries(), visibility.keys());
        m_byDistance.resize(2 * static_cast<std::size_t>(m_farthest) + 1);
        for (int distance = -m_farthest; distance <= m_farthest; ++distance)
            m_byDistance[placeOf(distance)] = factor * (slope * static_cast<float>(distance));
        return;
    }
    m_keyTerms.resize(static_cast<std::size_t>(visibility.keys()));
    int position = 0;
    for (int key = 0; key < visibility.keys(); ++key) {
        const int at = counted ? position : key;
        m_keyTerms[static_cast<std::size_t>(key)] =
            factor * roundedAs(alibi.rounding, slope * roundedAs(alibi.rounding, static_cast<float>(at)));
        position += !visibility.masked(key);
    }
}

float LogitBias::at(int query, int key) const {
    float bias = 0;
    if (!m_byDistance.empty())
        bias += m_byDistance[placeOf(std::clamp(key - query, -m_farthest, m_farthest))];
    if (!m_keyTerms.empty())
        bias += m_keyTerms[static_cast<std::size_t>(key)] -
                m_keyTerms[std::min(static_cast<std::size_t>(query), m_keyTerms.size() - 1)];
    return bias;
}

void LogitBias::fill(int query, KeyRange range, std::span<float> bias) const {
    const auto count = static_cast<std::size_t>(range.size());
    if (m_byDistance.empty()) {
        std::fill_n(bias.begin(), count, 0.0F);
    } else {
        // Clamped below the table's reach, copied inside it, clamped above.
        const int inside = std::clamp(query - m_farthest, range.begin, range.end);
        const int beyond = std::clamp(query + m_farthest + 1, inside, range.end);
        auto to = std::fill_n(bias.begin(), inside - range.begin, m_byDistance.front());
        if (beyond > inside)
            to = std::copy_n(m_byDistance.begin() + (inside - query + m_farthest), beyond - inside, to);
        std::fill_n(to, range.end - beyond, m_byDistance.back());
    }
    if (m_keyTerms.empty()) return;
    const float own = m_keyTerms[std::min(static_cast<std::size_t>(query), m_keyTerms.size() - 1)];
    const float* terms = m_keyTerms.data() + range.begin;
    for (std::size_t i = 0; i < count; ++i) bias[i] += terms[i] - own;
}

}  // namespace attnviz
