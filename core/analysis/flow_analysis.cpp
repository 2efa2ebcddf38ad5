// attention-viz flow: who receives and who is focused in each layer, and the links between tokens.
#include <algorithm>

#include "core/analysis/analyses.h"
#include "core/analysis/flow.h"

namespace attnviz {
namespace {

const AnalysisOption kLinksPerRow{.name = "k",
                                  .help = "Links of a token in a layer, the strongest",
                                  .fallback = "3",
                                  .minimum = 1,
                                  .maximum = 64};
const AnalysisOption kEdgeThreshold{.name = "edge-threshold",
                                    .kind = AnalysisOption::Kind::number,
                                    .help = "No link below this weight",
                                    .fallback = "0",
                                    .minimum = 0,
                                    .maximum = 1};
const AnalysisOption kEdgeMass{.name = "edge-mass",
                               .kind = AnalysisOption::Kind::number,
                               .help = "Links of a token until they carry this share of its row",
                               .fallback = "1",
                               .minimum = 0,
                               .maximum = 1};

JsonValue labelOf(const TokenizedText& side, int index, int count) {
    if (index >= count) return {};
    if (side.tokens.size() != static_cast<std::size_t>(count)) return std::to_string(index);
    return side.tokens[static_cast<std::size_t>(index)].text;
}

bool contains(const std::vector<int>& indices, int index) {
    return std::find(indices.begin(), indices.end(), index) != indices.end();
}

// "0 The 0.86, 3 fox 0.12"
std::string ranked(const std::vector<int>& indices, const std::vector<double>& values,
                   const TokenizedText& side) {
    std::string text;
    for (const int index : indices) {
        const auto at = static_cast<std::size_t>(index);
        std::string value = std::to_string(values[at]);
        value.resize(std::min<std::size_t>(value.size(), 5));
        text += (text.empty() ? "" : ", ") + std::to_string(index);
        if (side.tokens.size() == values.size()) text += " " + side.tokens[at].text;
        text += " " + value;
    }
    return text;
}

JsonValue linkDocuments(const std::vector<FlowLink>& links) {
    JsonValue::Array documents;
    for (const auto& link : links)
        documents.push_back(JsonValue::object(
            {{"layer", link.layer}, {"query", link.query}, {"key", link.key}, {"weight", link.weight}}));
    return documents;
}

Result<AnalysisResult> runFlow(const AnalysisRequest& request) {
    LinkOptions options{.layers = request.layers, .heads = request.heads};
    options.perRow = static_cast<int>(request.options.integer("k").value_or(options.perRow));
    options.atLeast = request.options.number("edge-threshold").value_or(options.atLeast);
    options.mass = request.options.number("edge-mass").value_or(options.mass);
    const AttentionInfo& info = request.source.info();
    const auto& queries = request.run.queriesOf(request.source);
    const auto& keys = request.run.keysOf(request.source);

    // One row a token: as a key it receives, as a query it is focused. Where they differ both are labelled.
    Table tokens{"flow",
                 {"layer", "index", "key_token", "incoming", "incoming_share", "global_hub", "query_token",
                  "focus", "focused"},
                 {}};
    Table strongest{"layers", {"layer", "receive most of those who see them", "most focused"}, {}};
    JsonValue::Array layers;
    for (const int layer : request.layers) {
        if (request.stop.stop_requested()) return cancelled();
        const LayerFlow flow = layerFlow(request.source, layer, request.heads);
        layers.push_back(JsonValue::object({{"layer", layer},
                                            {"incoming", JsonValue::arrayOf(flow.incoming)},
                                            {"incoming_share", JsonValue::arrayOf(flow.incomingShare)},
                                            {"focus", JsonValue::arrayOf(flow.focus)},
                                            {"global_hubs", JsonValue::arrayOf(flow.globalHubs)},
                                            {"focused", JsonValue::arrayOf(flow.focused)}}));
        for (int index = 0; index < std::max(info.queries, info.keys); ++index) {
            const auto at = static_cast<std::size_t>(index);
            const bool key = index < info.keys, query = index < info.queries;
            tokens.rows.push_back({layer, index, labelOf(keys, index, info.keys),
                                   key ? JsonValue(flow.incoming[at]) : JsonValue(),
                                   key ? JsonValue(flow.incomingShare[at]) : JsonValue(),
                                   key ? JsonValue(contains(flow.globalHubs, index)) : JsonValue(),
                                   labelOf(queries, index, info.queries),
                                   query ? JsonValue(flow.focus[at]) : JsonValue(),
                                   query ? JsonValue(contains(flow.focused, index)) : JsonValue()});
        }
        strongest.rows.push_back(
            {layer, ranked(flow.hubs, flow.incomingShare, keys), ranked(flow.focused, flow.focus, queries)});
    }
    const auto links = flowLinks(request.source, options, request.progress, request.stop);
    if (!links) return links.error();
    Table linkTable{"links", {"layer", "query", "key", "weight"}, {}};
    for (const auto& link : *links) linkTable.rows.push_back({link.layer, link.query, link.key, link.weight});

    AnalysisResult result;
    result.document = documentHead(request.run, request.source);
    result.document.set("layers", std::move(layers));
    result.document.set("links", linkDocuments(*links));
    result.text = documentTitle("Attention flow", request) + tableText(strongest);
    result.tables = {std::move(tokens), std::move(linkTable)};
    return result;
}

}  // namespace

const AnalysisDescriptor kFlowAnalysis{
    .id = "flow",
    .title = "Flow",
    .help = "Tokens that receive and tokens that are focused, and their links",
    .source = "",
    .options = {kLinksPerRow, kEdgeThreshold, kEdgeMass},
    .run = &runFlow};

}  // namespace attnviz
