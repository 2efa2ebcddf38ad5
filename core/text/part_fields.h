// Reads the fields of one part of a tokenizer.json ({"type": "Strip", "strip_left": true, ...}), as hostile
// input.
//
// The first field that is absent or of a wrong type is kept as the error; what is read after it has a default
// value. So a part reads all its fields and asks once.
#pragma once

#include <string>
#include <string_view>
#include <type_traits>

#include "core/base/json_value.h"
#include "core/base/result.h"

namespace attnviz {

// Where a part stands: `where` is what errors call the place; `level` counts nested Sequences.
struct PartPlace {
    std::string where;
    int level = 0;

    PartPlace inside(std::string_view what) const { return {where + ", " + std::string(what), level + 1}; }
    Result<void> checkLevel() const;
};

class PartFields {
 public:
    PartFields(const JsonValue& spec, const PartPlace& place) : m_spec(spec), m_place(place) {}

    bool boolean(std::string_view key);
    bool boolean(std::string_view key, bool fallback);  // null counts as absent
    std::string text(std::string_view key);
    std::string text(std::string_view key, std::string fallback);
    char32_t character(std::string_view key);
    std::int64_t count(std::string_view key, std::int64_t greatest);
    const JsonValue& list(std::string_view key);

    void refuse(std::string_view key, std::string_view expected);
    Result<void> check() const { return m_status; }
    const PartPlace& place() const { return m_place; }

 private:
    const JsonValue& m_spec;
    const PartPlace& m_place;
    Result<void> m_status;
};

inline constexpr std::int64_t kGreatestTokenId = 0x7FFFFFFE;

// The id of a token in a file: a whole number from 0 to kGreatestTokenId.
Result<std::int64_t> tokenIdOf(const JsonValue& value, std::string_view piece, const PartPlace& place);

// "BPE, WordPiece": what a table knows, for an error.
template <class Table>
std::string knownKinds(const Table& table) {
    std::string names;
    for (const auto* row : table) names += (names.empty() ? "" : ", ") + std::string(row->type);
    return names;
}

// The row of a table that makes a part, by its "type" key; `what` is what the part is called ("normalizer").
template <class Table>
auto findKind(const Table& table, const JsonValue& spec, std::string_view what, const PartPlace& place)
    -> Result<std::remove_cvref_t<decltype(table[0])>> {
    if (auto level = place.checkLevel(); !level) return level.error();
    if (!spec.isObject()) return badInput("the " + std::string(what) + " is not a JSON object", place.where);
    const std::string& type = spec["type"].string();
    if (type.empty()) return badInput("the " + std::string(what) + " has no \"type\"", place.where);
    for (const auto* row : table)
        if (row->type == type || (!row->otherName.empty() && row->otherName == type)) return row;
    return unsupported("the " + std::string(what) + " \"" + type + "\" is not known", place.where,
                       "Known are " + knownKinds(table) + ".");
}

}  // namespace attnviz
