// How alike layers are, or heads: every pair, by the cosine of their maps or by the divergence of their rows.
//
// Cosine is of the whole maps taken as vectors (1: the same directions of weight), masked cells being 0; NaN
// where a map is all zero. The Jensen-Shannon divergence is the mean over rows in nats (0: the same rows, ln
// 2: nothing shared), as head_divergence.h says; NaN where two share no row. A layer is the mean of its
// heads.
#pragma once

#include <stop_token>
#include <string_view>
#include <vector>

#include "core/analysis/head_divergence.h"
#include "core/attention/attention_source.h"
#include "core/base/progress.h"
#include "core/base/result.h"

namespace attnviz {

enum class SimilarityMetric { cosine, jensenShannon };
std::string_view similarityMetricName(SimilarityMetric metric);  // "cosine", "js"

struct SimilarityOptions {
    std::vector<int> layers = {}, heads = {};  // empty: all
    bool betweenHeads = false;                 // else between layers
    SimilarityMetric metric = SimilarityMetric::cosine;
    DivergenceOptions divergence = {};
};

struct Similarity {
    bool betweenHeads = false;
    SimilarityMetric metric = SimilarityMetric::cosine;
    std::vector<HeadId> items;     // in the order layer, head; the head of a layer is -1
    std::vector<double> values;    // (items, items), symmetric
    int rows = 0, rowsOfText = 0;  // compared and there; fewer for divergences of long texts

    bool sampled() const { return rows < rowsOfText; }
    std::string label(std::size_t item) const;  // "3", "3.11"
    double at(std::size_t left, std::size_t right) const { return values[left * items.size() + right]; }
};

// Reads the rows once, a block at a time.
Result<Similarity> similarity(const AttentionSource& source, const SimilarityOptions& options = {},
                              const ProgressSink& progress = {}, std::stop_token stop = {});

}  // namespace attnviz
