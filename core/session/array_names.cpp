#include "core/session/array_names.h"

#include <algorithm>
#include <utility>

#include "core/base/readable.h"
#include "core/session/foreign_labels.h"
#include "core/session/json_outline.h"

namespace attnviz {
namespace {

constexpr std::pair<AttentionKind, std::string_view> kKinds[] = {{AttentionKind::encoder, "encoder"},
                                                                 {AttentionKind::decoder, "decoder"},
                                                                 {AttentionKind::cross, "cross"}};

bool has(const NamedArrays& arrays, std::string_view name) {
    return std::find(arrays.names.begin(), arrays.names.end(), name) != arrays.names.end();
}

// The maps' names with their kinds.
std::vector<std::pair<std::optional<AttentionKind>, std::string>> mapsIn(const NamedArrays& arrays) {
    for (const auto key : kWeightKeys)
        if (has(arrays, key)) return {{std::nullopt, std::string(key)}};
    std::vector<std::pair<std::optional<AttentionKind>, std::string>> maps;
    for (const auto& [kind, prefix] : kKinds)
        for (const char* rest : {"_attention_weights", "_attentions"}) {
            const std::string name = std::string(prefix) + rest;
            if (!has(arrays, name)) continue;
            maps.emplace_back(kind, name);
            break;
        }
    if (!maps.empty()) return maps;
    for (const auto& name : arrays.names)
        if (arrays.looksLikeWeights(name)) maps.emplace_back(std::nullopt, name);
    if (maps.size() > 1) maps.clear();
    return maps;
}

void takeTokens(const NamedArrays& arrays, std::initializer_list<const char*> texts,
                std::initializer_list<const char*> ids, ForeignTokens& tokens) {
    for (const auto* name : texts)
        if (tokens.labels.empty() && has(arrays, name)) tokens.labels = arrays.texts(name);
    for (const auto* name : ids)
        if (tokens.ids.empty() && has(arrays, name)) tokens.ids = arrays.ids(name);
    if (!tokens.labels.empty() && tokens.ids.size() != tokens.labels.size()) tokens.ids.clear();
}

}  // namespace

Result<ForeignRun> foreignRunFrom(const NamedArrays& arrays, const std::filesystem::path& path) {
    ForeignRun foreign;
    foreign.where = path.string();
    const auto maps = mapsIn(arrays);
    if (maps.empty()) {
        std::string names;
        for (std::size_t i = 0; i < std::min<std::size_t>(arrays.names.size(), 8); ++i)
            names += (i > 0 ? ", " : "") + harmless(arrays.names[i]);
        return unsupported("no array of this file is known to be attention" +
                               (names.empty() ? "" : " (there are: " + names + ")"),
                           path.string(),
                           "Name the array attention_weights; the order is layer, head, query, key.");
    }
    for (const auto& [kind, name] : maps) {
        auto weights = arrays.weights(name);
        if (!weights) return weights.error();
        foreign.maps.push_back({kind, std::move(*weights)});
    }
    takeTokens(arrays, {"tokens", "input_tokens", "encoder_tokens"}, {"input_ids"}, foreign.keys);
    takeTokens(arrays, {"target_tokens", "decoder_tokens"}, {"target_ids", "decoder_input_ids"},
               foreign.queries);
    if (foreign.keys.labels.empty()) {
        auto beside = tokensBeside(path);
        if (!beside) return beside.error();
        if (!beside->empty()) foreign.keys = std::move(*beside);
    }
    return foreign;
}

}  // namespace attnviz
