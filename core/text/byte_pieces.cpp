#include "core/text/byte_pieces.h"

#include <algorithm>

namespace attnviz {
namespace {

constexpr std::string_view kDigits = "0123456789ABCDEF";
using Names = std::array<std::array<char, 6>, 256>;

constexpr Names makeNames() {
    Names names{};
    for (std::size_t byte = 0; byte < names.size(); ++byte)
        names[byte] = {'<', '0', 'x', kDigits[byte >> 4U], kDigits[byte & 15U], '>'};
    return names;
}
constexpr Names kNames = makeNames();

int hexDigit(char letter) {
    if (letter >= '0' && letter <= '9') return letter - '0';
    if (letter >= 'a' && letter <= 'f') return letter - 'a' + 10;
    return letter >= 'A' && letter <= 'F' ? letter - 'A' + 10 : -1;
}

}  // namespace

BytePieces::BytePieces(const Vocabulary& vocabulary) {
    for (std::size_t byte = 0; byte < m_ids.size(); ++byte)
        m_ids[byte] = vocabulary.idOf(nameOf(static_cast<char>(byte)));
}

bool BytePieces::spells(std::string_view text) const {
    return std::all_of(text.begin(), text.end(), [this](char byte) { return idOf(byte).has_value(); });
}

std::string_view BytePieces::nameOf(char byte) {
    const auto& name = kNames[static_cast<unsigned char>(byte)];
    return {name.data(), name.size()};
}

int BytePieces::byteOf(std::string_view piece) {
    if (piece.size() != 6 || !piece.starts_with("<0x") || piece.back() != '>') return -1;
    const int high = hexDigit(piece[3]);
    const int low = hexDigit(piece[4]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

}  // namespace attnviz
