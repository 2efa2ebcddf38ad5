// attention-viz importance: which tokens matter.
#include "core/analysis/analyses.h"
#include "core/analysis/importance.h"
#include "core/exporting/selected_attention.h"

namespace attnviz {
namespace {

const AnalysisOption kMethod{.name = "method",
                             .kind = AnalysisOption::Kind::choice,
                             .help = "What importance is: the share of attention that comes in, or rollout",
                             .fallback = "incoming",
                             .choices = {"incoming", "rollout"}};
const AnalysisOption kQuery{.name = "query",
                            .help = "Importance for this token alone; negative counts from the end"};

Result<AnalysisResult> runImportance(const AnalysisRequest& request) {
    ImportanceOptions options{.layers = request.layers, .heads = request.heads};
    if (request.options.text("method") == "rollout") options.method = ImportanceMethod::rollout;
    if (const auto query = request.options.integer("query")) options.query = static_cast<int>(*query);
    const auto found = tokenImportance(request.source, options, request.progress, request.stop);
    if (!found) return found.error();

    AnalysisResult result;
    result.document = documentHead(request.run, request.source);
    const auto labels = keyLabels(request.run, request.source);
    result.document.set("method", importanceMethodName(found->method));
    if (found->query) result.document.set("query", *found->query);
    Table table{"importance", {"index", "token", "score"}, {}};
    JsonValue::Array ranking;
    for (const int key : found->ranking) {
        const std::string& token = labels[static_cast<std::size_t>(key)].text;
        const double score = found->scores[static_cast<std::size_t>(key)];
        ranking.push_back(JsonValue::object({{"index", key}, {"token", token}, {"score", score}}));
        table.rows.push_back({key, token, score});
    }
    result.document.set("ranking", std::move(ranking));
    result.text = documentTitle("Token importance", request);
    result.text += found->method == ImportanceMethod::incoming ? "Incoming share" : "Rollout";
    result.text += found->query ? ", of token " + std::to_string(*found->query) : ", of all tokens";
    result.text += "\n\n" + tableText(table);
    result.tables = {std::move(table)};
    return result;
}

}  // namespace

const AnalysisDescriptor kImportanceAnalysis{
    .id = "importance",
    .title = "Token importance",
    .help = "Which tokens matter: ranked by incoming share or rollout",
    .source = "Abnar and Zuidema 2020",
    .options = {kMethod, kQuery},
    .run = &runImportance};

}  // namespace attnviz
