#include "ui/state/compared_documents.h"

#include <QCoreApplication>
#include <algorithm>
#include <cmath>

#include "core/analysis/filter_tokens.h"
#include "core/exporting/selected_attention.h"
#include "ui/state/filtering.h"
#include "ui/widgets/number_text.h"

namespace attnviz::ui {
namespace {

QString tr(const char* text) {
    return QCoreApplication::translate("ComparedDocuments", text);
}

Result<ComparedPair::Side> filteredSide(const ComparedSide& side, const ComparedWish& wish,
                                        const std::stop_token& stop) {
    Filters apart = wish.filters;
    apart.combine = Combine::single;
    auto heads = filteredSource(*side.run, side.raw, filterSettings(apart), stop);
    if (!heads) return heads.error();
    ComparedPair::Side out{side.run, *heads, *heads, {}, {}};
    if (wish.filters.combine != Combine::single) {
        auto chosen = wish.heads;
        std::erase_if(chosen, [&](int head) { return head >= side.raw->info().heads; });
        auto joined = filteredSource(*side.run, side.raw, filterSettings(wish.filters, chosen), stop);
        if (!joined) return joined.error();
        out.shown = *std::move(joined);
    }
    const bool words = showsWords(*out.shown);
    out.queries = unitTexts(side.run->queriesOf(*side.raw), words);
    out.keys = unitTexts(side.run->keysOf(*side.raw), words);
    return out;
}

JointTokens jointTokens(const std::vector<TokenPair>& axis) {
    JointTokens tokens;
    for (const auto& pair : axis) {
        tokens.a.push_back(pair.left);
        tokens.b.push_back(pair.right);
    }
    return tokens;
}

}  // namespace

HeadId ComparedPair::seen(HeadId head) const {
    return left.shown->info().combined.empty() ? head : HeadId{head.layer, 0};
}

QString ComparedPair::refusal(HeadId head) const {
    for (const auto& [name, side] : {std::pair("A", &left), std::pair("B", &right)}) {
        const auto& info = side->heads->info();
        if (head.layer >= info.layers || (left.shown->info().combined.empty() && head.head >= info.heads))
            return tr("%1 has %2 layers of %3 heads and no layer %4 head %5. Choose a head that both have, "
                      "or "
                      "see Similarity for all of them.")
                .arg(name)
                .arg(info.layers)
                .arg(info.heads)
                .arg(head.layer)
                .arg(head.head);
        if (head.layer >= side->heads->layersReady())
            return tr("Layer %1 of %2 is not computed yet.").arg(head.layer).arg(name);
    }
    return {};
}

std::optional<Cell> ComparedPair::joint(Cell own, int TokenPair::*side) const {
    const auto query = std::ranges::find(queries, own.query, side),
               key = std::ranges::find(keys, own.key, side);
    if (own.query < 0 || own.key < 0 || query == queries.end() || key == keys.end()) return std::nullopt;
    return Cell{static_cast<int>(query - queries.begin()), static_cast<int>(key - keys.begin())};
}

Result<std::shared_ptr<const ComparedPair>> comparedPair(const ComparedWish& wish, std::stop_token stop) {
    auto left = filteredSide(wish.left, wish, stop);
    if (!left) return left.error();
    auto right = filteredSide(wish.right, wish, stop);
    if (!right) return right.error();
    auto pair = std::make_shared<ComparedPair>();
    pair->left = *std::move(left);
    pair->right = *std::move(right);
    auto alignment =
        alignRuns({*pair->left.run, *pair->left.shown}, {*pair->right.run, *pair->right.shown}, stop);
    if (!alignment) return alignment.error();
    pair->alignment = *std::move(alignment);
    const auto &a = pair->left.shown->info(), &b = pair->right.shown->info();
    pair->queries = jointAxis(pair->alignment.queries, a.queries, b.queries);
    pair->keys = jointAxis(pair->alignment.keys, a.keys, b.keys);
    return std::shared_ptr<const ComparedPair>(std::move(pair));
}

Result<std::shared_ptr<const ComparedMaps>> comparedMaps(const std::shared_ptr<const ComparedPair>& pair,
                                                         HeadId head, const ProgressSink& progress,
                                                         std::stop_token stop) {
    const auto &a = pair->left.shown, &b = pair->right.shown;
    const HeadId seen = pair->seen(head);
    auto compared = compareHeads(*a, seen, *b, seen, pair->alignment, kMostChanges, progress, stop);
    if (!compared) return compared.error();
    auto maps = std::make_shared<ComparedMaps>();
    maps->pair = pair;
    maps->head = head;
    maps->measure = compared->measure;
    maps->alignedCells = compared->alignedCells;
    maps->largestWeight = compared->largestWeight;
    for (const auto& change : compared->changes)
        maps->changes.push_back({{change.query, change.key}, change.left, change.right});
    if (!maps->changes.empty())
        maps->largestChange = std::abs(static_cast<double>(maps->changes.front().change()));
    maps->difference = std::make_shared<const DifferenceAttention>(
        DifferenceAttention::Side{a, seen}, DifferenceAttention::Side{b, seen}, jointTokens(pair->queries),
        jointTokens(pair->keys), std::move(compared->overview));
    return std::shared_ptr<const ComparedMaps>(std::move(maps));
}

std::optional<float> comparedWeight(const ComparedMaps& maps, Cell joint, int TokenPair::*side) {
    const Cell own = maps.pair->own(joint, side);
    const auto& source = *(side == &TokenPair::left ? maps.pair->left : maps.pair->right).shown;
    const HeadId head = maps.pair->seen(maps.head);
    if (own.query < 0 || own.key < 0 || !source.info().visibility.sees(head.layer, own.query, own.key))
        return std::nullopt;
    float weight = 0;
    if (!source.block(head, own.query, 1, {own.key, own.key + 1}, {&weight, 1}, {})) return std::nullopt;
    return weight;
}

}  // namespace attnviz::ui
