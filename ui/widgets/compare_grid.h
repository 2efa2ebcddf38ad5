// A map of weights or changes with what each cell is: a value, seen by no query, or without a partner.
#pragma once

#include <vector>

#include "core/analysis/difference.h"

namespace attnviz::ui {

struct CompareGrid {
    int rows = 0, columns = 0;
    std::vector<float> values;          // (rows, columns)
    std::vector<DifferenceCell> cells;  // likewise; `both` is a cell with a value
    std::size_t at(int row, int column) const {
        return static_cast<std::size_t>(row) * static_cast<std::size_t>(columns) +
               static_cast<std::size_t>(column);
    }
};

}  // namespace attnviz::ui
