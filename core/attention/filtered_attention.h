// Attention with a filter over it: a source over another source, so that panes, analyses and exports see
// filtered attention through the same interface, and none filters by itself.
//
// Hidden keys are masked keys here: they have masked ground, and are left out of every corrected number.
// Combined heads are one head, 0, in every layer. Words are queries and keys of their own: the weights of a
// word's pieces are summed over the keys and averaged over the queries. Overviews and summaries are computed
// when first asked for, once, by whoever asks; `summarize` does it ahead and can be stopped.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "core/attention/filter_settings.h"

namespace attnviz {

class FilteredAttention final : public AttentionSource {
 public:
    // Use filtered(), which gives the source itself where there is nothing to filter.
    FilteredAttention(std::shared_ptr<const AttentionSource> source, FilterSettings settings,
                      FilterTokens tokens);

    const AttentionInfo& info() const override { return m_info; }
    int layersReady() const override { return m_source->layersReady(); }
    const Overview& overview(HeadId head) const override;
    const HeadSummary& summary(HeadId head) const override;
    void row(HeadId head, int query, std::span<float> keys) const override;
    Result<void> rows(HeadId head, int query, int count, std::span<float> out,
                      std::stop_token stop) const override;
    Result<void> block(HeadId head, int query, int count, KeyRange keys, std::span<float> out,
                       std::stop_token stop) const override;

    // Computes overview and summary, unless they are there. Cancelled when `stop` fires.
    Result<void> summarize(HeadId head, std::stop_token stop) const;

    // Whether they are there. Never waits: false while they are being computed.
    bool isSummarized(HeadId head) const;

    // Weight that the row gave to keys hidden now; mean over combined heads and a word's pieces.
    double hiddenMass(HeadId head, int query) const;

    const FilterSettings& settings() const { return m_settings; }
    const FilterTokens& tokens() const { return m_tokens; }
    const std::shared_ptr<const AttentionSource>& source() const { return m_source; }

 private:
    struct Summaries {
        std::mutex mutex;
        bool ready = false;
        Overview overview;
        HeadSummary summary;
    };

    std::span<const int> sourceHeads(const HeadId& head) const;
    KeyRange piecesOf(int query, int count) const;
    void hide(std::span<float> row, int firstKey) const;
    Result<void> tokenRows(HeadId head, int query, int count, KeyRange keys, std::vector<double>& out,
                           const std::stop_token& stop) const;
    Visibility unitVisibility() const;

    std::shared_ptr<const AttentionSource> m_source;
    FilterSettings m_settings;
    FilterTokens m_tokens;
    AttentionInfo m_info;
    std::vector<int> m_hidden;  // keys of the source, ascending
    std::vector<int> m_heads;   // of the source, that make up head 0; all of them where none are combined
    mutable std::vector<Summaries> m_summaries;  // by layer and head
};

// The source with the filter over it; the source itself where the filter would change nothing.
std::shared_ptr<const AttentionSource> filtered(std::shared_ptr<const AttentionSource> source,
                                                const FilterSettings& settings, const FilterTokens& tokens);

// Of a filtered source the hidden mass of a row; of any other 0.
double hiddenMass(const AttentionSource& source, HeadId head, int query);

// Whether overview() answers at once: a filtered source reads the whole head when it is first asked.
bool overviewIsThere(const AttentionSource& source, HeadId head);

}  // namespace attnviz
