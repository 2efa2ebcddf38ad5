// The chosen layers and heads of a source, numbered anew from zero: what an export of a selection holds.
//
// A view: nothing is copied, and every row is the same as in the source below.
#pragma once

#include <memory>
#include <vector>

#include "core/attention/attention_source.h"
#include "core/exporting/exporter.h"

namespace attnviz {

class SelectedAttention final : public AttentionSource {
 public:
    // `layers` and `heads` are in range, not empty, in the order in which they are to appear.
    SelectedAttention(std::shared_ptr<const AttentionSource> source, std::vector<int> layers,
                      std::vector<int> heads);

    const AttentionInfo& info() const override { return m_info; }
    int layersReady() const override;
    const Overview& overview(HeadId head) const override { return m_source->overview(original(head)); }
    const HeadSummary& summary(HeadId head) const override { return m_source->summary(original(head)); }
    void row(HeadId head, int query, std::span<float> keys) const override {
        m_source->row(original(head), query, keys);
    }
    Result<void> rows(HeadId head, int query, int count, std::span<float> out,
                      std::stop_token stop) const override {
        return m_source->rows(original(head), query, count, out, std::move(stop));
    }

    Result<void> block(HeadId head, int query, int count, KeyRange keys, std::span<float> out,
                       std::stop_token stop) const override {
        return m_source->block(original(head), query, count, keys, out, std::move(stop));
    }
    const AttentionSource& below() const { return *m_source; }

 private:
    HeadId original(HeadId head) const {
        return {m_layers[static_cast<std::size_t>(head.layer)], m_heads[static_cast<std::size_t>(head.head)]};
    }

    std::shared_ptr<const AttentionSource> m_source;
    std::vector<int> m_layers, m_heads;
    AttentionInfo m_info;
};

// One source of a request as it goes out, and the numbers that its layers and heads have in the model.
struct ExportedSource {
    std::shared_ptr<const AttentionSource> source;
    std::shared_ptr<const AttentionSource> below;  // with all layers and heads
    std::vector<int> layers, heads;
    bool selection = false;        // not everything that the source below has
    bool headsHaveNumbers = true;  // false: combined, so that a head's number says nothing

    // The chosen heads in all layers, under the layers' own numbers.
    std::shared_ptr<const AttentionSource> headsOnly() const;
};

// The request's sources (or the run's own, where it names none), narrowed to its layers and heads. A layer
// that only another kind of attention has is left out here; one that none has is refused with the range, and
// so is a head.
Result<std::vector<ExportedSource>> exportedSources(const ExportRequest& request);

// "layers 0, 3 of 12, heads 1 of 12": what a selection holds, for a notice. Empty without one.
std::string selectionSentence(const ExportRequest& request, const std::vector<ExportedSource>& sources);

// What stands beside each row (query) or column (key) of a map: tokens, or words where a filter has joined
// them.
struct AxisLabel {
    std::string text;
    bool special = false;
};
std::vector<AxisLabel> queryLabels(const AttentionRun& run, const AttentionSource& source);
std::vector<AxisLabel> keyLabels(const AttentionRun& run, const AttentionSource& source);

// The queries or keys are words, not the run's tokens.
bool showsWords(const AttentionSource& source);

}  // namespace attnviz
