// A sink that takes n bytes and then says that the disk is full.
#pragma once

#include "core/base/byte_sink.h"

namespace attnviz::test {

class FailingSink final : public ByteSink {
 public:
    explicit FailingSink(std::size_t afterBytes) : m_left(afterBytes) {}
    Result<void> write(std::string_view bytes) override {
        if (bytes.size() > m_left)
            return ioError("cannot be written: no space left on device", "failing sink");
        m_left -= bytes.size();
        return {};
    }

 private:
    std::size_t m_left;
};

}  // namespace attnviz::test
