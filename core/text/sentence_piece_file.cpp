#include "core/text/sentence_piece_file.h"

#include <bit>
#include <bitset>
#include <cmath>
#include <unordered_set>

#include "core/base/readable.h"
#include "core/text/byte_pieces.h"
#include "core/text/protobuf_reader.h"
#include "core/text/utf8.h"

namespace attnviz {
namespace {

constexpr std::size_t kLargestFile = std::size_t{256} << 20U;
constexpr std::size_t kLongestPiece = 65536;  // bytes
using Kind = SentencePiece::Kind;
using FieldKind = ProtobufField::Kind;

struct Reader {
    SentencePieceFile& file;

    Error bad(std::string what) const {
        return badInput(std::move(what), file.where, "The file is damaged, or no SentencePiece model.");
    }

    // Calls `each(field)` for every field of a message.
    template <class Each>
    Result<void> eachField(std::string_view message, Each&& each) const {
        ProtobufReader reader(message);
        while (const auto field = reader.next())
            if (auto read = each(*field); !read) return read;
        if (reader.damaged()) return bad("the file is no valid message");
        return {};
    }

    Result<void> root() {
        return eachField(file.bytes, [this](const ProtobufField& field) -> Result<void> {
            if (field.kind != FieldKind::bytes) return {};
            if (field.number == 1) return piece(field.bytes);
            if (field.number == 2) return trainer(field.bytes);
            if (field.number == 3) return normalizer(field.bytes);
            return {};
        });
    }

    Result<void> piece(std::string_view message) {
        SentencePiece read;
        std::uint64_t kind = 1;
        auto fields = eachField(message, [&](const ProtobufField& field) -> Result<void> {
            if (field.number == 1 && field.kind == FieldKind::bytes) read.text = field.bytes;
            if (field.number == 2 && field.kind == FieldKind::fixed32)
                read.score = std::bit_cast<float>(static_cast<std::uint32_t>(field.value));
            if (field.number == 3 && field.kind == FieldKind::integer) kind = field.value;
            return {};
        });
        if (!fields) return fields;
        const std::string name = "piece " + std::to_string(file.pieces.size());
        if (kind < 1 || kind > 6) return bad(name + " is of the unknown kind " + std::to_string(kind));
        read.kind = static_cast<Kind>(kind);
        if (read.text.empty() || read.text.size() > kLongestPiece)
            return bad(name + " has " + std::to_string(read.text.size()) + " bytes");
        if (utf8::firstInvalid(read.text) != std::string_view::npos ||
            read.text.find('\0') != std::string_view::npos)
            return bad(name + " is not valid UTF-8");
        if (std::isnan(read.score)) return bad(name + " has a score that is no number");
        file.pieces.push_back(read);
        return {};
    }

    Result<void> trainer(std::string_view message) {
        return eachField(message, [this](const ProtobufField& field) -> Result<void> {
            if (field.kind != FieldKind::integer) return {};
            if (field.number == 3) {
                if (field.value < 1 || field.value > 4)
                    return bad("the model is of the unknown type " + std::to_string(field.value));
                file.model = static_cast<SentencePieceFile::Model>(field.value);
            }
            if (field.number == 24) file.spaceIsSuffix = field.value != 0;
            if (field.number == 35) file.byteFallback = field.value != 0;
            return {};
        });
    }

    Result<void> normalizer(std::string_view message) {
        return eachField(message, [this](const ProtobufField& field) -> Result<void> {
            if (field.number == 2 && field.kind == FieldKind::bytes && !field.bytes.empty()) {
                auto map = CharacterMap::read(field.bytes, file.where);
                if (!map) return map.error();
                if (auto safe = map->checkForOthers(file.where); !safe) return safe;
                file.replacements = std::move(*map);
            }
            if (field.kind != FieldKind::integer) return {};
            if (field.number == 3) file.addDummyPrefix = field.value != 0;
            if (field.number == 4) file.removeExtraSpaces = field.value != 0;
            if (field.number == 5) file.escapeSpaces = field.value != 0;
            return {};
        });
    }

    // What the library demands of the pieces together.
    Result<void> checkPieces() {
        std::unordered_set<std::string_view> normal, reserved;
        std::bitset<256> bytes;
        int unknown = 0;
        for (std::size_t id = 0; id < file.pieces.size(); ++id) {
            const SentencePiece& piece = file.pieces[id];
            const bool isNormal =
                piece.kind == Kind::normal || piece.kind == Kind::userDefined || piece.kind == Kind::unused;
            if (!(isNormal ? normal : reserved).insert(piece.text).second)
                return bad("the piece \"" + std::string(piece.text) + "\" is there twice");
            if (piece.kind == Kind::unknown) {
                ++unknown;
                file.unknownId = static_cast<std::uint32_t>(id);
            }
            if (piece.kind != Kind::byte) continue;
            const int byte = BytePieces::byteOf(piece.text);
            if (byte < 0 || !file.byteFallback)
                return bad("the byte piece \"" + std::string(piece.text) + "\" has no place in this model");
            bytes.set(static_cast<std::size_t>(byte));
        }
        if (unknown != 1)
            return bad("the file has " + std::to_string(unknown) + " unknown tokens; expected 1");
        if (normal.empty()) return bad("the file has no pieces");
        if (file.byteFallback && !bytes.all())
            return bad("the file falls back to bytes and has not all of them");
        return {};
    }
};

}  // namespace

Result<std::unique_ptr<const SentencePieceFile>> SentencePieceFile::read(const std::filesystem::path& path) {
    auto mapped = MappedFile::open(path);
    if (!mapped) return mapped.error();
    auto file = std::make_unique<SentencePieceFile>();
    file->where = path.string();
    const std::size_t size = (*mapped)->bytes().size();
    if (size > kLargestFile)
        return badInput("the file has " + readableBytes(static_cast<std::int64_t>(size)) +
                            ", more than the 268 MB that a SentencePiece model may have",
                        file->where);
    file->bytes.resize(size);
    if (auto read = (*mapped)->read(0, std::as_writable_bytes(std::span(file->bytes))); !read)
        return read.error();
    if (file->bytes.starts_with("version https://git-lfs"))
        return badInput("this is a Git LFS pointer, not the file itself", file->where,
                        "Fetch it with 'git lfs pull'.");
    Reader reader{*file};
    if (auto read = reader.root(); !read) return read.error();
    if (auto good = reader.checkPieces(); !good) return good.error();
    return std::unique_ptr<const SentencePieceFile>(std::move(file));
}

}  // namespace attnviz
