#include "ui/widgets/color_scale.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace attnviz::ui {
namespace {

constexpr double kSmallestLog = 1e-12;

}  // namespace

ColorScale::ColorScale() {
    for (int i = 0; i < 256; ++i) m_colors[static_cast<std::size_t>(i)] = qRgb(i, i, i);
    makeTable();
}

ColorScale::ColorScale(const Colormap& map, double low, double high, bool logarithmic)
    : m_low(low), m_high(high), m_logarithmic(logarithmic), m_diverging(map.diverging) {
    if (m_logarithmic) m_low = std::max(m_low, kSmallestLog);
    if (!(m_high > m_low)) m_high = m_logarithmic ? m_low * 10 : m_low + 1;
    for (std::size_t i = 0; i < 256; ++i)
        m_colors[i] = qRgb(map.entries[i].r, map.entries[i].g, map.entries[i].b);
    makeTable();
}

void ColorScale::makeTable() {
    for (int k = 0; k <= 256; ++k) {
        // The smallest float that is at or above the exact threshold.
        const double exact = valueAt(k / 256.0);
        auto threshold = static_cast<float>(exact);
        if (threshold < exact) threshold = std::nextafter(threshold, std::numeric_limits<float>::infinity());
        m_thresholds[static_cast<std::size_t>(k)] = threshold;
    }
    m_first.resize(0x8000);
    for (std::uint32_t bits = 0; bits < 0x8000; ++bits) {
        const auto least = std::bit_cast<float>(bits << 16);
        const auto above = std::upper_bound(m_thresholds.begin(), m_thresholds.begin() + 256, least);
        m_first[bits] =
            static_cast<std::uint8_t>(std::max<std::ptrdiff_t>(0, above - m_thresholds.begin() - 1));
    }
}

double ColorScale::zeroToOne(double value) const {
    if (m_logarithmic)
        return value <= m_low ? 0.0
                              : std::clamp(std::log(value / m_low) / std::log(m_high / m_low), 0.0, 1.0);
    return std::clamp((value - m_low) / (m_high - m_low), 0.0, 1.0);
}

double ColorScale::valueAt(double zeroToOne) const {
    if (m_logarithmic) return m_low * std::pow(m_high / m_low, zeroToOne);
    return m_low + (m_high - m_low) * zeroToOne;
}

int ColorScale::indexOf(float value) const {
    if (!(value >= m_thresholds[1])) return 0;  // NaN too
    if (value >= m_thresholds[255]) return 255;
    if (value < 0) {
        const auto above = std::upper_bound(m_thresholds.begin(), m_thresholds.begin() + 256, value);
        return static_cast<int>(above - m_thresholds.begin()) - 1;
    }
    std::size_t entry = m_first[std::bit_cast<std::uint32_t>(value) >> 16];
    for (int tries = 0; tries < 4; ++tries) {
        if (value < m_thresholds[entry + 1]) return static_cast<int>(entry);
        ++entry;
    }
    const auto above = std::upper_bound(m_thresholds.begin() + static_cast<std::ptrdiff_t>(entry),
                                        m_thresholds.begin() + 256, value);
    return static_cast<int>(above - m_thresholds.begin()) - 1;
}

}  // namespace attnviz::ui
