// What a figure shows, before anything is drawn: panels, one shared scale, titles.
//
// Without a choice it is the mean of all heads of the last layer. Chosen layers give a panel each, chosen
// heads too, unless they are combined. Sources arrive filtered; what was done to them is said below the
// title.
#pragma once

#include <QString>
#include <QStringList>
#include <memory>
#include <vector>

#include "core/exporting/exporter.h"
#include "ui/widgets/color_scale.h"

namespace attnviz::ui {

struct FigurePanel {
    std::shared_ptr<const AttentionSource> source;
    HeadId head;
    QString title, shortTitle;  // "Layer 2, head 4", "L2 H4"; empty where the figure has one panel
    QStringList queries, keys;
};

struct FigurePlan {
    QString title, subtitle;  // subtitle may be empty
    std::vector<FigurePanel> panels;
    ColorScale scale;
    bool sameTokens = true;  // all panels have the same queries and keys
    int columns = 0;         // heads, where every layer shows the same; 0: as it fits best
};

inline constexpr int kLargestPanelCount = 400;

// Refuses layers and heads that there are not, more than kLargestPanelCount panels, and unknown colour maps.
Result<FigurePlan> planFigure(const ExportRequest& request, std::stop_token stop);

// The next of 1, 1.5, 2, 2.5, 3, 4, 5, 6, 8 times a power of ten that is not below `value`; 1 for 0.
double niceUpperEnd(double value);
// The ticks of a scale from 0 to such an end, 0 and the end among them.
std::vector<double> niceTicks(double upperEnd);

// A token as it stands on a figure's axis: plain, printable, without the mark of a leading space.
QString figureLabel(const std::string& text);

}  // namespace attnviz::ui
