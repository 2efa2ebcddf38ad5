#include "core/text/word_cache.h"

#include "core/text/byte_hash.h"

namespace attnviz {
namespace {
constexpr std::size_t kSlots = 1U << 18U;
constexpr std::size_t kFirstSlots = 1U << 9U;
constexpr std::size_t kMostPieces = 1000;
}  // namespace

WordCache::WordCache() : m_slots(kFirstSlots), m_seed(hashSeed()) {}

std::size_t WordCache::slotOf(std::string_view word, std::uint64_t hash) const {
    const std::size_t mask = m_slots.size() - 1;
    std::size_t slot = hash & mask;
    while (m_slots[slot].used()) {
        const Slot& found = m_slots[slot];
        if (found.hash == hash && std::string_view(m_words).substr(found.word, found.wordLength) == word)
            break;
        slot = (slot + 1) & mask;
    }
    return slot;
}

std::span<const CachedPiece> WordCache::find(std::string_view word, bool& known) {
    const Slot& slot = m_slots[slotOf(word, hashBytes(word, m_seed))];
    known = slot.used();
    if (slot.pieceCount == 1) return {&slot.piece, 1};
    return std::span(m_pieces).subspan(slot.piece.id, slot.pieceCount);
}

void WordCache::put(std::string_view word, std::span<const CachedPiece> pieces) {
    if (word.size() > kLongestWord || pieces.size() > kMostPieces) return;
    if ((m_used + 1) * 2 > m_slots.size()) {
        if (m_slots.size() >= kSlots) {
            clear();
        } else {
            std::vector<Slot> larger(m_slots.size() * 4);
            for (const Slot& slot : m_slots) {
                if (!slot.used()) continue;
                std::size_t place = slot.hash & (larger.size() - 1);
                while (larger[place].used()) place = (place + 1) & (larger.size() - 1);
                larger[place] = slot;
            }
            m_slots = std::move(larger);
        }
    }
    const std::uint64_t hash = hashBytes(word, m_seed);
    Slot& slot = m_slots[slotOf(word, hash)];
    slot = {hash,
            static_cast<std::uint32_t>(m_words.size()),
            static_cast<std::uint16_t>(word.size()),
            static_cast<std::uint16_t>(pieces.size()),
            {static_cast<std::uint32_t>(m_pieces.size()), 0}};
    m_words += word;
    if (pieces.size() == 1)
        slot.piece = pieces[0];
    else
        m_pieces.insert(m_pieces.end(), pieces.begin(), pieces.end());
    ++m_used;
}

void WordCache::clear() {
    m_slots.assign(kFirstSlots, {});
    m_words.clear();
    m_pieces.clear();
    m_used = 0;
}

std::unique_ptr<WordCache> WordCachePool::take() const {
    const std::lock_guard lock(m_mutex);
    if (m_caches.empty()) return std::make_unique<WordCache>();
    auto cache = std::move(m_caches.back());
    m_caches.pop_back();
    return cache;
}

void WordCachePool::giveBack(std::unique_ptr<WordCache> cache) const {
    const std::lock_guard lock(m_mutex);
    if (m_caches.size() < 8) m_caches.push_back(std::move(cache));
}

}  // namespace attnviz
