// The fields of one message in Protocol Buffers' wire format, as hostile input. Reads; knows no schema.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace attnviz {

struct ProtobufField {
    std::uint32_t number = 0;
    enum class Kind { integer, fixed64, bytes, fixed32 } kind = Kind::integer;
    std::uint64_t value = 0;  // of a number
    std::string_view bytes;   // of strings, byte strings and messages
};

class ProtobufReader {
 public:
    explicit ProtobufReader(std::string_view message) : m_rest(message) {}
    // The next field; nothing at the end, and nothing more after what is no field (see `damaged`).
    std::optional<ProtobufField> next();
    bool damaged() const { return m_damaged; }

 private:
    bool readInteger(std::uint64_t& value);
    bool readFixed(std::size_t size, std::uint64_t& value);
    bool readField(ProtobufField& field);

    std::string_view m_rest;
    bool m_damaged = false;
};

}  // namespace attnviz
