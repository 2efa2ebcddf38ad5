// The colours of the window by their role, light and dark. Data colours are not here: they never change with
// the theme (core/exporting/colormap.h).
#pragma once

#include <QColor>
#include <array>

namespace attnviz::ui {

struct Palette {
    bool dark = false;
    QColor window, bars, panel, dockTitle, readOut, input;
    QColor line, hairline, controlOutline;
    QColor masked, maskedDiverging;  // grounds of cells that the query may not see; never a map colour
    QColor text, secondaryText, disabledText;
    QColor accent, onAccent;  // what is chosen, focused or running; the query
    QColor keyMark;           // the key
    QColor selectedRow, selectedText, hoveredRow, tableBar;
    QColor warningGround, warningLine, warningText, error;
    QColor strongToken;  // the ground of the strongest token
    double strongTokenShare = 0.75;
    std::array<QColor, 3> clusters;
};

const Palette& lightPalette();
const Palette& darkPalette();

// `share` of `top` over `ground`, 0 to 1.
QColor mixed(const QColor& ground, const QColor& top, double share);
// The ratio of WCAG 2: 1 to 21.
double contrastRatio(const QColor& one, const QColor& other);
// Black or white, whichever contrasts more.
QColor readableOn(const QColor& ground);

}  // namespace attnviz::ui
