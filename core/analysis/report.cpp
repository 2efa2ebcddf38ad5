#include "core/analysis/report.h"

#include <array>
#include <cmath>
#include <cstdio>

#include "core/analysis/sinks.h"
#include "core/analysis/summary.h"
#include "core/base/readable.h"

namespace attnviz {
namespace {

std::string formatted(const char* format, double value) {
    if (std::isnan(value)) return "–";
    std::array<char, 64> buffer{};
    std::snprintf(buffer.data(), buffer.size(), format, value);
    return buffer.data();
}

std::string fixed4(double value) {
    return formatted("%.4f", value);
}
std::string percent(double share) {
    return formatted("%.2f%%", share * 100);
}

// Sections of the Python library's report, line for line.
std::string compatibleSections(const AttentionRun& run, const AttentionSource& source,
                               const ReportOptions& options, const AttentionSummary& summary) {
    const AttentionInfo& info = source.info();
    const CompatibleNumbers& overall = summary.statistics.overall.compatible;
    std::string text = "# Attention Analysis Report\n";
    text += "**Text:** " + markdownText(run.text()) + "\n";
    text += "**Model:** " + markdownText(run.model.name) + "\n";
    text += "**Generated:** " + markdownText(options.generated) + "\n\n";
    text += "## Model Information\n- Layers: " + std::to_string(info.layers) +
            "\n- Heads per layer: " + std::to_string(info.heads) +
            "\n- Sequence length: " + std::to_string(info.queries) + "\n\n";
    text += "## Overall Statistics\n- Mean attention: " + fixed4(overall.mean) +
            "\n- Attention entropy: " + fixed4(overall.entropy) +
            "\n- Attention sparsity: " + fixed4(overall.sparsity) + "\n\n";
    text += "## Key Findings\n- Highest entropy layer: " + std::to_string(summary.highestEntropyLayer) +
            "\n- Sparsest layer: " + std::to_string(summary.sparsestLayer) + "\n";
    if (summary.positions) text += "- Predominant pattern: " + summary.predominantPattern + "\n";
    text += "\n## Layer-by-Layer Analysis\n";
    for (std::size_t layer = 0; layer < summary.statistics.layers.size(); ++layer) {
        const CompatibleNumbers& numbers = summary.statistics.layerBlocks[layer].compatible;
        text += "### Layer " + std::to_string(summary.statistics.layers[layer]) + "\n";
        if (summary.positions)
            text +=
                "- Pattern type: " + std::string(summary.positions->layerPositions[layer].pattern()) + "\n";
        text += "- Entropy: " + fixed4(numbers.entropy) + "\n- Sparsity: " + fixed4(numbers.sparsity) + "\n";
        if (summary.positions)
            text += "- Local attention: " + percent(summary.positions->layerPositions[layer].local) +
                    "\n- Global attention: " + percent(summary.positions->layerPositions[layer].global) +
                    "\n";
        text += "\n";
    }
    return text;
}

std::string correctedSection(const AttentionSummary& summary) {
    std::string text =
        "## Corrected Numbers\n"
        "The entropy above is taken over a whole block at once and grows with heads and length. Below, every "
        "row is taken "
        "by itself, and masked cells are left out. Row entropy in nats, mean over rows; normalized: divided "
        "by the "
        "logarithm of the keys that the query sees; effective tokens: mean of exp(row entropy); sparsity: "
        "share of visible "
        "cells below 0.01; Gini over visible cells.\n\n"
        "| layer | row entropy | normalized | effective tokens | sparsity | Gini | mean distance |\n"
        "|---|---|---|---|---|---|---|\n";
    const auto row = [&](const std::string& name, const CorrectedNumbers& numbers) {
        text += "| " + name + " | " + fixed4(numbers.rowEntropy) + " | " +
                fixed4(numbers.normalizedRowEntropy) + " | " + formatted("%.2f", numbers.effectiveTokens) +
                " | " + percent(numbers.visibleSparsity) + " | " + fixed4(numbers.spread.gini) +
                (numbers.approximate ? " ≈" : "") + " | " + formatted("%.2f", numbers.meanDistance) + " |\n";
    };
    for (std::size_t layer = 0; layer < summary.statistics.layers.size(); ++layer)
        row(std::to_string(summary.statistics.layers[layer]),
            summary.statistics.layerBlocks[layer].corrected);
    row("all", summary.statistics.overall.corrected);
    return text + "\n";
}

std::string headSection(const AttentionSource& source, const AttentionSummary& summary) {
    std::string text =
        "## Heads\n"
        "| head | row entropy | normalized | previous token | first token | itself | mean distance |\n"
        "|---|---|---|---|---|---|---|\n";
    for (const int layer : summary.statistics.layers)
        for (const int head : summary.statistics.heads) {
            const HeadSummary& numbers = source.summary({layer, head});
            text += "| L" + std::to_string(layer) + " H" + std::to_string(head) + " | " +
                    fixed4(numbers.rowEntropy) + " | " + fixed4(numbers.normalizedRowEntropy) + " | " +
                    fixed4(numbers.previousToken) + " | " + fixed4(numbers.firstToken) + " | " +
                    fixed4(numbers.selfWeight) + " | " + formatted("%.2f", numbers.meanDistance) + " |\n";
        }
    return text + "\n";
}

std::string sinkSection(const AttentionRun& run, const AttentionSource& source,
                        const std::vector<int>& sinks) {
    if (sinks.empty()) return "## Sinks\nNo key is a sink in at least a quarter of the layers.\n";
    std::string text =
        "## Sinks\nKeys that most attention drains to, in at least a quarter of the layers:\n\n";
    const auto& tokens = run.keysOf(source).tokens;
    for (const int sink : sinks) {
        const auto index = static_cast<std::size_t>(sink);
        text += "- token " + std::to_string(sink);
        if (index < tokens.size()) text += " (" + markdownText(tokens[index].text) + ")";
        text += "\n";
    }
    return text;
}

}  // namespace

std::string markdownText(std::string_view text) {
    std::string escaped;
    for (const char c : harmless(text)) {
        if (c == '<')
            escaped += "&lt;";
        else if (c == '&')
            escaped += "&amp;";
        else {
            if (c == '\\' || c == '`' || c == '*' || c == '_' || c == '[' || c == ']' || c == '|')
                escaped += '\\';
            escaped += c;
        }
    }
    return escaped;
}

Result<std::string> markdownReport(const AttentionRun& run, const AttentionSource& source,
                                   const ReportOptions& options, const ProgressSink& progress,
                                   std::stop_token stop) {
    const auto summary = summarise(source, options.layers, progress, stop);
    if (!summary) return summary.error();
    std::string text = compatibleSections(run, source, options, *summary) + correctedSection(*summary) +
                       headSection(source, *summary);
    const AttentionInfo& info = source.info();
    if (info.renormalized || !info.combined.empty())
        text += "Seen through a filter: " + std::string(info.renormalized ? "rows renormalized. " : "") +
                info.combined + "\n\n";
    const auto sinks = sinksOf(source, stop);
    if (!sinks) return sinks.error();
    text += sinkSection(run, source, *sinks);
    if (!run.notices.empty()) {
        text += "\n## Notices\n";
        for (const auto& notice : run.notices) text += "- " + markdownText(notice) + "\n";
    }
    return text;
}

}  // namespace attnviz
