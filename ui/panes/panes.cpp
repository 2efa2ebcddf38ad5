#include "ui/panes/panes.h"

#include <array>

namespace attnviz::ui {

extern const PaneDescriptor kClustersPane, kComparisonPane, kFlowPane, kHeadsPane, kHeatmapPane,
    kImportancePane, kLayersPane, kNotesPane, kOverviewPane, kPositionalPane, kPredictionsPane, kRolesPane,
    kStatisticsPane, kTokensPane;

namespace {

// In the order of the View menu.
const std::array kPanes{&kHeadsPane,       &kHeatmapPane,    &kOverviewPane,   &kLayersPane,
                        &kFlowPane,        &kClustersPane,   &kComparisonPane, &kTokensPane,
                        &kStatisticsPane,  &kPositionalPane, &kRolesPane,      &kImportancePane,
                        &kPredictionsPane, &kNotesPane};

}  // namespace

std::span<const PaneDescriptor* const> panes() {
    return kPanes;
}

}  // namespace attnviz::ui
