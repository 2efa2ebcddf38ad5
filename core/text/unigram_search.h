// The best way to cut a text into pieces with scores (Viterbi 1967): the greatest sum, and of equal sums the
// one that was found first.
//
// `Score` is the type that the reference adds in, because sums that tie or nearly tie depend on it: double
// for tokenizer.json, float for SentencePiece files.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/text/piece_trie.h"
#include "core/text/utf8.h"

namespace attnviz {

template <class Score>
class UnigramSearch {
 public:
    // The last piece of the best way to the end of a stretch, and where that piece begins.
    struct Step {
        Score score = 0;
        std::uint32_t begin = kNowhere, id = 0;
    };

    // `scoreOf(id, length)`. A character that is no piece costs `unknownScore`; false where one is met and
    // there is no unknown token. The steps are read backwards: step(text.size()), step(its begin), ...
    // `scoreBefore` is what lies before the text has come to, where the text goes on with another one.
    template <class ScoreOf>
    bool run(std::string_view text, const PieceTrie& trie, ScoreOf&& scoreOf, Score unknownScore,
             std::optional<std::uint32_t> unknownId, Score scoreBefore = 0) {
        m_steps.assign(text.size() + 1, {});
        m_steps[0].score = scoreBefore;
        for (std::size_t at = 0; at < text.size();) {
            const std::size_t character = utf8::lengthOfLead(text[at]);
            const Score before = m_steps[at].score;
            const auto better = [&](std::size_t end, Score sum) {
                return m_steps[end].begin == kNowhere || sum > m_steps[end].score;
            };
            bool known = false;
            trie.prefixes(text.substr(at), [&](std::size_t length, std::uint32_t id) {
                const Score sum = scoreOf(id, length) + before;
                if (better(at + length, sum))
                    m_steps[at + length] = {sum, static_cast<std::uint32_t>(at), id};
                known = known || length == character;
            });
            if (const Score sum = unknownScore + before; !known && better(at + character, sum)) {
                if (!unknownId) return false;
                m_steps[at + character] = {sum, static_cast<std::uint32_t>(at), *unknownId};
            }
            at += character;
        }
        return true;
    }
    const Step& step(std::size_t end) const { return m_steps[end]; }

 private:
    static constexpr std::uint32_t kNowhere = 0xFFFFFFFF;
    std::vector<Step> m_steps;
};

}  // namespace attnviz
