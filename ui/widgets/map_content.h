// What of a map is worth its place: all but the padding at its ends.
#pragma once

#include <algorithm>

#include "core/attention/attention_source.h"

namespace attnviz::ui {

// Ranges of queries and keys, never empty. Padding within the text stays, and so do padded queries of cross
// attention, which are not known.
struct MapContent {
    KeyRange queries, keys;
    bool operator==(const MapContent&) const = default;
};

inline MapContent contentOf(const AttentionInfo& info) {
    MapContent content{{0, info.queries}, {0, info.keys}};
    const Visibility& visibility = info.visibility;
    if (static_cast<int>(visibility.maskedKeys().size()) >= info.keys) return content;
    while (visibility.masked(content.keys.begin)) ++content.keys.begin;
    while (visibility.masked(content.keys.end - 1)) --content.keys.end;
    if (info.square()) content.queries = content.keys;
    return content;
}

}  // namespace attnviz::ui
