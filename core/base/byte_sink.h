// Where written bytes go: a file that appears whole or not at all, memory, standard output.
//
// Exporters write to a sink, so that a test can give one that fails after n bytes (a disk that fills up).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace attnviz {

class ByteSink {
 public:
    virtual ~ByteSink() = default;
    // Takes all bytes or returns an Error; after an Error the sink is only good for destruction.
    virtual Result<void> write(std::string_view bytes) = 0;
};

class StringSink final : public ByteSink {
 public:
    Result<void> write(std::string_view bytes) override {
        m_bytes.append(bytes);
        return {};
    }
    const std::string& bytes() const { return m_bytes; }
    std::string take() { return std::move(m_bytes); }

 private:
    std::string m_bytes;
};

}  // namespace attnviz
