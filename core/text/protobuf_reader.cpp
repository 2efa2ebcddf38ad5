#include "core/text/protobuf_reader.h"

namespace attnviz {

bool ProtobufReader::readInteger(std::uint64_t& value) {
    value = 0;
    for (unsigned shift = 0; shift < 64 && !m_rest.empty(); shift += 7) {
        const auto byte = static_cast<unsigned char>(m_rest.front());
        m_rest.remove_prefix(1);
        value |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
        if (byte < 0x80) return true;
    }
    return false;
}

bool ProtobufReader::readFixed(std::size_t size, std::uint64_t& value) {
    if (m_rest.size() < size) return false;
    value = 0;
    for (std::size_t i = size; i-- > 0;) value = (value << 8U) | static_cast<unsigned char>(m_rest[i]);
    m_rest.remove_prefix(size);
    return true;
}

bool ProtobufReader::readField(ProtobufField& field) {
    std::uint64_t tag = 0;
    if (!readInteger(tag) || tag > 0xFFFFFFFFU || (tag >> 3U) == 0) return false;
    field.number = static_cast<std::uint32_t>(tag >> 3U);
    switch (tag & 7U) {
        case 0:
            field.kind = ProtobufField::Kind::integer;
            return readInteger(field.value);
        case 1:
            field.kind = ProtobufField::Kind::fixed64;
            return readFixed(8, field.value);
        case 2:
            field.kind = ProtobufField::Kind::bytes;
            if (!readInteger(field.value) || field.value > m_rest.size()) return false;
            field.bytes = m_rest.substr(0, static_cast<std::size_t>(field.value));
            m_rest.remove_prefix(field.bytes.size());
            return true;
        case 5:
            field.kind = ProtobufField::Kind::fixed32;
            return readFixed(4, field.value);
        default:
            return false;  // groups are gone since 2008
    }
}

std::optional<ProtobufField> ProtobufReader::next() {
    if (m_rest.empty() || m_damaged) return std::nullopt;
    ProtobufField field;
    m_damaged = !readField(field);
    return m_damaged ? std::nullopt : std::optional(field);
}

}  // namespace attnviz
