#include "ui/panes/panes.h"

#include <array>

namespace attnviz::ui {

extern const PaneDescriptor kFlowPane, kHeadsPane, kHeatmapPane, kLayersPane, kNotesPane, kStatisticsPane,
    kTokensPane;

namespace {

// In the order of the View menu.
const std::array kPanes{&kHeadsPane,  &kHeatmapPane,    &kLayersPane, &kFlowPane,
                        &kTokensPane, &kStatisticsPane, &kNotesPane};

}  // namespace

std::span<const PaneDescriptor* const> panes() {
    return kPanes;
}

}  // namespace attnviz::ui
