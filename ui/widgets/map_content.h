// What of a map is worth its place: all but the padding at its ends.
#pragma once

#include <algorithm>

#include "core/attention/attention_source.h"

namespace attnviz::ui {

// Ranges of queries and keys, never empty. Padding within the text stays, and so does what a filter hides; of
// cross attention padded queries are not known.
struct MapContent {
    KeyRange queries, keys;
    bool operator==(const MapContent&) const = default;
};

inline MapContent contentOf(const AttentionInfo& info) {
    MapContent content{{0, info.queries}, {0, info.keys}};
    const auto isPadding = [&info](int key) {
        return info.visibility.masked(key) && !std::ranges::binary_search(info.hiddenKeys, key);
    };
    KeyRange keys = content.keys;
    while (keys.size() > 0 && isPadding(keys.begin)) ++keys.begin;
    while (keys.size() > 0 && isPadding(keys.end - 1)) --keys.end;
    if (keys.size() <= 0) return content;
    content.keys = keys;
    if (info.square()) content.queries = keys;
    return content;
}

}  // namespace attnviz::ui
