// attention-viz similarity: how alike layers or heads are.
#include <algorithm>

#include "core/analysis/analyses.h"
#include "core/analysis/similarity.h"

namespace attnviz {
namespace {

constexpr std::size_t kMostItems = 2048;  // four million numbers as text
constexpr std::size_t kMatrixOnTerminal = 16, kPairsOnTerminal = 20;

const AnalysisOption kBetween{.name = "between",
                              .kind = AnalysisOption::Kind::choice,
                              .help = "What is compared",
                              .fallback = "layers",
                              .choices = {"layers", "heads"}};
const AnalysisOption kMetric{.name = "metric",
                             .kind = AnalysisOption::Kind::choice,
                             .help =
                                 "cosine of the maps, or js: the mean Jensen-Shannon divergence of their "
                                 "rows in nats, 0 for the same",
                             .fallback = "cosine",
                             .choices = {"cosine", "js"}};

std::string matrixText(const Similarity& found) {
    Table table{"similarity", {found.betweenHeads ? "head" : "layer"}, {}};
    for (std::size_t item = 0; item < found.items.size(); ++item) table.columns.push_back(found.label(item));
    for (std::size_t left = 0; left < found.items.size(); ++left) {
        std::vector<JsonValue> row{found.label(left)};
        for (std::size_t right = 0; right < found.items.size(); ++right)
            row.emplace_back(found.at(left, right));
        table.rows.push_back(std::move(row));
    }
    return tableText(table);
}

std::string nearestText(const Similarity& found) {
    struct Pair {
        std::size_t left = 0, right = 0;
        double value = 0;
    };
    std::vector<Pair> pairs;
    for (std::size_t left = 0; left < found.items.size(); ++left)
        for (std::size_t right = left + 1; right < found.items.size(); ++right)
            if (found.at(left, right) == found.at(left, right))  // not NaN
                pairs.push_back({left, right, found.at(left, right)});
    const bool largest = found.metric == SimilarityMetric::cosine;
    std::stable_sort(pairs.begin(), pairs.end(), [&](const Pair& a, const Pair& b) {
        return largest ? a.value > b.value : a.value < b.value;
    });
    pairs.resize(std::min(pairs.size(), kPairsOnTerminal));
    const std::string what = found.betweenHeads ? "head" : "layer";
    Table table{"pairs", {what, "other " + what, std::string(similarityMetricName(found.metric))}, {}};
    for (const auto& pair : pairs)
        table.rows.push_back({found.label(pair.left), found.label(pair.right), pair.value});
    return "The pairs that are most alike\n\n" + tableText(table);
}

Result<AnalysisResult> runSimilarity(const AnalysisRequest& request) {
    SimilarityOptions options{.layers = request.layers, .heads = request.heads};
    options.betweenHeads = request.options.text("between") == "heads";
    if (request.options.text("metric") == "js") options.metric = SimilarityMetric::jensenShannon;
    const std::size_t items = request.layers.size() * (options.betweenHeads ? request.heads.size() : 1);
    if (items > kMostItems)
        return badInput(
            "the similarities of " + std::to_string(items) + " heads are too much to write as text", {},
            "Choose layers or heads, " + std::to_string(kMostItems) + " heads at most");
    const auto found = similarity(request.source, options, request.progress, request.stop);
    if (!found) return found.error();

    AnalysisResult result;
    result.document = documentHead(request.run, request.source);
    const std::string between = options.betweenHeads ? "heads" : "layers";
    const std::string metric(similarityMetricName(found->metric));
    result.document.set("between", between);
    result.document.set("metric", metric);
    JsonValue::Array labels, matrix;
    Table table{"similarity", {"between", "metric", "row", "column", "value"}, {}};
    for (std::size_t left = 0; left < items; ++left) {
        labels.emplace_back(found->label(left));
        JsonValue::Array row;
        for (std::size_t right = 0; right < items; ++right) {
            row.emplace_back(found->at(left, right));
            table.rows.push_back({between, metric, found->label(left), found->label(right), row.back()});
        }
        matrix.emplace_back(std::move(row));
    }
    result.document.set("labels", std::move(labels));
    result.document.set("matrix", std::move(matrix));
    if (found->metric == SimilarityMetric::jensenShannon) {
        result.document.set("rows_compared", found->rows);
        result.document.set("rows_of_text", found->rowsOfText);
    }
    result.text = documentTitle("Similarity of " + between, request);
    result.text += found->metric == SimilarityMetric::cosine
                       ? "Cosine of the maps\n"
                       : "Mean Jensen-Shannon divergence of the rows, nats\n";
    if (found->sampled())
        result.text += "Sampled: " + std::to_string(found->rows) + " of " +
                       std::to_string(found->rowsOfText) + " rows were compared\n";
    result.text += '\n' + (items <= kMatrixOnTerminal ? matrixText(*found) : nearestText(*found));
    result.tables = {std::move(table)};
    return result;
}

}  // namespace

const AnalysisDescriptor kSimilarityAnalysis{
    .id = "similarity",
    .title = "Similarity",
    .help = "How alike layers or heads are: every pair, by cosine or divergence",
    .source = "Lin 1991",
    .options = {kBetween, kMetric},
    .run = &runSimilarity};

}  // namespace attnviz
