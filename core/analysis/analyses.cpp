// The table of analyses, one row each, in the order of menus and help.
#include "core/analysis/analyses.h"

#include <algorithm>
#include <array>

namespace attnviz {
namespace {

const std::array kAnalyses{&kSummaryAnalysis,    &kStatisticsAnalysis, &kPositionalAnalysis,
                           &kFlowAnalysis,       &kRolloutAnalysis,    &kMaxFlowAnalysis,
                           &kRolesAnalysis,      &kClustersAnalysis,   &kSimilarityAnalysis,
                           &kDifferenceAnalysis, &kImportanceAnalysis, &kPredictAnalysis};

}  // namespace

std::span<const AnalysisDescriptor* const> analyses() {
    return kAnalyses;
}

const AnalysisDescriptor* findAnalysis(std::string_view id) {
    const auto found = std::find_if(kAnalyses.begin(), kAnalyses.end(),
                                    [&](const AnalysisDescriptor* analysis) { return analysis->id == id; });
    return found == kAnalyses.end() ? nullptr : *found;
}

}  // namespace attnviz
