// Values to colours, exactly: a colour map of 256 entries over a range, linear or logarithmic.
//
// A value has entry k when threshold(k) <= value < threshold(k + 1); linear over 0 to 1 this is
// Colormap::indexOf. Looking up is a table by the upper bits of the float and a few comparisons, so that
// recolouring a window of pixels takes milliseconds whatever the scale. Masked cells (below 0 in a map of
// weights) are the caller's.
#pragma once

#include <QColor>
#include <array>
#include <cstdint>
#include <vector>

#include "core/exporting/colormap.h"

namespace attnviz::ui {

class ColorScale {
 public:
    ColorScale();  // greys over 0 to 1, before a map is known
    ColorScale(const Colormap& map, double low, double high, bool logarithmic);

    double low() const { return m_low; }
    double high() const { return m_high; }
    bool logarithmic() const { return m_logarithmic; }
    bool diverging() const { return m_diverging; }

    // Where a value stands between the ends, 0 to 1; for ticks and markers.
    double zeroToOne(double value) const;
    double valueAt(double zeroToOne) const;
    int indexOf(float value) const;
    QRgb color(float value) const { return m_colors[static_cast<std::size_t>(indexOf(value))]; }
    QRgb entry(int index) const { return m_colors[static_cast<std::size_t>(index)]; }

 private:
    void makeTable();
    double m_low = 0, m_high = 1;
    bool m_logarithmic = false, m_diverging = false;
    std::array<QRgb, 256> m_colors{};
    std::array<float, 257> m_thresholds{};
    std::vector<std::uint8_t>
        m_first;  // by the upper 16 bits of a non-negative float: the entry it begins with
};

}  // namespace attnviz::ui
