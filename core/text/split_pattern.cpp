#include "core/text/split_pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>
#include <array>

#include "core/text/character_classes.h"
#include "core/text/oniguruma_pattern.h"
#include "core/text/utf8.h"

namespace attnviz {
namespace {

constexpr std::uint32_t kMatchLimit = 2'000'000;
constexpr std::uint32_t kHeapLimitKiB = 64 * 1024;
constexpr std::size_t kJitStackBytes = std::size_t{4} << 20;
constexpr std::size_t kLongestPattern = 64 * 1024;

// What a search needs besides the pattern; each thread has its own.
struct Scratch {
    pcre2_match_data* data = pcre2_match_data_create(1, nullptr);
    pcre2_match_context* context = pcre2_match_context_create(nullptr);
    pcre2_jit_stack* stack = pcre2_jit_stack_create(32 * 1024, kJitStackBytes, nullptr);
    Scratch() {
        pcre2_set_match_limit(context, kMatchLimit);
        pcre2_set_heap_limit(context, kHeapLimitKiB);
        pcre2_jit_stack_assign(context, nullptr, stack);
    }
    ~Scratch() {
        pcre2_jit_stack_free(stack);
        pcre2_match_context_free(context);
        pcre2_match_data_free(data);
    }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
};

std::string messageOf(int code) {
    std::array<PCRE2_UCHAR8, 200> buffer{};
    pcre2_get_error_message(code, buffer.data(), buffer.size());
    return reinterpret_cast<const char*>(buffer.data());
}

bool hasUnusualCharacters(std::string_view text) {
    const CharacterTable& table = CharacterTable::instance();
    for (std::size_t at = 0; at < text.size();) {
        if (static_cast<unsigned char>(text[at]) < 0x80) {
            ++at;
            continue;
        }
        const utf8::Character character = utf8::decode(text, at);
        if (table.is(character.point, CharacterClass::unlikePcre)) return true;
        at += character.length;
    }
    return false;
}

}  // namespace

struct SplitPattern::Compiled {
    pcre2_code* code = nullptr;
    Compiled() = default;
    ~Compiled() { pcre2_code_free(code); }
    Compiled(const Compiled&) = delete;
    Compiled& operator=(const Compiled&) = delete;

    static Result<std::shared_ptr<const Compiled>> make(const std::string& pattern, std::string_view shown,
                                                        std::string_view where) {
        int code = 0;
        PCRE2_SIZE place = 0;
        auto compiled = std::make_shared<Compiled>();
        compiled->code = pcre2_compile(reinterpret_cast<PCRE2_SPTR8>(pattern.data()), pattern.size(),
                                       PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE | PCRE2_NEVER_BACKSLASH_C,
                                       &code, &place, nullptr);
        if (!compiled->code)
            return badInput("the pattern " + std::string(shown) + " cannot be used: " + messageOf(code),
                            std::string(where));
        pcre2_jit_compile(compiled->code, PCRE2_JIT_COMPLETE);  // without JIT the interpreter runs it
        return std::shared_ptr<const Compiled>(std::move(compiled));
    }
};

Result<SplitPattern> SplitPattern::expression(std::string_view oniguruma, std::string_view where) {
    if (oniguruma.size() > kLongestPattern)
        return badInput("a pattern has " + std::to_string(oniguruma.size()) + " bytes, more than 65536",
                        std::string(where));
    SplitPattern pattern;
    pattern.m_shown = oniguruma.substr(0, 200);
    pattern.m_where = where;
    for (const bool strict : {false, true}) {
        auto translated = pcreFromOniguruma(oniguruma, strict, where);
        if (!translated) return translated.error();
        auto compiled = Compiled::make(*translated, pattern.m_shown, where);
        if (!compiled) return compiled.error();
        (strict ? pattern.m_strict : pattern.m_usual) = std::move(*compiled);
    }
    return pattern;
}

SplitPattern SplitPattern::literal(std::string text) {
    SplitPattern pattern;
    pattern.m_literal = std::move(text);
    return pattern;
}

Result<SplitPattern> SplitPattern::read(const JsonValue& value, const PartPlace& place) {
    const JsonValue& plain = value.isString() ? value : value["String"];
    const JsonValue& expressionText = value["Regex"];
    if (expressionText.isString()) return expression(expressionText.string(), place.where);
    if (!plain.isString())
        return badInput("\"pattern\" is neither {\"String\": …} nor {\"Regex\": …}", place.where);
    if (plain.string().empty()) return expression("", place.where);  // matches between all characters
    return literal(plain.string());
}

Result<void> SplitPattern::findAll(std::string_view text, const MatchSink& put) const {
    if (text.empty()) {
        put({});
        return {};
    }
    std::size_t done = 0;
    const auto putMatch = [&](std::size_t begin, std::size_t end) {
        const auto from = static_cast<std::uint32_t>(done);
        if (done != begin) put({from, static_cast<std::uint32_t>(begin), false});
        put({static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end), true});
        done = end;
    };
    if (!m_usual) {
        for (std::size_t at = 0; (at = text.find(m_literal, at)) != std::string_view::npos;
             at += m_literal.size())
            putMatch(at, at + m_literal.size());
    } else {
        static thread_local Scratch scratch;
        const pcre2_code* code = hasUnusualCharacters(text) ? m_strict->code : m_usual->code;
        const PCRE2_SIZE* found = pcre2_get_ovector_pointer(scratch.data);
        bool first = true;
        for (std::size_t at = 0; at <= text.size();) {
            const int outcome = pcre2_match(code, reinterpret_cast<PCRE2_SPTR8>(text.data()), text.size(), at,
                                            PCRE2_NO_UTF_CHECK, scratch.data, scratch.context);
            if (outcome == PCRE2_ERROR_NOMATCH) break;
            if (outcome < 0)
                return badInput("the pattern " + m_shown + " runs over its limits on this text (" +
                                    messageOf(outcome) + ")",
                                m_where, "The tokenizer file is damaged or made to do harm.");
            const std::size_t begin = std::max<std::size_t>(found[0], done);
            const std::size_t end = std::max<std::size_t>(found[1], begin);
            // An empty match right after the last one is passed over, character by character.
            if (begin == end && !first && end == done) {
                if (at >= text.size()) break;
                at += utf8::lengthOfLead(text[at]);
                continue;
            }
            first = false;
            putMatch(begin, end);
            at = done;
        }
    }
    if (done != text.size())
        put({static_cast<std::uint32_t>(done), static_cast<std::uint32_t>(text.size()), false});
    return {};
}

}  // namespace attnviz
