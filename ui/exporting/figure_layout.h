// Where everything of a figure stands: a pure function of the plan, the size and the fonts' widths.
//
// Units are twentieths of a point (1,440 to the inch), so that every font is a whole number of them and the
// same layout serves pixels, SVG and PDF. Text never collides: labels are elided, turned, thinned, or left
// out.
#pragma once

#include <QFont>
#include <QRectF>
#include <vector>

#include "ui/exporting/figure_plan.h"
#include "ui/widgets/token_axis.h"

namespace attnviz::ui {

inline constexpr int kUnitsPerInch = 1440;
inline constexpr int kUnitsPerPoint = 20;

struct PanelLayout {
    QRectF map;
    QRectF title;  // empty: none
    bool queryLabels = false, keyLabels = false;
    TokenAxisLayout queries, keys;  // in units of `axisScale`
    double cellWidth = 0, cellHeight = 0;
};

struct FigureLayout {
    double width = 0, height = 0;
    int titleSize = 0, labelSize = 0, tickSize = 0;  // font sizes
    int axisSize = 0;      // of tokens: labelSize, or less where that shows them all
    double axisScale = 1;  // units of one pixel of a token axis' layout
    QRectF title, subtitle, queryTitle, keyTitle, colorBar, colorBarTitle;
    std::vector<PanelLayout> panels;
    bool valuesShown = false;  // in the cells
};

QFont figureFont(int units, QFont::Weight weight = QFont::Normal);

FigureLayout layoutFigure(const FigurePlan& plan, double widthInches, double heightInches);

inline constexpr int kAxisFontPixels = 11;
inline constexpr double kAxisLineHeight = 14;

}  // namespace attnviz::ui
