// gzip, as a stream: a sink that compresses, and a reader that stops before a bomb has gone off.
#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "core/base/byte_sink.h"
#include "core/base/result.h"

namespace attnviz {

// Compresses what it is given into another sink. The same bytes give the same file: no name, no time.
class GzipSink final : public ByteSink {
 public:
    explicit GzipSink(ByteSink& sink);
    ~GzipSink() override;
    GzipSink(const GzipSink&) = delete;
    GzipSink& operator=(const GzipSink&) = delete;

    Result<void> write(std::string_view bytes) override;
    Result<void> finish();  // writes what is left; nothing may be written after it

 private:
    struct Stream;
    Result<void> deflateAll(int flush);

    ByteSink& m_sink;
    std::unique_ptr<Stream> m_stream;
};

bool isGzip(std::string_view bytes);

// The text of a gzip file (all of its members), refused above `limitBytes`, cut short, or damaged. `where` is
// what errors call it.
Result<std::string> inflateGzip(std::string_view bytes, std::int64_t limitBytes, const std::string& where,
                                std::stop_token stop);

}  // namespace attnviz
