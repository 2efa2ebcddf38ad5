#include "ui/panes/cell_facts.h"

#include <QCoreApplication>
#include <algorithm>
#include <cmath>

#include "core/attention/filtered_attention.h"
#include "ui/state/workspace.h"
#include "ui/widgets/number_text.h"

namespace attnviz::ui {
namespace {

using Kind = ReadOutPart::Kind;

QString tr(const char* text) {
    return QCoreApplication::translate("CellFacts", text);
}

QString span(int first, int count, int whole) {
    const int last = std::min(whole, first + count) - 1;
    return last > first ? countText(first) + "–" + countText(last) : countText(first);
}

std::vector<ReadOutPart> exactFacts(const Workspace& workspace, Cell cell) {
    const auto& source = *workspace.source();
    const HeadId head = workspace.shownHead();
    std::vector<float> row(static_cast<std::size_t>(source.info().keys));
    source.row(head, cell.query, row);
    const float weight = row[static_cast<std::size_t>(cell.key)];
    double entropy = 0;
    for (const float value : row)
        if (value > 0) entropy -= value * std::log(static_cast<double>(value));
    const QString query = workspace.queryTexts().value(cell.query),
                  key = workspace.keyTexts().value(cell.key);
    std::vector<ReadOutPart> parts{{Kind::plain, tr("Query")},
                                   {Kind::query, countText(cell.query) + " " + query},
                                   {Kind::plain, tr("→ key")},
                                   {Kind::key, countText(cell.key) + " " + key},
                                   {Kind::separator, {}}};
    if (!source.info().visibility.sees(head.layer, cell.query, cell.key)) {
        parts.push_back({Kind::plain, tr("masked: this query cannot see this key")});
        return parts;
    }
    const auto above = std::ranges::count_if(row, [weight](float other) { return other > weight; });
    const double hidden = hiddenMass(source, head, cell.query);
    const QString seen = countText(source.info().visibility.visibleCount(head.layer, cell.query));
    const std::vector<ReadOutPart> facts{
        {Kind::strong, weightText(weight)},
        {Kind::separator, {}},
        {Kind::plain, tr("rank")},
        {Kind::strong, tr("%1 of %2").arg(countText(above + 1), seen)},
        {Kind::separator, {}},
        {Kind::plain, tr("row entropy")},
        {Kind::strong, tr("%1 nats").arg(scoreText(entropy))},
        {Kind::separator, {}},
        {Kind::plain, source.info().renormalized ? tr("renormalized, hidden mass") : tr("hidden mass")},
        {Kind::strong, weightText(hidden < 1e-7 ? 0 : hidden)}};
    parts.insert(parts.end(), facts.begin(), facts.end());
    return parts;
}

}  // namespace

std::vector<ReadOutPart> cellFacts(const Workspace& workspace, Cell cell, int pooled) {
    if (!workspace.headReady()) return {};
    if (pooled <= 1) return exactFacts(workspace, cell);
    const auto& source = *workspace.source();
    const HeadId head = workspace.shownHead();
    const int firstQuery = cell.query / pooled * pooled, firstKey = cell.key / pooled * pooled;
    const int endQuery = std::min(source.info().queries, firstQuery + pooled);
    const int endKey = std::min(source.info().keys, firstKey + pooled);
    Cell best{firstQuery, firstKey};
    float largest = kMaskedCell;
    double total = 0;
    int count = 0;
    std::vector<float> row(static_cast<std::size_t>(source.info().keys));
    for (int query = firstQuery; query < endQuery; ++query) {
        source.row(head, query, row);
        for (int key = firstKey; key < endKey; ++key) {
            if (!source.info().visibility.sees(head.layer, query, key)) continue;
            const float weight = row[static_cast<std::size_t>(key)];
            total += static_cast<double>(weight);
            ++count;
            if (weight > largest) {
                largest = weight;
                best = {query, key};
            }
        }
    }
    std::vector<ReadOutPart> parts{{Kind::plain, tr("Queries")},
                                   {Kind::query, span(firstQuery, pooled, source.info().queries)},
                                   {Kind::plain, tr("→ keys")},
                                   {Kind::key, span(firstKey, pooled, source.info().keys)},
                                   {Kind::separator, {}}};
    if (count == 0) {
        parts.push_back({Kind::plain, tr("masked: these queries cannot see these keys")});
        return parts;
    }
    const std::vector<ReadOutPart> facts{
        {Kind::plain, tr("max")},
        {Kind::strong, weightText(static_cast<double>(largest))},
        {Kind::plain, tr("at %1 → %2").arg(countText(best.query), countText(best.key))},
        {Kind::separator, {}},
        {Kind::plain, tr("mean")},
        {Kind::strong, weightText(total / count)},
        {Kind::plain, tr("of %1 cells").arg(countText(count))}};
    parts.insert(parts.end(), facts.begin(), facts.end());
    return parts;
}

}  // namespace attnviz::ui
