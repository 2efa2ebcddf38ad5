#include "core/session/gzip.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>

#include "core/base/readable.h"

namespace attnviz {
namespace {

constexpr int kGzipWindow = 15 + 16;  // the largest window, gzip's frame
constexpr std::size_t kBlockBytes = std::size_t{1} << 17U;
constexpr std::uint64_t kBestRatio = 1032;  // deflate cannot do better

Bytef* bytesOf(const char* text) {
    return reinterpret_cast<Bytef*>(const_cast<char*>(text));
}

uInt part(std::size_t bytes) {
    return static_cast<uInt>(std::min<std::size_t>(bytes, std::numeric_limits<uInt>::max() / 2));
}

// What the last four bytes say of the size; believed only as far as deflate could have made it.
std::size_t likelySize(std::string_view bytes, std::int64_t limitBytes) {
    if (bytes.size() < 18) return 0;
    std::uint64_t size = 0;
    for (std::size_t i = 4; i > 0; --i)
        size = size << 8U | static_cast<unsigned char>(bytes[bytes.size() - 5 + i]);
    return static_cast<std::size_t>(
        std::min({size, bytes.size() * kBestRatio,
                  static_cast<std::uint64_t>(std::max<std::int64_t>(limitBytes, 0))}));
}

}  // namespace

struct GzipSink::Stream {
    z_stream state{};
    bool ready = false;
    std::array<char, kBlockBytes> out{};
};

GzipSink::GzipSink(ByteSink& sink) : m_sink(sink), m_stream(std::make_unique<Stream>()) {
    m_stream->ready = deflateInit2(&m_stream->state, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzipWindow, 8,
                                   Z_DEFAULT_STRATEGY) == Z_OK;
}

GzipSink::~GzipSink() {
    if (m_stream->ready) deflateEnd(&m_stream->state);
}

Result<void> GzipSink::deflateAll(int flush) {
    if (!m_stream->ready) return outOfMemory("not enough memory to compress");
    z_stream& state = m_stream->state;
    do {
        state.next_out = bytesOf(m_stream->out.data());
        state.avail_out = part(m_stream->out.size());
        deflate(&state, flush);
        const std::size_t made = m_stream->out.size() - state.avail_out;
        if (made == 0) continue;
        if (auto written = m_sink.write({m_stream->out.data(), made}); !written) return written;
    } while (state.avail_out == 0);
    return {};
}

Result<void> GzipSink::write(std::string_view bytes) {
    while (!bytes.empty()) {
        const uInt count = part(bytes.size());
        m_stream->state.next_in = bytesOf(bytes.data());
        m_stream->state.avail_in = count;
        if (auto done = deflateAll(Z_NO_FLUSH); !done) return done;
        bytes.remove_prefix(count);
    }
    return {};
}

Result<void> GzipSink::finish() {
    m_stream->state.avail_in = 0;
    return deflateAll(Z_FINISH);
}

bool isGzip(std::string_view bytes) {
    return bytes.starts_with("\x1F\x8B");
}

Result<std::string> inflateGzip(std::string_view bytes, std::int64_t limitBytes, const std::string& where,
                                std::stop_token stop) {
    const auto tooLarge = [&] {
        return outOfMemory(
            "unpacks to more than " + readableBytes(limitBytes) + ", 80 % of the available memory", where,
            "Close other documents, or unpack it and open a part.");
    };
    z_stream state{};
    if (inflateInit2(&state, kGzipWindow) != Z_OK) return outOfMemory("not enough memory to unpack", where);
    const std::unique_ptr<z_stream, int (*)(z_stream*)> guard(&state, &inflateEnd);

    std::string text;
    text.reserve(likelySize(bytes, limitBytes) + 1);
    std::string block(kBlockBytes, '\0');
    while (true) {
        if (stop.stop_requested()) return cancelled();
        const uInt given = part(bytes.size());
        state.next_in = bytesOf(bytes.data());
        state.avail_in = given;
        state.next_out = bytesOf(block.data());
        state.avail_out = part(block.size());
        const int outcome = inflate(&state, Z_NO_FLUSH);
        bytes.remove_prefix(given - state.avail_in);
        text.append(block.data(), block.size() - state.avail_out);
        if (static_cast<std::int64_t>(text.size()) > limitBytes) return tooLarge();
        if (outcome == Z_STREAM_END) {
            if (bytes.empty()) return text;
            if (!isGzip(bytes))
                return badInput("something that is no gzip follows the compressed text", where);
            inflateReset(&state);
        } else if (outcome == Z_BUF_ERROR || (outcome == Z_OK && bytes.empty() && state.avail_out > 0)) {
            return badInput("the compressed text ends too early", where, "Is the file complete?");
        } else if (outcome != Z_OK) {
            return badInput(std::string("the compressed text is damaged") +
                                (state.msg ? std::string(": ") + state.msg : ""),
                            where);
        }
    }
}

}  // namespace attnviz
