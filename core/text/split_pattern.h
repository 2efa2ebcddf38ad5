// A string or a regular expression that finds its matches in a text, as the reference's Oniguruma would.
//
// Regular expressions run on PCRE2's JIT compiler with limits on steps and memory: a pattern that runs away
// gives one sentence, not a hang. Immutable, thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/json_value.h"
#include "core/base/result.h"
#include "core/text/part_fields.h"

namespace attnviz {

// One stretch of a text. The stretches of a search cover the text in order; an empty one is an empty match.
struct PatternMatch {
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
    bool isMatch = false;
};
using MatchSink = std::function<void(const PatternMatch&)>;

class SplitPattern {
 public:
    static Result<SplitPattern> expression(std::string_view oniguruma, std::string_view where);
    static SplitPattern literal(std::string text);
    // {"String": "…"}, {"Regex": "…"}, or a bare string.
    static Result<SplitPattern> read(const JsonValue& value, const PartPlace& place);

    // Calls `put` for every stretch of `text`, which is valid UTF-8.
    Result<void> findAll(std::string_view text, const MatchSink& put) const;

 private:
    struct Compiled;
    SplitPattern() = default;
    std::string m_literal;
    std::shared_ptr<const Compiled> m_usual;   // for text whose characters PCRE2 knows
    std::shared_ptr<const Compiled> m_strict;  // for text with characters that it classes otherwise
    std::string m_shown, m_where;
};

}  // namespace attnviz
