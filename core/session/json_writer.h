// Writes JSON of any size to a sink as it is told, without a document tree.
//
// Numbers are the shortest text that reads back the same (std::to_chars); whole floats keep their ".0". Bytes
// of strings that are no UTF-8 become U+FFFD, so what is written can always be read. The first error of the
// sink is kept, and nothing is written after it; finish() returns it. Callers nest keys and values properly.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/byte_sink.h"
#include "core/base/result.h"

namespace attnviz {

class JsonWriter {
 public:
    // `indent` 0 writes one line. Otherwise lines are broken to the depth at which `line` is asked for.
    explicit JsonWriter(ByteSink& sink, int indent = 0);

    enum class Layout { broken, line };  // `line`: this value stays on one line even with an indent
    void beginObject(Layout layout = Layout::broken) { open('{', layout); }
    void endObject() { close('}'); }
    void beginArray(Layout layout = Layout::broken) { open('[', layout); }
    void endArray() { close(']'); }
    void key(std::string_view name);

    void string(std::string_view text);
    void stringOrNull(std::string_view text) { text.empty() ? null() : string(text); }
    void integer(std::int64_t value);
    void number(double value);  // null if it is not finite
    void number(float value);
    void boolean(bool value);
    void null();
    void raw(std::string_view json);             // a whole value, as it is
    void floats(std::span<const float> values);  // [1.0,0.0]; all finite
    void base64(std::span<const std::byte> bytes);

    bool ok() const { return m_status.ok(); }
    Result<void> finish();  // flushes; adds a line end

 private:
    void open(char bracket, Layout layout);
    void close(char bracket);
    void beforeValue();
    void newLine();
    void quoted(std::string_view text);
    void drainIfFull();
    void drain();

    struct Level {
        bool first = true, broken = true;
    };
    ByteSink& m_sink;
    int m_indent;
    std::vector<Level> m_levels;
    bool m_afterKey = false;
    std::string m_buffer;
    Result<void> m_status;
};

}  // namespace attnviz
