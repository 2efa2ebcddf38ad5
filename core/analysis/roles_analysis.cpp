// attention-viz roles: what each head does.
#include "core/analysis/analyses.h"
#include "core/analysis/head_roles.h"

namespace attnviz {
namespace {

const AnalysisOption kRoleThreshold{.name = "role-threshold",
                                    .kind = AnalysisOption::Kind::number,
                                    .help = "A head has a role if its best score is above this",
                                    .fallback = "0.5",
                                    .minimum = 0,
                                    .maximum = 1};

Result<AnalysisResult> runRoles(const AnalysisRequest& request) {
    HeadRoleOptions options{.layers = request.layers, .heads = request.heads};
    options.above = request.options.number("role-threshold").value_or(options.above);
    const auto roles = headRoles(request.run, request.source, options, request.progress, request.stop);
    if (!roles) return roles.error();

    AnalysisResult result;
    result.document = documentHead(request.run, request.source);
    Table table{"roles", {"layer", "head", "role"}, {}};
    for (std::size_t score = 0; score < kHeadScores; ++score)
        table.columns.emplace_back(headScoreName(static_cast<HeadScore>(score)));
    JsonValue::Array heads;
    for (const auto& role : *roles) {
        auto scores = JsonValue::object();
        std::vector<JsonValue> row{role.layer, role.head, role.role};
        for (std::size_t score = 0; score < kHeadScores; ++score) {
            scores.set(std::string(headScoreName(static_cast<HeadScore>(score))), role.scores[score]);
            row.emplace_back(role.scores[score]);
        }
        heads.push_back(JsonValue::object({{"layer", role.layer},
                                           {"head", role.head},
                                           {"role", role.role},
                                           {"scores", std::move(scores)}}));
        table.rows.push_back(std::move(row));
    }
    result.document.set("heads", std::move(heads));
    result.text = documentTitle("Head roles", request) + tableText(table);
    result.tables = {std::move(table)};
    return result;
}

}  // namespace

const AnalysisDescriptor kRolesAnalysis{
    .id = "roles",
    .title = "Head roles",
    .help = "What each head does: previous token, sink, induction and others",
    .source = "",
    .options = {kRoleThreshold},
    .run = &runRoles};

}  // namespace attnviz
