// Reads JSON of any size strictly, once, from front to back, without a document tree: what opens sessions.
//
// A session of 100 MB is almost only numbers, and they go straight from the text into float vectors; a tree
// or an index of the text would take more memory than the weights. Everything in the file is hostile.
// Refused, with the line and column: what RFC 8259 does not allow, invalid UTF-8, lone surrogates, a key that
// appears twice in one object, more than 1024 levels, numbers beyond float64, NaN and Infinity.
//
// Functions return false on an error, which is kept (the first one) until asked for; after it nothing is
// read.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace attnviz {

enum class JsonKind { object, array, string, number, boolean, null, none };

class JsonScanner {
 public:
    static constexpr int kMostLevels = 1024;

    // `where` is what errors call the document (a path). `text` must outlive the scanner. Places are counted
    // from `begin`, a place inside `text`.
    JsonScanner(std::string_view text, std::string where, std::size_t begin = 0);

    // Checks the whole text's UTF-8; call once a document, before anything else.
    bool checkUtf8();

    JsonKind peek();  // of the next value; `none` where no value can begin
    // Looks ahead: how many lists are opened one right within the other, and what stands in the innermost.
    JsonKind peekBelowLists(int& lists);

    bool enterObject();
    bool nextMember(std::string& key);  // false at the object's end (which is then consumed), and on an error
    bool enterArray();
    bool nextItem();  // false at the array's end, and on an error

    bool readString(std::string& out);
    bool readNumber(double& out);
    bool readInteger(std::int64_t& out);  // refuses fractions
    bool readBool(bool& out);
    bool readNull();
    // A whole array of numbers, appended. On an error `out` holds the numbers before the bad one.
    bool readFloats(std::vector<float>& out);
    // Passes over one value, checking all of it.
    bool skip(std::string_view* raw = nullptr);
    // Nothing but white space is left.
    bool finish();

    bool fail(std::string what, std::string hint = {});  // an error at the present place; always false
    bool failed() const { return m_failed; }
    const Error& error() const { return m_error; }
    std::size_t offset() const { return static_cast<std::size_t>(m_at - m_text.data()); }
    std::size_t size() const { return m_text.size(); }
    const std::string& where() const { return m_where; }

 private:
    struct Level {
        bool object = false, first = true;
        std::size_t keysBegin = 0, decodedBegin = 0;
    };

    void space() {
        while (m_at < m_end && (*m_at == ' ' || *m_at == '\n' || *m_at == '\r' || *m_at == '\t')) ++m_at;
    }
    bool enter(char open, bool object);
    bool separator(char close);  // true if another item follows
    bool literal(std::string_view word);
    bool stringBody(std::string_view& raw, bool& escaped);
    bool unescape(std::string_view raw, std::string& out);
    bool leave();
    bool uniqueKeys(std::size_t begin);
    template <class Float>
    bool number(Float& out);
    bool noValue();

    std::string_view m_text;
    std::string m_where;
    const char* m_at;
    const char* m_end;
    std::vector<Level> m_levels;
    std::vector<std::string_view> m_keys;   // of all open objects, decoded
    std::deque<std::string> m_decodedKeys;  // those of them that were escaped
    bool m_failed = false;
    Error m_error;
};

// Whether `text` is exactly one JSON value, by the rules above.
bool isJson(std::string_view text);

}  // namespace attnviz
