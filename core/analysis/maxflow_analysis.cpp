// attention-viz maxflow: what could flow from a token of the top layer to each input token.
#include "core/analysis/analyses.h"
#include "core/analysis/max_flow.h"
#include "core/exporting/selected_attention.h"

namespace attnviz {
namespace {

const AnalysisOption kQuery{
    .name = "query", .help = "The token of the upper layer; negative counts from the end", .fallback = "-1"};
const AnalysisOption kStartLayer{.name = "start-layer",
                                 .help = "The lowest layer that it flows through",
                                 .fallback = "0",
                                 .minimum = 0,
                                 .maximum = 1 << 20};

Result<AnalysisResult> runMaxFlow(const AnalysisRequest& request) {
    RolloutOptions options;
    options.layer = request.layers.back();
    options.heads = request.heads;
    options.startLayer = static_cast<int>(request.options.integer("start-layer").value_or(0));
    const int query =
        static_cast<int>(request.options.integer("query").value_or(request.source.info().queries - 1));
    const auto flow = maxFlow(request.source, query, options, request.progress, request.stop);
    if (!flow) return flow.error();

    AnalysisResult result;
    result.document = documentHead(request.run, request.source);
    result.document.set("query", query);
    result.document.set("flow", JsonValue::arrayOf(*flow));
    result.document.set("layer", options.layer);
    result.document.set("start_layer", options.startLayer);
    const auto labels = keyLabels(request.run, request.source);
    Table table{"maxflow", {"query", "key", "token", "flow"}, {}};
    for (std::size_t key = 0; key < flow->size(); ++key)
        table.rows.push_back({query, static_cast<long>(key), labels[key].text, (*flow)[key]});
    result.text = documentTitle("Attention flow", request) + "From token " + std::to_string(query) +
                  " of layer " + std::to_string(options.layer) + " down to layer " +
                  std::to_string(options.startLayer) + ", shares\n\n" + tableText(table);
    result.tables = {std::move(table)};
    return result;
}

}  // namespace

const AnalysisDescriptor kMaxFlowAnalysis{
    .id = "maxflow",
    .title = "Attention flow",
    .help = "How much could flow from a token of an upper layer to each input token",
    .source = "Abnar and Zuidema 2020",
    .options = {kQuery, kStartLayer},
    .run = &runMaxFlow};

}  // namespace attnviz
