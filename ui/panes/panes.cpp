#include "ui/panes/panes.h"

#include <array>

namespace attnviz::ui {

extern const PaneDescriptor kClustersPane, kFlowPane, kHeadsPane, kHeatmapPane, kImportancePane, kLayersPane,
    kNotesPane, kOverviewPane, kPositionalPane, kRolesPane, kStatisticsPane, kTokensPane;

namespace {

// In the order of the View menu.
const std::array kPanes{&kHeadsPane,      &kHeatmapPane,  &kOverviewPane,   &kLayersPane,
                        &kFlowPane,       &kClustersPane, &kTokensPane,     &kStatisticsPane,
                        &kPositionalPane, &kRolesPane,    &kImportancePane, &kNotesPane};

}  // namespace

std::span<const PaneDescriptor* const> panes() {
    return kPanes;
}

}  // namespace attnviz::ui
