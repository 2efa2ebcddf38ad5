// What is chosen in a document: heads, tokens and pinned cells. Panes change it through the workspace only.
#pragma once

#include <algorithm>
#include <optional>
#include <vector>

#include "core/attention/attention_source.h"
#include "ui/widgets/cell.h"

namespace attnviz::ui {

struct Selection {
    HeadId head;                             // the one that is shown
    std::vector<HeadId> heads = {HeadId{}};  // all that are chosen, by layer and head; `head` among them
    // Tokens chosen on the edges of a map or in the text, [begin, end) of the shown queries and keys.
    std::optional<KeyRange> queries, keys;
    std::vector<Cell> pins;  // pinned probes, the latest last

    bool has(HeadId other) const { return std::binary_search(heads.begin(), heads.end(), other); }
    // Heads of one layer among the chosen.
    std::vector<int> headsOf(int layer) const {
        std::vector<int> out;
        for (const auto& other : heads)
            if (other.layer == layer) out.push_back(other.head);
        return out;
    }
    bool operator==(const Selection&) const = default;
};

}  // namespace attnviz::ui
