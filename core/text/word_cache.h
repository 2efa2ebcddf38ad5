// What became of the words of a text so far, so that a word that comes again costs one look-up.
//
// Bounded: forgets everything when it is full. Not thread-safe; each encoder has its own.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace attnviz {

struct CachedPiece {
    std::uint32_t id = 0;
    std::uint32_t length = 0;  // bytes of the word
};

class WordCache {
 public:
    WordCache();
    static constexpr std::size_t kLongestWord = 256;
    // The pieces of a word, not empty, that was put in since; `known` tells an unknown word from one without
    // pieces.
    std::span<const CachedPiece> find(std::string_view word, bool& known);
    void put(std::string_view word, std::span<const CachedPiece> pieces);

 private:
    struct Slot {
        std::uint64_t hash = 0;
        std::uint32_t word = 0;
        std::uint16_t wordLength = 0, pieceCount = 0;  // no word is empty: a free slot has length 0
        CachedPiece piece;  // the only one; of several, `id` is where they begin in m_pieces
        bool used() const { return wordLength != 0; }
    };
    std::size_t slotOf(std::string_view word, std::uint64_t hash) const;
    void clear();

    std::vector<Slot> m_slots;
    std::size_t m_used = 0;
    std::string m_words;
    std::vector<CachedPiece> m_pieces;
    std::uint64_t m_seed;
};

// Caches that outlive their encoders: the next text finds what the last one left. Thread-safe.
class WordCachePool {
 public:
    std::unique_ptr<WordCache> take() const;
    void giveBack(std::unique_ptr<WordCache> cache) const;

 private:
    mutable std::mutex m_mutex;
    mutable std::vector<std::unique_ptr<WordCache>> m_caches;
};

}  // namespace attnviz
