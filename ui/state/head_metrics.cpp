#include "ui/state/head_metrics.h"

#include <QCoreApplication>
#include <array>
#include <cmath>
#include <limits>

namespace attnviz::ui {
namespace {

constexpr std::array kMetrics{
    HeadMetric{"normalized-entropy",
               QT_TRANSLATE_NOOP("HeadMetric", "Normalized entropy"),
               QT_TRANSLATE_NOOP("HeadMetric", "Entropy"),
               QT_TRANSLATE_NOOP("HeadMetric", "mean row entropy, of its largest possible"),
               &HeadSummary::normalizedRowEntropy,
               {}},
    HeadMetric{"entropy",
               QT_TRANSLATE_NOOP("HeadMetric", "Row entropy"),
               QT_TRANSLATE_NOOP("HeadMetric", "Nats"),
               QT_TRANSLATE_NOOP("HeadMetric", "mean row entropy, nats"),
               &HeadSummary::rowEntropy,
               {},
               false},
    HeadMetric{"effective-tokens",
               QT_TRANSLATE_NOOP("HeadMetric", "Effective tokens"),
               QT_TRANSLATE_NOOP("HeadMetric", "Tokens"),
               QT_TRANSLATE_NOOP("HeadMetric", "mean of exp(row entropy)"),
               &HeadSummary::effectiveTokens,
               {},
               false,
               2},
    HeadMetric{"first-token",
               QT_TRANSLATE_NOOP("HeadMetric", "First token (sink)"),
               QT_TRANSLATE_NOOP("HeadMetric", "First"),
               QT_TRANSLATE_NOOP("HeadMetric", "mean weight on token 0, rows from 1"),
               &HeadSummary::firstToken,
               {}},
    HeadMetric{"previous-token",
               QT_TRANSLATE_NOOP("HeadMetric", "Previous token"),
               QT_TRANSLATE_NOOP("HeadMetric", "Previous"),
               QT_TRANSLATE_NOOP("HeadMetric", "mean weight on the token before"),
               &HeadSummary::previousToken,
               {}},
    HeadMetric{"self",
               QT_TRANSLATE_NOOP("HeadMetric", "Itself"),
               QT_TRANSLATE_NOOP("HeadMetric", "Itself"),
               QT_TRANSLATE_NOOP("HeadMetric", "mean weight on the token itself, rows from 1"),
               &HeadSummary::selfWeight,
               {}},
    HeadMetric{"distance",
               QT_TRANSLATE_NOOP("HeadMetric", "Mean distance"),
               QT_TRANSLATE_NOOP("HeadMetric", "Distance"),
               QT_TRANSLATE_NOOP("HeadMetric", "mean tokens between query and key"),
               &HeadSummary::meanDistance,
               {},
               false,
               2},
    HeadMetric{"max-weight",
               QT_TRANSLATE_NOOP("HeadMetric", "Largest weight"),
               QT_TRANSLATE_NOOP("HeadMetric", "Largest"),
               QT_TRANSLATE_NOOP("HeadMetric", "largest single weight"),
               &HeadSummary::maxWeight,
               {}},
    HeadMetric{"sparsity",
               QT_TRANSLATE_NOOP("HeadMetric", "Sparsity"),
               QT_TRANSLATE_NOOP("HeadMetric", "Sparsity"),
               QT_TRANSLATE_NOOP("HeadMetric", "share of visible cells below 0.01"),
               &HeadSummary::visibleSparsity,
               {}},
    HeadMetric{
        "next-token", QT_TRANSLATE_NOOP("HeadMetric", "Next token"), QT_TRANSLATE_NOOP("HeadMetric", "Next"),
        QT_TRANSLATE_NOOP("HeadMetric", "mean weight on the token after"), nullptr, HeadScore::nextToken},
    HeadMetric{"special-token", QT_TRANSLATE_NOOP("HeadMetric", "Special tokens"),
               QT_TRANSLATE_NOOP("HeadMetric", "Special"),
               QT_TRANSLATE_NOOP("HeadMetric", "mean weight on special tokens"), nullptr,
               HeadScore::specialToken},
    HeadMetric{"duplicate-token", QT_TRANSLATE_NOOP("HeadMetric", "Duplicate token"),
               QT_TRANSLATE_NOOP("HeadMetric", "Duplicate"),
               QT_TRANSLATE_NOOP("HeadMetric", "mean weight on earlier occurrences of the same token"),
               nullptr, HeadScore::duplicateToken},
    HeadMetric{"induction", QT_TRANSLATE_NOOP("HeadMetric", "Induction"),
               QT_TRANSLATE_NOOP("HeadMetric", "Induction"),
               QT_TRANSLATE_NOOP("HeadMetric", "mean weight on what followed the same token before"), nullptr,
               HeadScore::induction},
    HeadMetric{"uniform", QT_TRANSLATE_NOOP("HeadMetric", "Uniform"),
               QT_TRANSLATE_NOOP("HeadMetric", "Uniform"),
               QT_TRANSLATE_NOOP("HeadMetric", "how near to equal weights on all keys"), nullptr,
               HeadScore::uniform},
};

}  // namespace

std::span<const HeadMetric> headMetrics() {
    return kMetrics;
}

const HeadMetric& headMetric(const QString& id) {
    for (const auto& metric : kMetrics)
        if (id == metric.id) return metric;
    return kMetrics.front();
}

std::vector<double> headScores(const AttentionSource& source, const HeadMetric& metric,
                               const std::vector<HeadRole>& roles) {
    const auto& info = source.info();
    std::vector<double> scores(static_cast<std::size_t>(info.layers) * static_cast<std::size_t>(info.heads),
                               std::numeric_limits<double>::quiet_NaN());
    if (!metric.value) {
        for (const auto& role : roles)
            scores[static_cast<std::size_t>(role.layer) * static_cast<std::size_t>(info.heads) +
                   static_cast<std::size_t>(role.head)] = role.score(metric.role);
        return scores;
    }
    std::size_t at = 0;
    for (int layer = 0; layer < source.layersReady(); ++layer)
        for (int head = 0; head < info.heads; ++head)
            scores[at++] = source.summary({layer, head}).*metric.value;
    return scores;
}

QString roleText(std::string_view role) {
    if (role == "first_token") return QCoreApplication::translate("HeadMetric", "first token (sink)");
    return QString::fromUtf8(role.data(), static_cast<qsizetype>(role.size())).replace('_', ' ');
}

double scoreScaleEnd(const std::vector<double>& scores, const HeadMetric& metric) {
    if (metric.share) return 1;
    double largest = 0;
    for (const double score : scores)
        if (std::isfinite(score)) largest = std::max(largest, score);
    return largest > 0 ? largest : 1;
}

}  // namespace attnviz::ui
