// attention-viz predict: which token comes next, or stands at a position of a masked model.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <sstream>

#include "core/analysis/analyses.h"
#include "core/model/engine.h"

namespace attnviz {
namespace {

constexpr int kMostTokens = 1000;

const AnalysisOption kPosition{.name = "position",
                               .kind = AnalysisOption::Kind::text,
                               .help = "Tokens to predict after, or at for a masked model: 0,3,-1",
                               .fallback = "-1"};
const AnalysisOption kCount{.name = "k",
                            .help = "How many tokens, the likeliest first",
                            .fallback = "10",
                            .minimum = 1,
                            .maximum = kMostTokens};

Result<std::vector<int>> positionsOf(const AnalysisOptions& options) {
    std::string list = options.text("position").value_or("-1");
    std::replace(list.begin(), list.end(), ',', ' ');
    std::istringstream words(list);
    std::vector<int> positions;
    for (std::string word; words >> word;) {
        int position = 0;
        const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), position);
        if (error != std::errc{} || end != word.data() + word.size())
            return badInput("'" + word + "' is no position", "--position",
                            "Give indices of tokens, 0,3 or -1 for the last");
        positions.push_back(position);
    }
    if (positions.empty())
        return badInput("the list is empty", "--position", "Give indices of tokens, 0,3 or -1 for the last");
    return positions;
}

// Before options are checked: what is no number is left to the check.
Result<void> predictWishes(const AnalysisOptions& options, RunOptions& run) {
    auto positions = positionsOf(options);
    if (!positions) return positions.error();
    run.predictAt = std::move(*positions);
    run.predictions =
        static_cast<int>(std::clamp<std::int64_t>(options.integer("k").value_or(10), 1, kMostTokens));
    return {};
}

// From logits that a run kept; tokens have no names there.
Prediction fromLogits(const FloatMatrix& logits, int position, std::size_t count) {
    const auto columns = static_cast<std::size_t>(logits.columns);
    const auto row = std::span(logits.values).subspan(static_cast<std::size_t>(position) * columns, columns);
    std::vector<std::size_t> order(columns);
    for (std::size_t id = 0; id < columns; ++id) order[id] = id;
    count = std::min(count, columns);
    std::partial_sort(
        order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count), order.end(),
        [&](std::size_t a, std::size_t b) { return row[a] != row[b] ? row[a] > row[b] : a < b; });
    Prediction prediction{position, {}};
    double sum = 0;
    const double most = row[order.front()];
    for (const float logit : row) sum += std::exp(static_cast<double>(logit) - most);
    for (std::size_t rank = 0; rank < count; ++rank)
        prediction.top.push_back({static_cast<std::int64_t>(order[rank]), "#" + std::to_string(order[rank]),
                                  std::exp(static_cast<double>(row[order[rank]]) - most) / sum});
    return prediction;
}

Result<Prediction> predictionAt(const AttentionRun& run, int position, std::size_t count) {
    for (const auto& known : run.predictions) {
        if (known.position != position || known.top.empty()) continue;
        Prediction prediction = known;
        prediction.top.resize(std::min(count, prediction.top.size()));
        return prediction;
    }
    if (run.logits && run.logits->columns > 0 && position < run.logits->rows)
        return fromLogits(*run.logits, position, count);
    if (run.predictions.empty())
        return unsupported("this run has no predictions: the model has no head, or the session keeps none",
                           {}, "Run a text through a model with a head");
    return unsupported("this run has no prediction at position " + std::to_string(position), {},
                       "Run the text through the model rather than open a session, or choose position " +
                           std::to_string(run.predictions.front().position));
}

Result<AnalysisResult> runPredict(const AnalysisRequest& request) {
    const auto positions = positionsOf(request.options);
    if (!positions) return positions.error();
    const auto count = static_cast<std::size_t>(request.options.integer("k").value_or(10));
    const TokenizedText& text = request.run.target ? *request.run.target : request.run.input;
    const auto tokens = static_cast<int>(text.tokens.size());

    AnalysisResult result;
    result.document = documentHead(request.run, request.source);
    JsonValue::Array list;
    Table table{"predict", {"position", "rank", "id", "token", "probability"}, {}};
    for (const int asked : *positions) {
        const int position = asked < 0 ? asked + tokens : asked;
        if (position < 0 || position >= tokens)
            return badInput("position " + std::to_string(asked) + " is out of range", "--position",
                            "The text has " + std::to_string(tokens) + " tokens");
        const auto prediction = predictionAt(request.run, position, count);
        if (!prediction) return prediction.error();
        JsonValue::Array top;
        for (const auto& token : prediction->top) {
            top.push_back(JsonValue::object(
                {{"id", token.id}, {"token", token.text}, {"probability", token.probability}}));
            table.rows.push_back(
                {position, static_cast<long>(top.size()), token.id, token.text, token.probability});
        }
        list.push_back(JsonValue::object({{"position", position}, {"top", std::move(top)}}));
    }
    result.document.set("positions", std::move(list));
    result.text = documentTitle("Predictions", request) + tableText(table);
    result.tables = {std::move(table)};
    return result;
}

}  // namespace

const AnalysisDescriptor kPredictAnalysis{
    .id = "predict",
    .title = "Predictions",
    .help = "Which token comes next, or stands at a position of a masked model",
    .source = "",
    .options = {kPosition, kCount},
    .wishes = &predictWishes,
    .run = &runPredict};

}  // namespace attnviz
