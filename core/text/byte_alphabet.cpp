#include "core/text/byte_alphabet.h"

#include <array>

#include "core/text/utf8.h"

namespace attnviz {
namespace {

struct Alphabet {
    std::array<char32_t, 256> characters{};
    std::array<std::string, 256> letters;
    std::array<int, 0x144> bytes{};
    Alphabet() {
        bytes.fill(-1);
        char32_t next = 256;
        for (std::size_t byte = 0; byte < 256; ++byte) {
            const bool printable = (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte != 0xAD);
            characters[byte] = printable ? static_cast<char32_t>(byte) : next++;
            letters[byte] = utf8::encoded(characters[byte]);
            bytes[characters[byte]] = static_cast<int>(byte);
        }
    }
};

const Alphabet& alphabet() {
    static const Alphabet instance;
    return instance;
}

}  // namespace

char32_t characterOfByte(std::uint8_t byte) {
    return alphabet().characters[byte];
}

std::string_view lettersOfByte(std::uint8_t byte) {
    return alphabet().letters[byte];
}

int byteOfCharacter(char32_t point) {
    return point < alphabet().bytes.size() ? alphabet().bytes[point] : -1;
}

std::optional<std::string> bytesOfPiece(std::string_view piece) {
    std::string out;
    for (std::size_t at = 0; at < piece.size();) {
        const utf8::Character character = utf8::decode(piece, at);
        const int byte = byteOfCharacter(character.point);
        if (byte < 0) return std::nullopt;
        out += static_cast<char>(static_cast<unsigned char>(byte));
        at += character.length;
    }
    return out;
}

}  // namespace attnviz
