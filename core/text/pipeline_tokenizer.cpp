#include "core/text/pipeline_tokenizer.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace attnviz {
namespace {

constexpr std::size_t kLongestText = std::size_t{1} << 30U;
constexpr std::size_t kManyTokens = std::size_t{1} << 23U;
constexpr std::size_t kPlaceForSpecials = 8;  // tokens that a post-processor may add

Error invalidUtf8(std::string_view which, std::size_t byte) {
    return badInput("the " + std::string(which) + " is not valid UTF-8 at byte " + std::to_string(byte), {},
                    "Convert it to UTF-8 first.");
}

// The runs in order. The longest one's vector takes the others in: between special tokens, next to nothing is
// moved.
std::vector<Token> joined(std::vector<TokenRun>& runs) {
    const auto longest = std::max_element(runs.begin(), runs.end(), [](const TokenRun& a, const TokenRun& b) {
        return a.tokens.size() < b.tokens.size();
    });
    std::vector<Token> all = std::move(longest->tokens);
    for (auto run = longest; run != runs.begin();) {
        --run;
        all.insert(all.begin(), std::make_move_iterator(run->tokens.begin()),
                   std::make_move_iterator(run->tokens.end()));
    }
    for (auto run = longest + 1; run != runs.end(); ++run)
        all.insert(all.end(), std::make_move_iterator(run->tokens.begin()),
                   std::make_move_iterator(run->tokens.end()));
    return all;
}

// Bytes that are part of a character only, as "\xE4"; the rest as it is.
std::string visibleBytes(std::string_view bytes) {
    if (utf8::firstInvalid(bytes) == std::string_view::npos) return std::string(bytes);
    std::string out;
    while (!bytes.empty()) {
        const std::size_t valid = std::min(utf8::firstInvalid(bytes), bytes.size());
        out += bytes.substr(0, valid);
        bytes.remove_prefix(valid);
        if (bytes.empty()) break;
        std::array<char, 8> escape{};
        std::snprintf(escape.data(), escape.size(), "\\x%02X",
                      static_cast<unsigned>(static_cast<unsigned char>(bytes[0])));
        out += escape.data();
        bytes.remove_prefix(1);
    }
    return out;
}

class PipelineTokenizer final : public Tokenizer {
 public:
    explicit PipelineTokenizer(TokenizerParts parts) : m_parts(std::move(parts)) {}

    Result<TokenizedText> encode(std::string_view text, std::optional<std::string_view> pair,
                                 const TokenizeOptions& options) const override {
        std::vector<TokenRun> runs;
        TokenizedText result;
        for (const auto& [part, name] :
             {std::pair(std::optional(text), pair ? "first text" : "text"), std::pair(pair, "second text")}) {
            if (!part) continue;
            if (part->size() > kLongestText)
                return badInput("the " + std::string(name) + " is longer than 1 GB", {},
                                "Cut it into parts.");
            if (const std::size_t bad = utf8::firstInvalid(*part); bad != std::string_view::npos)
                return invalidUtf8(name, bad);
            auto tokens = encodeOne(*part, static_cast<int>(runs.size()));
            if (!tokens) return tokens.error();
            runs.push_back({std::move(*tokens), *part});
            result.texts.emplace_back(*part);
        }
        if (m_parts.postProcessor) {
            const PostProcessing processing{options.addSpecialTokens};
            if (auto done = m_parts.postProcessor->apply(runs, processing); !done) return done.error();
        }
        result.tokens = joined(runs);
        for (Token& token : result.tokens) label(token, result.texts);
        return result;
    }

    std::string decode(const std::vector<std::int64_t>& ids) const override {
        std::vector<std::string> pieces;
        for (const std::int64_t id : ids)
            if (const auto piece = pieceForDecoding(id)) pieces.emplace_back(*piece);
        std::string out;
        if (!m_parts.decoder) {
            for (const std::string& piece : pieces) out += (out.empty() ? "" : " ") + piece;
            return out;
        }
        if (!m_parts.decoder->apply(pieces)) return {};
        for (const std::string& piece : pieces) out += piece;
        return out;
    }

    std::string pieceOf(std::int64_t id) const override {
        if (const AddedToken* token = m_parts.added.tokenOf(id)) return token->content;
        return std::string(m_parts.model->vocabulary().pieceOf(id).value_or(std::string_view{}));
    }

    std::string labelOf(std::int64_t id) const override {
        std::string piece = pieceOf(id);
        if (m_parts.added.tokenOf(id) || !m_parts.decoder) return piece;
        return visibleBytes(m_parts.decoder->label(std::move(piece)));
    }

    bool isSpecial(std::int64_t id) const override { return m_parts.added.isSpecial(id); }
    std::int64_t vocabularySize() const override {
        return std::max(m_parts.model->vocabulary().greatestId(), m_parts.added.greatestId()) + 1;
    }
    std::string_view kind() const override { return m_parts.kind; }
    const Tokenizer& forTarget() const override { return m_parts.target ? *m_parts.target : *this; }

 private:
    std::optional<std::string_view> pieceForDecoding(std::int64_t id) const {
        if (const auto piece = m_parts.added.pieceForDecoding(id)) return piece;
        return m_parts.model->vocabulary().pieceOf(id);
    }

    std::string_view nameOf(std::int64_t addedId) const {
        const AddedToken* token = m_parts.added.tokenOf(addedId);
        return token ? std::string_view(token->content) : std::string_view{};
    }

    // The text with its added tokens found, the rest normalized.
    Result<WordedText> findAdded(std::string_view text) const {
        WordedText out;
        std::vector<AddedMatch> raw, inner;
        m_parts.added.find(text, false, raw);
        for (const AddedMatch& match : raw) {
            AlignedText part(std::string(text.substr(match.begin, match.end - match.begin)),
                             static_cast<std::uint32_t>(match.begin));
            inner.clear();
            const bool begins = match.begin == 0 && !m_parts.before.empty();
            if (begins && match.id >= 0) {
                AlignedText alone;
                alone.take(m_parts.before, std::vector<ByteSpan>(m_parts.before.size()));
                out.text.append(alone);
                out.words.push_back({0, static_cast<std::uint32_t>(out.text.size()), -1});
            }
            if (match.id >= 0) {
                inner.push_back({0, part.size(), match.id});
            } else {
                if (m_parts.normalizer)
                    if (auto done = m_parts.normalizer->apply(part); !done) return done.error();
                if (begins) part.prepend(m_parts.before);
                m_parts.added.find(part.text(), true, inner);
            }
            if (out.text.size() + part.size() > kLongestText * 2)
                return badInput("the text grows beyond 2 GB when it is normalized", {}, "Cut it into parts.");
            const std::size_t base = out.text.size();
            for (const AddedMatch& word : inner)
                if (word.begin < word.end)
                    out.words.push_back({static_cast<std::uint32_t>(base + word.begin),
                                         static_cast<std::uint32_t>(base + word.end), word.id});
            if (base == 0 && raw.size() == 1)
                out.text = std::move(part);
            else
                out.text.append(part);
        }
        return out;
    }

    Result<std::vector<Token>> encodeOne(std::string_view text, int segment) const {
        auto worded = findAdded(text);
        if (!worded) return worded.error();
        if (m_parts.preTokenizer)
            if (auto done = m_parts.preTokenizer->apply(*worded); !done) return done.error();
        std::vector<Token> tokens;
        const std::size_t words = worded->words.size();
        const std::size_t atMost = worded->text.size() / 2;  // of most texts
        tokens.reserve(std::max(words + words / 2, std::min(atMost, kManyTokens)) + kPlaceForSpecials);
        auto encoder = worded->bytesToSpell ? m_parts.model->byteEncoder() : m_parts.model->encoder();
        if (!encoder) {
            spellBytes(*worded);
            encoder = m_parts.model->encoder();
        }
        std::vector<ModelToken> pieces;
        for (Word word : worded->words) {
            const std::string_view letters = worded->wordText(word);
            if (word.addedId >= 0) {
                const ModelToken piece{static_cast<std::uint32_t>(word.addedId), 0, word.end - word.begin,
                                       m_parts.addedByName ? nameOf(word.addedId) : letters};
                Token& token = put(piece, *worded, word, text.size(), tokens);
                token.special = m_parts.added.isSpecial(word.addedId);
                token.segment = segment;
                continue;
            }
            const std::uint32_t wordBegin = word.begin;
            for (std::size_t begin = 0, end = 0; begin < letters.size(); begin = end) {
                end = encoder->partEnd(letters, begin);
                pieces.clear();
                if (auto done = encoder->encode(letters.substr(begin, end - begin), pieces); !done)
                    return done.error();
                word.begin = wordBegin + static_cast<std::uint32_t>(begin);
                word.end = wordBegin + static_cast<std::uint32_t>(end);
                for (const ModelToken& piece : pieces)
                    put(piece, *worded, word, text.size(), tokens).segment = segment;
            }
        }
        if (!m_parts.lone.empty() && tokens.size() > 1 && tokens[0].piece == m_parts.lone &&
            tokens[1].special)
            tokens.erase(tokens.begin());
        return tokens;
    }

    static Token& put(const ModelToken& piece, const WordedText& worded, const Word& word,
                      std::size_t textSize, std::vector<Token>& out) {
        Token& token = out.emplace_back();
        token.id = piece.id;
        token.piece = piece.piece;
        ByteSpan span{piece.begin,
                      piece.end};  // where a piece lies outside its word, the reference leaves it so
        if (piece.begin == piece.end)
            span = {worded.text.at(word.begin).begin + piece.begin,
                    worded.text.at(word.begin).begin + piece.begin};
        else if (word.begin + piece.end <= word.end)
            span = worded.text.over(word.begin + piece.begin, word.begin + piece.end);
        token.begin = std::min<std::size_t>(span.begin, textSize);
        token.end = std::clamp<std::size_t>(span.end, token.begin, textSize);
        return token;
    }

    void label(Token& token, const std::vector<std::string>& texts) const {
        if (!token.text.empty()) return;
        if (token.special) {
            const AddedToken* added = m_parts.added.tokenOf(token.id);
            token.text = added ? added->content : token.piece;
            return;
        }
        const auto segment = static_cast<std::size_t>(token.segment);
        if (segment < texts.size() && token.begin < token.end)
            token.text.assign(texts[segment], token.begin, token.end - token.begin);
        else
            token.text = token.piece;
    }

    TokenizerParts m_parts;
};

}  // namespace

std::shared_ptr<const Tokenizer> makePipelineTokenizer(TokenizerParts parts) {
    return std::make_shared<PipelineTokenizer>(std::move(parts));
}

}  // namespace attnviz
