// What is said of one cell of a map: the read-out's words. Shared by the heatmap's line and its tests.
#pragma once

#include <vector>

#include "ui/widgets/cell.h"
#include "ui/widgets/read_out.h"

namespace attnviz::ui {

class Workspace;

// `pooled` cells a side are under the pointer; 1 is exact.
std::vector<ReadOutPart> cellFacts(const Workspace& workspace, Cell cell, int pooled);

}  // namespace attnviz::ui
