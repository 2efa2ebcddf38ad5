// The descriptors that the table of analyses lists; each is defined in the file of its analysis.
#pragma once

#include "core/analysis/analysis.h"

namespace attnviz {

extern const AnalysisDescriptor kSummaryAnalysis, kStatisticsAnalysis, kPositionalAnalysis, kFlowAnalysis,
    kRolloutAnalysis, kMaxFlowAnalysis, kRolesAnalysis, kClustersAnalysis, kSimilarityAnalysis,
    kDifferenceAnalysis, kImportanceAnalysis, kPredictAnalysis;

}  // namespace attnviz
