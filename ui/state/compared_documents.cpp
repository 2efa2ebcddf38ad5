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

int longest(const AttentionSource& source) {
    return std::max(source.info().queries, source.info().keys);
}

// Of one side; what its queries may not see is `unseen`.
Result<std::shared_ptr<const CompareGrid>> gridOf(const AttentionSource& source, HeadId head,
                                                  const std::stop_token& stop) {
    auto grid = std::make_shared<CompareGrid>();
    grid->rows = source.info().queries;
    grid->columns = source.info().keys;
    grid->values.resize(grid->at(grid->rows, 0));
    if (auto read = source.rows(head, 0, grid->rows, grid->values, stop); !read) return read.error();
    grid->cells.resize(grid->values.size());
    for (int query = 0; query < grid->rows; ++query)
        for (int key = 0; key < grid->columns; ++key)
            grid->cells[grid->at(query, key)] = source.info().visibility.sees(head.layer, query, key)
                                                    ? DifferenceCell::both
                                                    : DifferenceCell::unseen;
    return std::shared_ptr<const CompareGrid>(std::move(grid));
}

bool readsOn(const AttentionSource& source) {
    return source.info().square() && source.info().visibility.causal();
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
    if (std::max(longest(*left->shown), longest(*right->shown)) > kMostComparedTokens)
        return unsupported(tr("texts of more than %1 tokens are not compared cell by cell; A has %2, B %3")
                               .arg(countText(kMostComparedTokens), countText(longest(*left->shown)),
                                    countText(longest(*right->shown)))
                               .toStdString(),
                           {}, tr("Compare a part of each, or use the difference command").toStdString());
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
                                                         HeadId head, std::stop_token stop) {
    const auto &a = *pair->left.shown, &b = *pair->right.shown;
    const HeadId seen = pair->seen(head);
    auto maps = std::make_shared<ComparedMaps>();
    maps->pair = pair;
    maps->head = head;
    auto left = gridOf(a, seen, stop), right = gridOf(b, seen, stop);
    if (!left) return left.error();
    if (!right) return right.error();
    maps->left = *left;
    maps->right = *right;
    for (const auto& grid : {maps->left, maps->right})
        for (const float value : grid->values)
            maps->largestWeight = std::max(maps->largestWeight, static_cast<double>(value));
    auto map =
        differenceMap(a, seen, b, seen, pair->alignment, 0, static_cast<int>(pair->queries.size()), stop);
    if (!map) return map.error();
    auto grid = std::make_shared<CompareGrid>();
    grid->rows = static_cast<int>(map->queries.size());
    grid->columns = static_cast<int>(map->keys.size());
    grid->values = std::move(map->values);
    grid->cells = std::move(map->cells);
    // What comes later on the joint axis is seen from neither text, partner or not.
    const bool causal = readsOn(a) && readsOn(b);
    for (int row = 0; row < grid->rows; ++row)
        for (int column = 0; column < grid->columns; ++column) {
            const std::size_t at = grid->at(row, column);
            if (causal && column > row && grid->cells[at] == DifferenceCell::alone)
                grid->cells[at] = DifferenceCell::unseen;
            if (grid->cells[at] != DifferenceCell::both) continue;
            ++maps->alignedCells;
            if (grid->values[at] == 0) continue;
            const Cell joint{row, column}, ownA = pair->own(joint, &TokenPair::left),
                                           ownB = pair->own(joint, &TokenPair::right);
            maps->changes.push_back({joint, maps->left->values[maps->left->at(ownA.query, ownA.key)],
                                     maps->right->values[maps->right->at(ownB.query, ownB.key)]});
        }
    std::ranges::stable_sort(maps->changes, [](const ComparedChange& one, const ComparedChange& other) {
        return std::abs(one.change()) > std::abs(other.change());
    });
    if (maps->changes.size() > kMostChanges) maps->changes.resize(kMostChanges);
    if (!maps->changes.empty())
        maps->largestChange = std::abs(static_cast<double>(maps->changes.front().change()));
    maps->difference = std::move(grid);
    const auto measured = difference({*pair->left.run, a}, {*pair->right.run, b},
                                     {.layers = {seen.layer}, .heads = {seen.head}}, {}, stop);
    if (!measured) return measured.error();
    maps->measure = measured->heads.front();
    return std::shared_ptr<const ComparedMaps>(std::move(maps));
}

}  // namespace attnviz::ui
