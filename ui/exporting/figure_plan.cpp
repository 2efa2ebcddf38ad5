#include "ui/exporting/figure_plan.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/attention/filtered_attention.h"
#include "core/exporting/selected_attention.h"
#include "ui/widgets/token_text.h"

namespace attnviz::ui {
namespace {

struct NiceEnd {
    double factor;
    int steps;
};
constexpr std::array<NiceEnd, 10> kNiceEnds{
    {{1, 5}, {1.5, 3}, {2, 4}, {2.5, 5}, {3, 3}, {4, 4}, {5, 5}, {6, 3}, {8, 4}, {10, 5}}};

std::optional<HeadCombine> combineNamed(const std::string& name) {
    for (const HeadCombine how : {HeadCombine::mean, HeadCombine::max, HeadCombine::min, HeadCombine::sum})
        if (name == headCombineName(how)) return how;
    return std::nullopt;
}

QStringList figureLabels(const std::vector<AxisLabel>& tokens) {
    QStringList labels;
    labels.reserve(static_cast<qsizetype>(tokens.size()));
    for (const auto& token : tokens) labels.append(figureLabel(token.text));
    return labels;
}

QString kindTitle(AttentionKind kind) {
    switch (kind) {
        case AttentionKind::encoder:
            return QStringLiteral("Encoder");
        case AttentionKind::decoder:
            return QStringLiteral("Decoder");
        case AttentionKind::cross:
            break;
    }
    return QStringLiteral("Cross");
}

// What the filter below a (possibly narrowed) source did, apart from combining.
QString filterSentence(const AttentionSource& source) {
    const auto* filter = dynamic_cast<const FilteredAttention*>(&source);
    if (!filter) return source.info().renormalized ? QStringLiteral("renormalized") : QString();
    FilterSettings settings = filter->settings();
    settings.combine.reset();
    return QString::fromStdString(settings.describe(filter->source()->info().heads));
}

}  // namespace

double niceUpperEnd(double value) {
    if (!(value > 0) || !std::isfinite(value)) return 1;
    const double power = std::pow(10.0, std::floor(std::log10(value)));
    for (const auto& end : kNiceEnds)
        if (end.factor * power >= value * (1 - 1e-6)) return end.factor * power;
    return 10 * power;
}

std::vector<double> niceTicks(double upperEnd) {
    const double power = std::pow(10.0, std::floor(std::log10(upperEnd) + 1e-9));
    int steps = 4;
    for (const auto& end : kNiceEnds)
        if (std::abs(end.factor * power - upperEnd) < 1e-6 * upperEnd) steps = end.steps;
    std::vector<double> ticks;
    for (int i = 0; i <= steps; ++i) ticks.push_back(upperEnd * i / steps);
    return ticks;
}

QString figureLabel(const std::string& text) {
    QString label = tokenText(text);
    qsizetype marks = 0;
    while (marks < label.size() && label[marks] == QChar(0xB7)) ++marks;
    return marks < label.size() ? label.mid(marks) : label;
}

Result<FigurePlan> planFigure(const ExportRequest& request, std::stop_token stop) {
    const auto* map = findColormap(request.colormap).ok() ? *findColormap(request.colormap) : nullptr;
    if (!map) return findColormap(request.colormap).error();
    auto sources = exportedSources(request);
    if (!sources) return sources.error();
    const AttentionRun& run = *request.session.run;
    const auto asked = request.combine.empty() ? std::nullopt : combineNamed(request.combine);

    FigurePlan plan;
    const auto& whole = request.sources.empty() ? run.sources : request.sources;
    plan.subtitle = filterSentence(*whole.front());
    const bool severalKinds = sources->size() > 1;
    QString layerText, headText;
    for (auto& exported : *sources) {
        const AttentionInfo& info = exported.source->info();
        const int ready = std::min(info.layers, exported.source->layersReady());
        if (ready < 1)
            return badInput("no layer has been computed yet", {}, "Wait for the run to get further.");
        std::vector<int> layers;
        for (int layer = request.layers.empty() ? ready - 1 : 0; layer < info.layers; ++layer)
            layers.push_back(layer);
        if (layers.back() >= ready)
            return badInput("layer " +
                                std::to_string(exported.layers[static_cast<std::size_t>(layers.back())]) +
                                " has not been computed yet",
                            {}, "Wait for the run to get further, or choose an earlier layer.");
        auto source = exported.source;
        const bool combines = exported.headsHaveNumbers && info.heads > 1 && (asked || request.heads.empty());
        if (combines) {
            FilterSettings settings;
            settings.combine = asked.value_or(HeadCombine::mean);
            source = filtered(source, settings, {});
        }
        const AttentionInfo& shown = source->info();
        if (!severalKinds && layers.size() > 1 && shown.heads > 1) plan.columns = shown.heads;
        const QStringList queries = figureLabels(queryLabels(run, *exported.source));
        const QStringList keys = figureLabels(keyLabels(run, *exported.source));
        for (const int layer : layers)
            for (int head = 0; head < shown.heads; ++head) {
                if (plan.panels.size() == kLargestPanelCount)
                    return badInput(
                        "the figure would have more than " + std::to_string(kLargestPanelCount) + " panels",
                        {}, "Choose fewer layers or heads, or combine the heads.");
                FigurePanel panel{source, {layer, head}, {}, {}, queries, keys};
                layerText = QStringLiteral("%1ayer %2")
                                .arg(severalKinds ? kindTitle(info.kind) + " l" : "L")
                                .arg(exported.layers[static_cast<std::size_t>(layer)]);
                headText = shown.combined.empty()
                               ? QStringLiteral("head %1").arg(exported.heads[static_cast<std::size_t>(head)])
                               : QString::fromStdString(shown.combined);
                panel.title = layerText + (shown.heads > 1 ? QStringLiteral(", ") + headText : QString());
                panel.shortTitle =
                    QStringLiteral("L%1").arg(exported.layers[static_cast<std::size_t>(layer)]) +
                    (shown.heads > 1
                         ? QStringLiteral(" H%1").arg(exported.heads[static_cast<std::size_t>(head)])
                         : QString());
                plan.panels.push_back(std::move(panel));
            }
    }
    const QString model = figureLabel(run.model.name.empty() ? "Attention" : run.model.name);
    plan.title = figureLabel(request.title);
    if (request.title.empty())
        plan.title = plan.panels.size() > 1
                         ? model + (headText.contains(" of ") ? ", " + headText : QString())
                         : model + ", " + layerText.toLower() + ", " + headText;
    if (plan.panels.size() == 1) plan.panels.front().title = plan.panels.front().shortTitle = QString();

    double largest = 0;
    for (const auto& panel : plan.panels) {
        if (stop.stop_requested()) return cancelled();
        plan.sameTokens = plan.sameTokens && panel.queries == plan.panels.front().queries &&
                          panel.keys == plan.panels.front().keys;
        if (const auto* filter = dynamic_cast<const FilteredAttention*>(panel.source.get()))
            if (auto done = filter->summarize(panel.head, stop); !done) return done.error();
        for (const float cell : panel.source->overview(panel.head).max)
            largest = std::max(largest, static_cast<double>(cell));
    }
    plan.scale = ColorScale(*map, 0, niceUpperEnd(largest), false);
    return plan;
}

}  // namespace attnviz::ui
