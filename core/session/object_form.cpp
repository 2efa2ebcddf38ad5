// Any JSON object that holds attention as nested lists under one of the usual names, and usually tokens.
#include "core/session/foreign_labels.h"
#include "core/session/session_forms.h"
#include "core/session/session_keys.h"

namespace attnviz {
namespace {

constexpr std::string_view kTokenKeys[] = {"tokens", "right_text", "all_tokens", "left_text"};

JsonMember* weightsIn(JsonOutline& outline) {
    for (const auto key : kWeightKeys)
        if (auto* member = outline.find(key); member && member->weights) return member;
    return nullptr;
}

bool claims(const OpenedFile& file) {
    return file.json && file.json->isObject && weightsIn(const_cast<JsonOutline&>(*file.json));
}

// A string if there is one of that name.
std::optional<std::string> stringOf(const JsonOutline& outline, std::string_view key) {
    const JsonMember* member = outline.find(key);
    std::string text;
    if (!member || !outline.scannerAt(member->raw).readString(text)) return std::nullopt;
    return text;
}

Result<ForeignTokens> tokensOf(const JsonOutline& outline, std::string_view key) {
    ForeignTokens tokens;
    const JsonMember* member = outline.find(key);
    if (!member || !member->raw.starts_with('[')) return tokens;
    JsonScanner scanner = outline.scannerAt(member->raw);
    if (!readForeignTokens(scanner, tokens)) return scanner.error();
    return tokens;
}

Result<Session> read(OpenedFile& file) {
    JsonOutline& outline = *file.json;
    ForeignRun foreign;
    foreign.where = outline.where;
    JsonMember* weights = weightsIn(outline);
    foreign.maps.push_back({std::nullopt, std::move(*weights->weights)});
    const WeightBlock& block = foreign.maps.front().weights;

    auto left = tokensOf(outline, "left_text"), right = tokensOf(outline, "right_text");
    if (!left) return left.error();
    if (!right) return right.error();
    // The same text on both sides is self-attention.
    if (!left->empty() && !right->empty() && (block.queries != block.keys || left->labels != right->labels))
        foreign.queries = std::move(*left);
    for (const auto key : kTokenKeys) {
        if (!foreign.keys.empty()) break;
        auto tokens = tokensOf(outline, key);
        if (!tokens) return tokens.error();
        foreign.keys = std::move(*tokens);
    }
    if (foreign.keys.empty()) {
        auto beside = tokensBeside(file.path);
        if (!beside) return beside.error();
        foreign.keys = std::move(*beside);
    }
    for (const auto key : {"text", "prompt", "sentence"})
        if (!foreign.keys.text) foreign.keys.text = stringOf(outline, key);
    for (const auto key : {"model_name", "model"})
        if (foreign.modelName.empty()) foreign.modelName = stringOf(outline, key).value_or("");
    for (const JsonMember& member : outline.members)
        if (&member != weights && !isSessionKey(member.key))
            foreign.unknownKeys.emplace_back(member.key, member.raw);
    return foreignSession(std::move(foreign), file.stop);
}

}  // namespace

extern const SessionForm kObjectForm{"JSON object with attention and tokens", &claims, &read};

}  // namespace attnviz
