#include "core/attention/visibility.h"

#include <algorithm>

namespace attnviz {

Visibility& Visibility::setMaskedKeys(std::vector<int> keys) {
    std::sort(keys.begin(), keys.end());
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    std::erase_if(keys, [&](int key) { return key < 0 || key >= m_keys; });
    m_maskedKeys = std::move(keys);
    m_padding.clear();
    m_paddedBefore.clear();
    if (m_maskedKeys.empty()) return *this;
    m_padding.assign(static_cast<std::size_t>(m_keys), 0);
    for (const int key : m_maskedKeys) m_padding[static_cast<std::size_t>(key)] = 1;
    m_paddedBefore.assign(static_cast<std::size_t>(m_keys) + 1, 0);
    for (std::size_t key = 0; key < m_padding.size(); ++key)
        m_paddedBefore[key + 1] = m_paddedBefore[key] + m_padding[key];
    return *this;
}

KeyRange Visibility::range(int layer, int query) const {
    KeyRange range{0, m_keys};
    if (m_causal) range.end = std::min(m_keys, query + 1);
    if (!m_windows.empty()) {
        const Window& window = m_windows[std::min(static_cast<std::size_t>(layer), m_windows.size() - 1)];
        if (window.before >= 0) range.begin = std::max(0, query - window.before);
        if (window.after >= 0) range.end = std::min(range.end, query + window.after + 1);
    }
    range.begin = std::min(range.begin, m_keys);
    range.end = std::max(range.begin, range.end);
    return range;
}

int Visibility::visibleCount(int layer, int query) const {
    const KeyRange keys = range(layer, query);
    if (m_paddedBefore.empty()) return keys.size();
    return keys.size() - (m_paddedBefore[static_cast<std::size_t>(keys.end)] -
                          m_paddedBefore[static_cast<std::size_t>(keys.begin)]);
}

}  // namespace attnviz
