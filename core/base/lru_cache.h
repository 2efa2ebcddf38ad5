// Keeps the most recently used values up to a byte budget.
// Not thread-safe; its owner guards it. A value larger than the budget is not kept.
#pragma once

#include <cstddef>
#include <functional>
#include <list>
#include <optional>
#include <unordered_map>
#include <utility>

namespace attnviz {

template <class Key, class Value, class Hash = std::hash<Key>>
class LruCache {
 public:
    explicit LruCache(std::size_t budgetBytes) : m_budgetBytes(budgetBytes) {}

    // What is over a smaller budget goes at once.
    void setBudget(std::size_t bytes) {
        m_budgetBytes = bytes;
        while (m_usedBytes > m_budgetBytes) erase(Key(m_entries.back().key));
    }

    std::optional<Value> find(const Key& key) {
        const auto found = m_places.find(key);
        if (found == m_places.end()) return std::nullopt;
        m_entries.splice(m_entries.begin(), m_entries, found->second);
        return found->second->value;
    }

    void insert(Key key, Value value, std::size_t bytes) {
        erase(key);
        if (bytes > m_budgetBytes) return;
        while (m_usedBytes + bytes > m_budgetBytes) erase(m_entries.back().key);
        m_entries.push_front({key, std::move(value), bytes});
        m_places[key] = m_entries.begin();
        m_usedBytes += bytes;
    }

    void erase(const Key& key) {
        const auto found = m_places.find(key);
        if (found == m_places.end()) return;
        m_usedBytes -= found->second->bytes;
        const auto place = found->second;
        m_places.erase(found);
        m_entries.erase(place);
    }

    void clear() {
        m_places.clear();
        m_entries.clear();
        m_usedBytes = 0;
    }

    std::size_t usedBytes() const { return m_usedBytes; }
    std::size_t size() const { return m_entries.size(); }

 private:
    struct Entry {
        Key key;
        Value value;
        std::size_t bytes;
    };
    std::size_t m_budgetBytes, m_usedBytes = 0;
    std::list<Entry> m_entries;
    std::unordered_map<Key, typename std::list<Entry>::iterator, Hash> m_places;
};

}  // namespace attnviz
