// The attention of a run as it is computed: softmax(cap(scale q k^T) + bias) v over blocks of query rows,
// keeping what the plan says. Learned sinks are refused: no family here has them.
//
// On the CPU the weights are written where they stay, the masked half is never computed, and the row's
// numbers are taken while it is hot; heads run in parallel. Elsewhere (CUDA) each head's map is computed by
// plain tensor operations and copied: the obvious version, which is also the oracle of the quick one.
#pragma once

#include <ATen/ATen.h>

#include <memory>
#include <stop_token>
#include <vector>

#include "core/attention/attention_source.h"
#include "core/attention/dense_attention.h"
#include "core/attention/factored_attention.h"
#include "core/attention/storage_plan.h"

namespace attnviz {

class AttentionCapture {
 public:
    // `plain` forces the obvious version.
    AttentionCapture(AttentionInfo info, int headSize, const StoragePlan& plan, bool plain,
                     std::stop_token stop);

    // One layer, in order. Returns the context (queries, heads * size); undefined when stopped.
    at::Tensor attend(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, double scale,
                      LogitAdjust adjust = {});

    // All layers so far, sharing their blocks; of a plan that keeps nothing there is none.
    std::shared_ptr<const AttentionSource> source() const;
    // Largest difference of sampled rows between float32 and the float16 form that is kept; 0 in float32.
    double roundingError() const { return m_roundingError; }

 private:
    struct HeadResult;
    at::Tensor attendQuick(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, double scale,
                           LogitAdjust adjust);
    at::Tensor attendPlain(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, double scale,
                           LogitAdjust adjust);
    void keepFactored(const at::Tensor& q, const at::Tensor& k, double scale, LogitAdjust adjust,
                      std::vector<float> lse, std::vector<Overview> overviews,
                      std::vector<HeadSummary> summaries);
    void keepDense(std::shared_ptr<DenseLayer> layer);

    AttentionInfo m_info;
    int m_headSize;
    StoragePlan m_plan;
    bool m_plain;
    std::stop_token m_stop;
    double m_roundingError = 0;
    int m_layer = 0;
    std::vector<std::shared_ptr<const DenseLayer>> m_dense;
    std::vector<std::shared_ptr<const FactoredLayer>> m_factored;
};

}  // namespace attnviz
