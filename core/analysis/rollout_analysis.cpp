// attention-viz rollout: attention through all layers at once.
#include <algorithm>

#include "core/analysis/analyses.h"
#include "core/analysis/rollout.h"

namespace attnviz {
namespace {

// A document of numbers as text: above this many tokens it helps nobody, and takes gigabytes.
constexpr int kMatrixTokens = 2048;

const AnalysisOption kQuery{.name = "query", .help = "One token's row alone; negative counts from the end"};
const AnalysisOption kStartLayer{.name = "start-layer",
                                 .help = "The layer where the product begins",
                                 .fallback = "0",
                                 .minimum = 0,
                                 .maximum = 1 << 20};
const AnalysisOption kDiscard{
    .name = "discard",
    .kind = AnalysisOption::Kind::number,
    .help = "Fraction of each row's keys to drop, lowest first, never the first key",
    .fallback = "0",
    .minimum = 0,
    .maximum = 1};

std::string labelOf(const TokenizedText& side, std::size_t index, int count) {
    return side.tokens.size() == static_cast<std::size_t>(count) ? side.tokens[index].text
                                                                 : std::to_string(index);
}

AnalysisResult rowResult(const AnalysisRequest& request, const RolloutOptions& options, int query,
                         const std::vector<double>& row) {
    AnalysisResult result;
    result.document = documentHead(request.run, request.source);
    result.document.set("layer", options.layer);
    result.document.set("query", query);
    result.document.set("row", JsonValue::arrayOf(row));
    Table table{"rollout", {"layer", "query", "key", "token", "weight"}, {}};
    for (std::size_t key = 0; key < row.size(); ++key)
        table.rows.push_back({options.layer, query, static_cast<long>(key),
                              labelOf(request.run.keysOf(request.source), key, request.source.info().keys),
                              row[key]});
    result.text = documentTitle("Attention rollout", request) + tableText(table);
    result.tables = {std::move(table)};
    return result;
}

AnalysisResult matrixResult(const AnalysisRequest& request, const RolloutOptions& options,
                            const FloatMatrix& matrix) {
    AnalysisResult result;
    result.document = documentHead(request.run, request.source);
    result.document.set("layer", options.layer);
    JsonValue::Array rows;
    Table table{"rollout", {"layer", "query", "key", "weight"}, {}};
    // For a terminal: the keys that a token draws most from.
    Table strongest{"strongest", {"query", "token", "key", "from", "weight"}, {}};
    const auto columns = static_cast<std::size_t>(matrix.columns);
    const int count = request.source.info().queries;
    for (std::size_t query = 0; query < static_cast<std::size_t>(matrix.rows); ++query) {
        const auto row = std::span(matrix.values).subspan(query * columns, columns);
        rows.push_back(JsonValue::arrayOf(row));
        for (std::size_t key = 0; key < columns; ++key)
            table.rows.push_back({options.layer, static_cast<long>(query), static_cast<long>(key), row[key]});
        const auto best = static_cast<std::size_t>(std::max_element(row.begin(), row.end()) - row.begin());
        strongest.rows.push_back(
            {static_cast<long>(query), labelOf(request.run.queriesOf(request.source), query, count),
             static_cast<long>(best), labelOf(request.run.keysOf(request.source), best, count), row[best]});
    }
    result.document.set("matrix", std::move(rows));
    result.text = documentTitle("Attention rollout", request) + "Layers " +
                  std::to_string(options.startLayer) + " to " + std::to_string(options.layer) +
                  ": the key that each token draws most from\n\n" + tableText(strongest);
    result.tables = {std::move(table)};
    return result;
}

Result<AnalysisResult> runRollout(const AnalysisRequest& request) {
    RolloutOptions options;
    options.layer = request.layers.back();
    options.heads = request.heads;
    options.startLayer = static_cast<int>(request.options.integer("start-layer").value_or(0));
    options.discard = request.options.number("discard").value_or(0);
    if (const auto query = request.options.integer("query")) {
        const int index = static_cast<int>(*query);
        const auto row = rolloutRow(request.source, index, options, request.progress, request.stop);
        if (!row) return row.error();
        return rowResult(request, options, index, *row);
    }
    if (request.source.info().queries > kMatrixTokens)
        return badInput("the whole rollout matrix of " + std::to_string(request.source.info().queries) +
                            " tokens is too much to write as text",
                        {},
                        "Choose a token with --query; up to " + std::to_string(kMatrixTokens) +
                            " tokens the whole matrix is written");
    const auto matrix = rollout(request.source, options, request.progress, request.stop);
    if (!matrix) return matrix.error();
    return matrixResult(request, options, *matrix);
}

}  // namespace

const AnalysisDescriptor kRolloutAnalysis{
    .id = "rollout",
    .title = "Attention rollout",
    .help = "Where tokens of an upper layer draw from, through all layers below",
    .source = "Abnar and Zuidema 2020",
    .options = {kQuery, kStartLayer, kDiscard},
    .run = &runRollout};

}  // namespace attnviz
