// Which keys a query may see. Data, not a guess: masked is not the same as a weight of zero.
//
// A value: causal or not, a window on one or both sides (per layer), padding. Padded keys lie inside the
// range and are asked for apart, because padding may stand anywhere. A padded *query* sees like any other.
#pragma once

#include <cstdint>
#include <vector>

namespace attnviz {

struct KeyRange {
    int begin = 0, end = 0;  // [begin, end)
    int size() const { return end - begin; }
    bool contains(int key) const { return key >= begin && key < end; }
    bool operator==(const KeyRange&) const = default;
};

// Keys visible before and after the query; -1 is unlimited. Causal is after == 0.
struct Window {
    int before = -1, after = -1;
    bool operator==(const Window&) const = default;
};

class Visibility {
 public:
    Visibility() = default;
    Visibility(int queries, int keys) : m_queries(queries), m_keys(keys) {}
    static Visibility full(int queries, int keys) { return {queries, keys}; }
    static Visibility causal(int queries) {
        Visibility visibility(queries, queries);
        visibility.m_causal = true;
        return visibility;
    }

    Visibility& setCausal(bool causal) {
        m_causal = causal;
        return *this;
    }
    Visibility& setWindows(std::vector<Window> perLayer) {
        m_windows = std::move(perLayer);
        return *this;
    }
    Visibility& setMaskedKeys(
        std::vector<int> keys);  // padding; sorted and made unique, out of range dropped

    int queries() const { return m_queries; }
    int keys() const { return m_keys; }
    bool causal() const { return m_causal; }
    const std::vector<Window>& windows() const { return m_windows; }  // empty: none on any layer
    const std::vector<int>& maskedKeys() const { return m_maskedKeys; }

    KeyRange range(int layer, int query) const;  // padding apart
    bool masked(int key) const { return !m_padding.empty() && m_padding[static_cast<std::size_t>(key)] != 0; }
    bool sees(int layer, int query, int key) const {
        return range(layer, query).contains(key) && !masked(key);
    }
    int visibleCount(int layer, int query) const;  // v(i) of the definitions: unpadded keys inside the range

    bool operator==(const Visibility&) const = default;

 private:
    int m_queries = 0, m_keys = 0;
    bool m_causal = false;
    std::vector<Window> m_windows;
    std::vector<int> m_maskedKeys;
    std::vector<std::uint8_t> m_padding;  // by key; empty without padding
    std::vector<int> m_paddedBefore;      // prefix sums of m_padding, keys + 1 long
};

}  // namespace attnviz
