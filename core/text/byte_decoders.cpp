// Decoders that make bytes: ByteLevel (the printable alphabet), ByteFallback ("<0xC3>").
#include "core/text/byte_alphabet.h"
#include "core/text/byte_pieces.h"
#include "core/text/decoder.h"
#include "core/text/utf8.h"

namespace attnviz {
namespace {

class ByteLevelDecoder final : public Decoder {
 public:
    Result<void> apply(std::vector<std::string>& pieces) const override {
        std::string bytes;
        for (const std::string& piece : pieces) bytes += label(piece);
        pieces = {utf8::lossy(bytes)};
        return {};
    }
    std::string label(std::string piece) const override { return bytesOfPiece(piece).value_or(piece); }
    static Result<DecoderPointer> make(const JsonValue&, const PartPlace&) {
        return DecoderPointer(std::make_shared<ByteLevelDecoder>());
    }
};

class ByteFallbackDecoder final : public Decoder {
 public:
    Result<void> apply(std::vector<std::string>& pieces) const override {
        std::vector<std::string> out;
        std::string bytes;
        const auto flush = [&] {
            if (bytes.empty()) return;
            if (utf8::firstInvalid(bytes) == std::string_view::npos)
                out.push_back(bytes);
            else
                out.insert(out.end(), bytes.size(), "\xEF\xBF\xBD");
            bytes.clear();
        };
        for (std::string& piece : pieces) {
            if (const int byte = BytePieces::byteOf(piece); byte >= 0) {
                bytes += static_cast<char>(static_cast<unsigned char>(byte));
            } else {
                flush();
                out.push_back(std::move(piece));
            }
        }
        flush();
        pieces = std::move(out);
        return {};
    }
    std::string label(std::string piece) const override {
        const int byte = BytePieces::byteOf(piece);
        return byte < 0 ? piece : std::string(1, static_cast<char>(static_cast<unsigned char>(byte)));
    }
    static Result<DecoderPointer> make(const JsonValue&, const PartPlace&) {
        return DecoderPointer(std::make_shared<ByteFallbackDecoder>());
    }
};

}  // namespace

const DecoderKind kByteLevelDecoder{"ByteLevel", {}, &ByteLevelDecoder::make};
const DecoderKind kByteFallbackDecoder{"ByteFallback", {}, &ByteFallbackDecoder::make};

}  // namespace attnviz
