// What the Comparison pane says of two compared documents: the maps that its view draws, and its read-out.
#pragma once

#include <QStringList>
#include <optional>
#include <vector>

#include "ui/state/compared_documents.h"
#include "ui/widgets/compare_view.h"
#include "ui/widgets/read_out.h"

namespace attnviz::ui {

// A, B, and B - A over the joint axes, in which tokens without a partner keep their place and have no label.
std::vector<CompareMap> compareMaps(const ComparedMaps& shown);

// "Query 20 ·play → key 8 ·a | A 0.3550 | B 0.1810 | B − A −0.1741 | head: JS 0.0155 nats cosine 0.9921" of a
// cell of the joint axes; without one the head and how many tokens are aligned.
std::vector<ReadOutPart> comparedFacts(const ComparedMaps& shown, std::optional<Cell> joint);

// What was left out or changed: other numbers of heads, renormalized rows.
QStringList comparedNotes(const ComparedPair& pair);

}  // namespace attnviz::ui
