#include "core/text/tokenize_document.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace attnviz {
namespace {

constexpr std::size_t kBufferBytes = std::size_t{256} << 10U;

void appendString(std::string& out, std::string_view text) {
    static constexpr std::string_view kHex = "0123456789abcdef";
    out += '"';
    std::size_t done = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const auto byte = static_cast<unsigned char>(text[at]);
        if (byte >= 0x20 && byte != '"' && byte != '\\' && byte != 0x7F) continue;
        out += text.substr(done, at - done);
        done = at + 1;
        switch (byte) {
            case '"':
                out += "\\\"";
                break;
            case '\\':
                out += "\\\\";
                break;
            case '\n':
                out += "\\n";
                break;
            case '\r':
                out += "\\r";
                break;
            case '\t':
                out += "\\t";
                break;
            default:
                out += "\\u00";
                out += kHex[byte >> 4U];
                out += kHex[byte & 15U];
        }
    }
    out += text.substr(done);
    out += '"';
}

template <class Number>
void appendNumber(std::string& out, Number value) {
    std::array<char, 24> buffer{};
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
    out.append(buffer.data(), end);
}

template <class Append>
void appendList(std::string& out, std::string_view key, const std::vector<Token>& tokens, Append append) {
    out += ", \"";
    out += key;
    out += "\": [";
    bool first = true;
    for (const Token& token : tokens) {
        if (!first) out += ", ";
        first = false;
        append(token);
    }
    out += ']';
}

void appendDocument(std::string& out, std::string_view modelName, const TokenizedText& text) {
    const bool pair = text.texts.size() > 1;
    out += "{\"model_name\": ";
    appendString(out, modelName);
    out += ", \"text\": ";
    appendString(out, text.texts.empty() ? std::string_view{} : text.texts[0]);
    if (pair) {
        out += ", \"text_pair\": ";
        appendString(out, text.texts[1]);
    }
    appendList(out, "tokens", text.tokens, [&](const Token& token) { appendString(out, token.text); });
    appendList(out, "input_ids", text.tokens, [&](const Token& token) { appendNumber(out, token.id); });
    appendList(out, "pieces", text.tokens, [&](const Token& token) { appendString(out, token.piece); });
    appendList(out, "spans", text.tokens, [&](const Token& token) {
        out += '[';
        appendNumber(out, token.begin);
        out += ", ";
        appendNumber(out, token.end);
        out += ']';
    });
    appendList(out, "special", text.tokens,
               [&](const Token& token) { out += token.special ? "true" : "false"; });
    if (pair)
        appendList(out, "segments", text.tokens,
                   [&](const Token& token) { appendNumber(out, token.segment); });
    out += '}';
}

}  // namespace

std::string tokenizeDocument(std::string_view modelName, const TokenizedText& text) {
    std::string out;
    appendDocument(out, modelName, text);
    return out;
}

Result<void> tokenizeLines(const Tokenizer& tokenizer, std::string_view modelName, std::string_view lines,
                           const TokenizeOptions& options, ByteSink& sink, std::stop_token stop) {
    std::string buffer;
    for (std::size_t number = 1; !lines.empty(); ++number) {
        if (stop.stop_requested()) return cancelled();
        const std::size_t end = std::min(lines.find('\n'), lines.size());
        const std::string_view line = lines.substr(0, end);
        lines.remove_prefix(std::min(end + 1, lines.size()));
        const std::size_t tab = line.find('\t');
        std::optional<std::string_view> pair;
        if (tab != std::string_view::npos) pair = line.substr(tab + 1);
        auto text = tokenizer.encode(line.substr(0, tab), pair, options);
        if (!text) {
            Error error = text.error();
            error.where = "line " + std::to_string(number) + (error.where.empty() ? "" : ", " + error.where);
            return error;
        }
        appendDocument(buffer, modelName, *text);
        buffer += '\n';
        if (buffer.size() < kBufferBytes) continue;
        if (auto written = sink.write(buffer); !written) return written.error();
        buffer.clear();
    }
    return buffer.empty() ? Result<void>{} : sink.write(buffer);
}

}  // namespace attnviz
