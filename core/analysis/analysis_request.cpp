// What stands between a request and its analysis: every option, layer and head checked, with the allowed
// values in the sentence that refuses.
#include <algorithm>

#include "core/analysis/analysis.h"
#include "core/base/json_value.h"

namespace attnviz {
namespace {

std::string plain(double value) {
    return value == static_cast<double>(static_cast<std::int64_t>(value))
               ? std::to_string(static_cast<std::int64_t>(value))
               : JsonValue(value).toText(0);
}

std::string range(double minimum, double maximum) {
    const bool above = minimum > -1e15, below = maximum < 1e15;
    if (above && below) return "from " + plain(minimum) + " to " + plain(maximum);
    if (above) return "of " + plain(minimum) + " or more";
    return below ? "of " + plain(maximum) + " or less" : "";
}

template <class Items>
std::string listed(const Items& items) {
    std::string text;
    for (const auto& item : items) text += (text.empty() ? "" : ", ") + std::string(item);
    return text;
}

Error wrongValue(const AnalysisOption& option, const std::string& value, std::string allowed) {
    return badInput("'" + value + "' is no value of --" + std::string(option.name), {},
                    "Give " + std::move(allowed));
}

// The value as the analysis shall see it.
Result<std::string> checkedValue(const AnalysisOption& option, const std::string& value,
                                 const AnalysisOptions& options, const AttentionInfo& info) {
    switch (option.kind) {
        case AnalysisOption::Kind::integer: {
            const auto number = options.integer(option.name);
            if (option.name == "query") {
                if (!number || *number < -info.queries || *number >= info.queries)
                    return wrongValue(option, value,
                                      "a token from 0 to " + std::to_string(info.queries - 1) +
                                          ", or from the end, -1 to -" + std::to_string(info.queries));
                return std::to_string(*number < 0 ? *number + info.queries : *number);
            }
            const auto given = number ? static_cast<double>(*number) : 0.0;
            if (!number || given < option.minimum || given > option.maximum)
                return wrongValue(option, value, "a whole number " + range(option.minimum, option.maximum));
            return value;
        }
        case AnalysisOption::Kind::number: {
            const auto number = options.number(option.name);
            if (!number || *number < option.minimum || *number > option.maximum)
                return wrongValue(option, value, "a number " + range(option.minimum, option.maximum));
            return value;
        }
        case AnalysisOption::Kind::choice:
            if (std::find(option.choices.begin(), option.choices.end(), value) == option.choices.end())
                return wrongValue(option, value, "one of " + listed(option.choices));
            return value;
        case AnalysisOption::Kind::flag:
            if (value != "true" && value != "false") return wrongValue(option, value, "true or false");
            return value;
        case AnalysisOption::Kind::text:
            break;
    }
    return value;
}

Result<AnalysisOptions> checkedOptions(const AnalysisDescriptor& analysis, const AnalysisRequest& request) {
    for (const auto& given : request.options.values()) {
        const auto& name = given.first;
        const auto known = [&](const AnalysisOption& option) { return option.name == name; };
        if (std::none_of(analysis.options.begin(), analysis.options.end(), known)) {
            std::vector<std::string> names;
            for (const auto& option : analysis.options) names.push_back("--" + std::string(option.name));
            return badInput("'" + std::string(analysis.id) + "' has no option --" + name, {},
                            names.empty() ? "It has none" : "It has " + listed(names));
        }
    }
    AnalysisOptions checked;
    for (const auto& option : analysis.options) {
        AnalysisOptions one = request.options;
        if (!one.text(option.name)) {
            if (option.fallback.empty()) continue;
            one.set(std::string(option.name), std::string(option.fallback));
        }
        auto value = checkedValue(option, *one.text(option.name), one, request.source.info());
        if (!value) return value.error();
        checked.set(std::string(option.name), std::move(*value));
    }
    return checked;
}

Result<std::vector<int>> checkedIndices(const std::vector<int>& given, int count, const std::string& what) {
    std::vector<int> indices;
    for (const int index : given) {
        if (index < -count || index >= count)
            return badInput(what + " " + std::to_string(index) + " is not there", {},
                            "This attention has " + what + "s 0 to " + std::to_string(count - 1));
        indices.push_back(index < 0 ? index + count : index);
    }
    if (given.empty())
        for (int index = 0; index < count; ++index) indices.push_back(index);
    std::sort(indices.begin(), indices.end());
    indices.erase(std::unique(indices.begin(), indices.end()), indices.end());
    return indices;
}

}  // namespace

Result<AnalysisRequest> checkedRequest(const AnalysisDescriptor& analysis, const AnalysisRequest& request) {
    const AttentionInfo& info = request.source.info();
    const int layers = std::min(info.layers, request.source.layersReady());
    if (layers < 1 || info.heads < 1 || info.queries < 1 || info.keys < 1)
        return badInput("there is no attention to analyse: the run has no layer, head or token", {},
                        "Run a text of at least one token first");
    AnalysisRequest checked = request;
    auto options = checkedOptions(analysis, request);
    if (!options) return options.error();
    auto chosenLayers = checkedIndices(request.layers, layers, "layer");
    if (!chosenLayers) return chosenLayers.error();
    auto chosenHeads = checkedIndices(request.heads, info.heads, "head");
    if (!chosenHeads) return chosenHeads.error();
    checked.options = std::move(*options);
    checked.layers = std::move(*chosenLayers);
    checked.heads = std::move(*chosenHeads);
    if (analysis.comparesTwo && !(request.otherRun && request.otherSource))
        return badInput("'" + std::string(analysis.id) + "' compares two runs, and the other one is missing",
                        {}, "Give --with-text, --with-model or --with-session");
    return checked;
}

Result<AnalysisResult> runAnalysis(const AnalysisDescriptor& analysis, const AnalysisRequest& request) {
    const auto checked = checkedRequest(analysis, request);
    if (!checked) return checked.error();
    if (request.stop.stop_requested()) return cancelled();
    return analysis.run(*checked);
}

}  // namespace attnviz
