// Byte pairs, words and characters of SentencePiece files, by the library: a module of its own, which
// sentence_piece_library.cpp loads.
#include <sentencepiece_processor.h>

#include "core/text/byte_pieces.h"
#include "core/text/sentence_piece_model.h"

namespace attnviz {
namespace {

class SentencePieceLibraryModel final : public TokenModel {
 public:
    std::unique_ptr<const SentencePieceFile> file;
    SentencePieceIds ids;
    sentencepiece::SentencePieceProcessor processor;

    std::unique_ptr<WordEncoder> encoder() const override;
    const Vocabulary& vocabulary() const override { return ids.pieces; }
    std::string_view kind() const override {
        switch (file->model) {
            case SentencePieceFile::Model::bpe:
                return "SentencePiece BPE";
            case SentencePieceFile::Model::word:
                return "SentencePiece words";
            case SentencePieceFile::Model::character:
                return "SentencePiece characters";
            case SentencePieceFile::Model::unigram:
                break;
        }
        return "SentencePiece Unigram";
    }
};

class LibraryEncoder final : public WordEncoder {
 public:
    explicit LibraryEncoder(const SentencePieceLibraryModel& model) : m_model(model) {}

    Result<void> encode(std::string_view text, std::vector<ModelToken>& out) override {
        return cutKeepingSpace(*m_model.file, m_model.ids, text, out,
                               [this](std::string_view stretch, std::vector<ModelToken>& tokens) {
                                   return cut(stretch, tokens);
                               });
    }

 private:
    Result<void> cut(std::string_view text, std::vector<ModelToken>& out) {
        m_sentence = {};
        if (const auto status = m_model.processor.Encode(text, m_sentence.mutable_proto()); !status.ok())
            return badInput(std::string("SentencePiece cannot cut the text: ") + status.error_message(),
                            m_model.file->where);
        const std::size_t first = out.size();
        for (std::size_t index = 0; index < m_sentence.pieces_size(); ++index) {
            const auto piece = m_sentence.pieces(static_cast<int>(index));
            out.push_back({m_model.ids.ids.at(piece.id()), piece.begin(), piece.end(), piece.piece()});
        }
        // The library gives a character's place to the last of its bytes; here each carries it.
        for (std::size_t index = out.size(); index-- > first + 1;) {
            ModelToken& before = out[index - 1];
            if (before.begin == before.end && before.begin == out[index].begin && isByte(before) &&
                isByte(out[index]))
                before.end = out[index].end;
        }
        return {};
    }

    static bool isByte(const ModelToken& token) { return BytePieces::byteOf(token.piece) >= 0; }

    const SentencePieceLibraryModel& m_model;
    sentencepiece::ImmutableSentencePieceText m_sentence;
};

std::unique_ptr<WordEncoder> SentencePieceLibraryModel::encoder() const {
    return std::make_unique<LibraryEncoder>(*this);
}

Result<TokenModelPointer> makeModel(std::unique_ptr<const SentencePieceFile> file, SentencePieceIds ids) {
    auto model = std::make_shared<SentencePieceLibraryModel>();
    try {
        // A second normalizer_spec (field 3) is read into the first: its add_dummy_prefix (field 3) is false.
        std::string bytes = file->bytes;
        if (!ids.spaceBeforeEach) bytes.append("\x1A\x02\x18\x00", 4);
        if (const auto status = model->processor.LoadFromSerializedProto(bytes); !status.ok())
            return badInput(std::string("SentencePiece refuses the file: ") + status.error_message(),
                            file->where);
    } catch (const std::exception& failure) {
        return badInput(std::string("SentencePiece refuses the file: ") + failure.what(), file->where);
    }
    if (static_cast<std::size_t>(model->processor.GetPieceSize()) != file->pieces.size())
        return badInput("SentencePiece reads another number of pieces than there are", file->where);
    model->file = std::move(file);
    model->ids = std::move(ids);
    return TokenModelPointer(std::move(model));
}

}  // namespace
}  // namespace attnviz

extern "C" __attribute__((visibility("default"))) void attnviz_sentence_piece_model(
    std::unique_ptr<const attnviz::SentencePieceFile>& file, attnviz::SentencePieceIds& ids,
    attnviz::Result<attnviz::TokenModelPointer>& model) {
    model = attnviz::makeModel(std::move(file), std::move(ids));
}
