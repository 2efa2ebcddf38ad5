// Two documents beside one another, as the Comparison pane shows them: their tokens aligned, one head's maps
// and B - A over the aligned tokens, and the largest changes. Everything here is computed off the UI thread.
//
// No map is ever copied: both sides stay sources that are asked for what is seen, and so is their difference.
// A layer or head that only one side has is refused with a sentence.
#pragma once

#include <QStringList>
#include <memory>
#include <optional>
#include <stop_token>
#include <vector>

#include "core/analysis/head_comparison.h"
#include "core/attention/attention_run.h"
#include "core/attention/difference_attention.h"
#include "ui/state/view_settings.h"
#include "ui/widgets/cell.h"

namespace attnviz::ui {

inline constexpr std::size_t kMostChanges = 300;

struct ComparedSide {
    std::shared_ptr<const AttentionRun> run;
    std::shared_ptr<const AttentionSource> raw;  // one of the run's
    bool operator==(const ComparedSide&) const = default;
};
struct ComparedWish {
    ComparedSide left, right;
    Filters filters;
    std::vector<int> heads;  // that are combined; empty: all
    bool operator==(const ComparedWish&) const = default;
};

struct ComparedPair {
    struct Side {
        std::shared_ptr<const AttentionRun> run;
        std::shared_ptr<const AttentionSource> heads,
            shown;  // filtered: heads apart; combined where they are
        QStringList queries, keys;
    };
    Side left, right;
    RunAlignment alignment;
    std::vector<TokenPair> queries, keys;  // the joint axes

    // What is missing on a side for this head to be compared; empty: nothing.
    QString refusal(HeadId head) const;
    HeadId seen(HeadId head) const;  // as the shown sources have it
    Cell own(Cell joint, int TokenPair::*side) const {
        return {queries[static_cast<std::size_t>(joint.query)].*side,
                keys[static_cast<std::size_t>(joint.key)].*side};
    }
    // The place of a side's cell on the joint axes.
    std::optional<Cell> joint(Cell own, int TokenPair::*side) const;
};

Result<std::shared_ptr<const ComparedPair>> comparedPair(const ComparedWish& wish, std::stop_token stop);

struct ComparedChange {
    Cell joint;
    float left = 0, right = 0;
    float change() const { return right - left; }
};

struct ComparedMaps {
    std::shared_ptr<const ComparedPair> pair;
    HeadId head;                                            // as the model has it
    std::shared_ptr<const DifferenceAttention> difference;  // over the joint axes
    HeadDifference measure;                                 // of this head
    std::vector<ComparedChange> changes;                    // largest first
    std::int64_t alignedCells = 0;                          // that a query of either side may see
    double largestWeight = 0, largestChange = 0;
};

// Reads every row of both heads once.
Result<std::shared_ptr<const ComparedMaps>> comparedMaps(const std::shared_ptr<const ComparedPair>& pair,
                                                         HeadId head, const ProgressSink& progress,
                                                         std::stop_token stop);

// The weight of a cell of a side, nothing where it has none: no such token, or masked.
std::optional<float> comparedWeight(const ComparedMaps& maps, Cell joint, int TokenPair::*side);

}  // namespace attnviz::ui
