// Safetensors files made in a test: a header as written, then so many bytes of data.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace attnviz::test {

inline std::string safetensors(std::string_view header, std::size_t dataBytes, std::int64_t claimed = -1) {
    auto length = claimed < 0 ? header.size() : static_cast<std::uint64_t>(claimed);
    std::string file;
    for (int i = 0; i < 8; ++i, length >>= 8U) file += static_cast<char>(length & 0xFFU);
    file += header;
    for (std::size_t i = 0; i < dataBytes; ++i) file += static_cast<char>(i & 0x7FU);
    return file;
}

inline void writeText(const std::filesystem::path& path, std::string_view bytes) {
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << bytes;
}

}  // namespace attnviz::test
