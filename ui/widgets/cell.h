// One cell of a map: a query and a key, by index.
#pragma once

namespace attnviz::ui {

struct Cell {
    int query = 0, key = 0;
    bool operator==(const Cell&) const = default;
};

}  // namespace attnviz::ui
