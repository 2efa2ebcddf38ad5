// attention-viz difference: two runs beside one another.
#include <algorithm>
#include <cmath>

#include "core/analysis/analyses.h"
#include "core/analysis/difference.h"

namespace attnviz {
namespace {

constexpr std::size_t kHeadsOnTerminal = 20;

std::string counted(int count, const char* name) {
    return std::to_string(count) + ' ' + name + (count == 1 ? "" : "s");
}

// What the two sides do not share, for a person.
std::string sharedText(const AnalysisRequest& request, const Difference& found) {
    const AttentionInfo& left = request.source.info();
    const AttentionInfo& right = request.otherSource->info();
    std::string text = counted(static_cast<int>(found.alignment.queries.size()), "token") + " of " +
                       std::to_string(left.queries) + " and " + std::to_string(right.queries) +
                       " are aligned; divergences are of rows renormalized over aligned keys\n";
    if (left.layers != right.layers || left.heads != right.heads)
        text += "Left has " + counted(left.layers, "layer") + " of " + counted(left.heads, "head") +
                ", right " + counted(right.layers, "layer") + " of " + counted(right.heads, "head") +
                ": those of the same number are compared\n";
    return text;
}

std::string headsText(const Difference& found) {
    std::vector<HeadDifference> heads = found.heads;
    std::erase_if(heads, [](const HeadDifference& head) { return std::isnan(head.divergence); });
    std::stable_sort(heads.begin(), heads.end(), [](const HeadDifference& a, const HeadDifference& b) {
        return a.divergence > b.divergence;
    });
    heads.resize(std::min(heads.size(), kHeadsOnTerminal));
    if (heads.empty()) return {};
    Table table{"heads", {"layer", "head", "cosine", "js_divergence"}, {}};
    for (const auto& head : heads)
        table.rows.push_back({head.layer, head.head, head.cosine, head.divergence});
    return "\nThe heads that differ most\n\n" + tableText(table);
}

Result<AnalysisResult> runDifference(const AnalysisRequest& request) {
    const auto found =
        difference({request.run, request.source}, {*request.otherRun, *request.otherSource},
                   {.layers = request.layers, .heads = request.heads}, request.progress, request.stop);
    if (!found) return found.error();

    AnalysisResult result;
    result.document = documentHead(request.run, request.source);
    result.document.set("left", documentHead(request.run, request.source));
    result.document.set("right", documentHead(*request.otherRun, *request.otherSource));
    const auto pairs = [](const std::vector<TokenPair>& alignment) {
        JsonValue::Array list;
        for (const auto& pair : alignment) list.push_back(JsonValue::array({pair.left, pair.right}));
        return list;
    };
    result.document.set("alignment", pairs(found->alignment.queries));
    if (request.source.info().kind == AttentionKind::cross)
        result.document.set("key_alignment", pairs(found->alignment.keys));
    JsonValue::Array layers, heads;
    Table table{"difference", {"layer", "head", "cosine", "js_divergence", "cosine_cropped"}, {}};
    Table summary{"layers", {"layer", "cosine", "js_divergence", "cosine_cropped"}, {}};
    for (const auto& layer : found->layers) {
        layers.push_back(JsonValue::object({{"layer", layer.layer},
                                            {"cosine", layer.cosine},
                                            {"js_divergence", layer.divergence},
                                            {"cosine_cropped", layer.croppedCosine}}));
        summary.rows.push_back({layer.layer, layer.cosine, layer.divergence, layer.croppedCosine});
        table.rows.push_back({layer.layer, nullptr, layer.cosine, layer.divergence, layer.croppedCosine});
    }
    for (const auto& head : found->heads) {
        heads.push_back(JsonValue::object({{"layer", head.layer},
                                           {"head", head.head},
                                           {"cosine", head.cosine},
                                           {"js_divergence", head.divergence}}));
        table.rows.push_back({head.layer, head.head, head.cosine, head.divergence, nullptr});
    }
    result.document.set("layers", std::move(layers));
    result.document.set("heads", std::move(heads));
    AnalysisRequest other{.run = *request.otherRun,
                          .source = *request.otherSource,
                          .options = {},
                          .layers = {},
                          .heads = {},
                          .progress = {},
                          .stop = {}};
    result.text = documentTitle("Left", request) + documentTitle("Right", other) +
                  sharedText(request, *found) + '\n' + tableText(summary) + headsText(*found);
    result.tables = {std::move(table)};
    return result;
}

}  // namespace

const AnalysisDescriptor kDifferenceAnalysis{
    .id = "difference",
    .title = "Difference",
    .help = "Two texts or models beside one another: how alike each layer and head is",
    .source = "Lin 1991",
    .options = {},
    .comparesTwo = true,
    .run = &runDifference};

}  // namespace attnviz
