// Runs of any shape and length with known patterns, and the same with other tokens.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/attention/attention_run.h"

namespace attnviz::test {

// Heads that do one thing each, layer by layer: head 0 looks at the token before, head 1 at the first token,
// head 2 at all alike, head 3 at itself; and again. A twentieth of each row is spread over what it sees, a
// little more or less by head, so that no two are equal. Nothing of it is kept, whatever the length.
class PatternSource final : public AttentionSource {
 public:
    PatternSource(int layers, int heads, int tokens, bool causal = true, std::vector<int> padding = {})
        : PatternSource(layers, heads, tokens, tokens,
                        causal ? AttentionKind::decoder : AttentionKind::encoder, std::move(padding)) {}
    PatternSource(int layers, int heads, int queries, int keys, AttentionKind kind,
                  std::vector<int> padding = {});

    const AttentionInfo& info() const override { return m_info; }
    const Overview& overview(HeadId head) const override { return m_overviews[at(head)]; }
    const HeadSummary& summary(HeadId head) const override { return m_summaries[at(head)]; }
    void row(HeadId head, int query, std::span<float> keys) const override;

 private:
    std::size_t at(HeadId head) const {
        return static_cast<std::size_t>(head.layer) * static_cast<std::size_t>(m_info.heads) +
               static_cast<std::size_t>(head.head);
    }
    AttentionInfo m_info;
    std::vector<HeadSummary> m_summaries;
    std::vector<Overview> m_overviews;
};

// " was", " beginning", …, over and over; or the given texts, over and over.
TokenizedText tokensOf(int count);
TokenizedText tokensOf(int count, const std::vector<std::string>& texts);

std::shared_ptr<const AttentionRun> patternRun(int layers, int heads, int tokens, bool causal = true);
// Three sources: the encoder's, the decoder's, and the decoder's on the encoder's tokens.
std::shared_ptr<const AttentionRun> encoderDecoderRun(int layers, int heads, int inputTokens,
                                                      int targetTokens);
// "[CLS] … [SEP] … [SEP]": two segments, special tokens, an encoder.
std::shared_ptr<const AttentionRun> sentencePairRun(int layers, int heads);
// The same run with other words in the tokens of its input.
std::shared_ptr<const AttentionRun> withTokens(const AttentionRun& run,
                                               const std::vector<std::string>& texts);

}  // namespace attnviz::test
