// A source as it will be after it went through float16: what the statistics of a file with rounded weights
// are of, so that opening and saving it again changes nothing.
#pragma once

#include <vector>

#include "core/attention/attention_source.h"
#include "core/base/half.h"

namespace attnviz {

// Rows are rounded; overviews and summaries are those of the original. The original must outlive it.
class RoundedAttention final : public AttentionSource {
 public:
    explicit RoundedAttention(const AttentionSource& original) : m_original(original) {}

    const AttentionInfo& info() const override { return m_original.info(); }
    const Overview& overview(HeadId head) const override { return m_original.overview(head); }
    const HeadSummary& summary(HeadId head) const override { return m_original.summary(head); }
    void row(HeadId head, int query, std::span<float> keys) const override {
        m_original.row(head, query, keys);
        round(keys);
    }
    Result<void> rows(HeadId head, int query, int count, std::span<float> out,
                      std::stop_token stop) const override {
        if (auto read = m_original.rows(head, query, count, out, std::move(stop)); !read) return read;
        round(out);
        return {};
    }

 private:
    static void round(std::span<float> values) {
        std::vector<std::uint16_t> halves(values.size());
        halvesFromFloats(values, halves);
        floatsFromHalves(halves, values);
    }
    const AttentionSource& m_original;
};

}  // namespace attnviz
