#include "core/session/session_members.h"

#include <algorithm>
#include <utility>

#include "core/session/session_encoding.h"
#include "core/session/weight_block.h"

namespace attnviz {
namespace {

// Reads an object's members; `member(key)` returns false on an error. Unknown keys are passed over.
template <class Member>
bool eachMember(JsonScanner& scanner, Member member) {
    std::string key;
    if (!scanner.enterObject()) return false;
    while (scanner.nextMember(key))
        if (!member(key)) return false;
    return !scanner.failed();
}

template <class Item>
bool eachItem(JsonScanner& scanner, Item item) {
    if (!scanner.enterArray()) return false;
    for (std::int64_t count = 0; scanner.nextItem(); ++count) {
        if (count >= kMostTokens) return scanner.fail("more than a million items in one list");
        if (!item()) return false;
    }
    return !scanner.failed();
}

bool integerBetween(JsonScanner& scanner, std::string_view name, std::int64_t least, std::int64_t most,
                    std::int64_t& out) {
    if (!scanner.readInteger(out)) return false;
    if (out >= least && out <= most) return true;
    return scanner.fail("\"" + std::string(name) + "\" is " + std::to_string(out) + ", not between " +
                        std::to_string(least) + " and " + std::to_string(most));
}

bool textOrNull(JsonScanner& scanner, std::string& out) {
    return scanner.peek() == JsonKind::null ? scanner.readNull() : scanner.readString(out);
}

bool readToken(JsonScanner& scanner, Token& token) {
    constexpr std::int64_t kMostBytes = std::int64_t{1} << 40U;
    std::int64_t begin = 0, end = 0, segment = 0;
    const bool read = eachMember(scanner, [&](std::string_view key) {
        if (key == "id") return scanner.readInteger(token.id);
        if (key == "text") return scanner.readString(token.text);
        if (key == "begin") return integerBetween(scanner, key, 0, kMostBytes, begin);
        if (key == "end") return integerBetween(scanner, key, 0, kMostBytes, end);
        if (key == "special") return scanner.readBool(token.special);
        if (key == "segment") return integerBetween(scanner, key, 0, 255, segment);
        return scanner.skip();
    });
    token.piece = token.text;
    token.begin = static_cast<std::size_t>(begin);
    token.end = static_cast<std::size_t>(end);
    token.segment = static_cast<int>(segment);
    return read;
}

// A token's bytes lie inside its text.
bool checkOffsets(JsonScanner& scanner, const std::string& name, const TokenizedText& text) {
    for (std::size_t i = 0; i < text.tokens.size(); ++i) {
        const Token& token = text.tokens[i];
        // Segments beyond the texts are token type ids that were given for a single text.
        const std::size_t size =
            text.texts[std::min(static_cast<std::size_t>(token.segment), text.texts.size() - 1)].size();
        if (token.begin <= token.end && token.end <= size) continue;
        return scanner.fail("token " + std::to_string(i) + " of \"" + name + "\" covers the bytes " +
                            std::to_string(token.begin) + " to " + std::to_string(token.end) +
                            " of a text that has " + std::to_string(size));
    }
    return true;
}

bool readSequence(JsonScanner& scanner, const std::string& name, SequenceEntry& entry) {
    TokenizedText& text = entry.text;
    std::string single;
    std::int64_t generated = 0;
    const bool read = eachMember(scanner, [&](std::string_view key) {
        if (key == "text") return scanner.readString(single);
        if (key == "texts") return readLabels(scanner, text.texts);
        if (key == "tokens")
            return eachItem(scanner, [&] { return readToken(scanner, text.tokens.emplace_back()); });
        if (key == "generated") return integerBetween(scanner, key, 0, kMostTokens, generated);
        return scanner.skip();
    });
    if (text.texts.empty()) text.texts.push_back(std::move(single));
    entry.generated = static_cast<int>(generated);
    if (read && generated > static_cast<std::int64_t>(text.tokens.size()))
        return scanner.fail("\"generated\" of \"" + name + "\" is " + std::to_string(generated) +
                            ", but there are " + std::to_string(text.tokens.size()) + " tokens");
    return read;
}

bool readSide(JsonScanner& scanner, std::string_view name, int& side) {
    if (scanner.peek() == JsonKind::null) return scanner.readNull();
    std::int64_t keys = 0;
    if (!integerBetween(scanner, name, 0, kMostTokens, keys)) return false;
    side = static_cast<int>(keys);
    return true;
}

bool readWindow(JsonScanner& scanner, Window& window) {
    return eachMember(scanner, [&](std::string_view key) {
        if (key == "left") return readSide(scanner, key, window.before);
        if (key == "right") return readSide(scanner, key, window.after);
        return scanner.skip();
    });
}

bool readKind(JsonScanner& scanner, AttentionKind& kind) {
    std::string name;
    if (!scanner.readString(name)) return false;
    for (const auto known : {AttentionKind::encoder, AttentionKind::decoder, AttentionKind::cross}) {
        if (name != attentionKindName(known)) continue;
        kind = known;
        return true;
    }
    return scanner.fail("\"kind\" is \"" + name + "\", not encoder, decoder or cross");
}

bool readEntry(JsonScanner& scanner, AttentionEntry& entry) {
    bool hasKind = false, hasEncoding = false;
    const bool read = eachMember(scanner, [&](std::string_view key) {
        if (key == "kind") return hasKind = true, readKind(scanner, entry.kind);
        if (key == "queries") return scanner.readString(entry.queries);
        if (key == "keys") return scanner.readString(entry.keys);
        if (key == "causal") return scanner.readBool(entry.causal);
        if (key == "layers") return integerBetween(scanner, key, 1, kMostLayers, entry.layers);
        if (key == "heads") return integerBetween(scanner, key, 1, kMostHeads, entry.heads);
        if (key == "kv_heads") return integerBetween(scanner, key, 1, kMostHeads, entry.keyValueHeads);
        if (key == "weights") return scanner.skip(&entry.weights);
        if (key == "data") return scanner.skip(&entry.data);
        if (key == "window") {
            if (scanner.peek() == JsonKind::null) return scanner.readNull();
            return eachItem(scanner, [&] { return readWindow(scanner, entry.windows.emplace_back()); });
        }
        if (key == "masked_keys") {
            if (scanner.peek() == JsonKind::null) return scanner.readNull();
            return eachItem(scanner, [&] {
                std::int64_t masked = 0;
                if (!integerBetween(scanner, key, 0, kMostTokens, masked)) return false;
                entry.maskedKeys.push_back(static_cast<int>(masked));
                return true;
            });
        }
        if (key == "encoding") {
            std::string name;
            if (!scanner.readString(name)) return false;
            const auto encoding = sessionEncodingFromName(name);
            if (!encoding) return scanner.fail("the encoding \"" + name + "\" is not known");
            entry.encoding = *encoding;
            return hasEncoding = true;
        }
        return scanner.skip();
    });
    if (!read) return false;
    for (const auto& [present, name] : {std::pair{hasKind, "kind"},
                                        {hasEncoding, "encoding"},
                                        {entry.layers > 0, "layers"},
                                        {entry.heads > 0, "heads"}})
        if (!present)
            return scanner.fail(std::string("the attention that ends here has no \"") + name + "\"");
    if (entry.keyValueHeads == 0) entry.keyValueHeads = entry.heads;
    if (entry.heads % entry.keyValueHeads != 0)
        return scanner.fail(std::to_string(entry.heads) + " heads cannot share " +
                            std::to_string(entry.keyValueHeads) + " key-value heads");
    if (!entry.windows.empty() && static_cast<std::int64_t>(entry.windows.size()) != entry.layers)
        return scanner.fail("\"window\" has " + std::to_string(entry.windows.size()) + " entries for " +
                            std::to_string(entry.layers) + " layers");
    return true;
}

}  // namespace

bool readLabels(JsonScanner& scanner, std::vector<std::string>& labels) {
    labels.clear();
    return eachItem(scanner, [&] { return scanner.readString(labels.emplace_back()); });
}

bool readSequences(JsonScanner& scanner, std::map<std::string, SequenceEntry, std::less<>>& sequences) {
    return eachMember(scanner, [&](const std::string& name) {
        SequenceEntry& entry = sequences[name];
        return readSequence(scanner, name, entry) && checkOffsets(scanner, name, entry.text);
    });
}

bool readAttentions(JsonScanner& scanner, std::vector<AttentionEntry>& entries) {
    return eachItem(scanner, [&] {
        if (entries.size() == 3) return scanner.fail("more than three kinds of attention");
        AttentionEntry entry;
        if (!readEntry(scanner, entry)) return false;
        for (const auto& other : entries)
            if (other.kind == entry.kind)
                return scanner.fail("the kind \"" + std::string(attentionKindName(entry.kind)) +
                                    "\" appears twice");
        entries.push_back(std::move(entry));
        return true;
    });
}

bool readModel(JsonScanner& scanner, RunModel& model) {
    if (scanner.peek() == JsonKind::null) return scanner.readNull();
    return eachMember(scanner, [&](std::string_view key) {
        if (key == "name") return textOrNull(scanner, model.name);
        if (key == "family") return textOrNull(scanner, model.family);
        if (key == "weights_sha256") return textOrNull(scanner, model.weightsSha256);
        if (key == "dtype") return textOrNull(scanner, model.dtype);
        if (key == "config" && scanner.peek() != JsonKind::null) {
            std::string_view raw;
            if (!scanner.skip(&raw)) return false;
            model.configJson = raw;
            return true;
        }
        return scanner.skip();
    });
}

bool readPredictions(JsonScanner& scanner, std::vector<Prediction>& predictions) {
    if (scanner.peek() == JsonKind::null) return scanner.readNull();
    return eachItem(scanner, [&] {
        Prediction prediction;
        const bool read = eachMember(scanner, [&](std::string_view key) {
            if (key == "position") {
                std::int64_t position = 0;
                if (!integerBetween(scanner, key, 0, kMostTokens, position)) return false;
                prediction.position = static_cast<int>(position);
                return true;
            }
            if (key != "top") return scanner.skip();
            return eachItem(scanner, [&] {
                PredictedToken& token = prediction.top.emplace_back();
                return eachMember(scanner, [&](std::string_view part) {
                    if (part == "id") return scanner.readInteger(token.id);
                    if (part == "text") return scanner.readString(token.text);
                    if (part == "probability") return scanner.readNumber(token.probability);
                    return scanner.skip();
                });
            });
        });
        predictions.push_back(std::move(prediction));
        return read;
    });
}

}  // namespace attnviz
