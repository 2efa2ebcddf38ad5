#include "ui/theme/palette.h"

#include <algorithm>
#include <cmath>

namespace attnviz::ui {
namespace {

double linear(double channel) {
    return channel <= 0.03928 ? channel / 12.92 : std::pow((channel + 0.055) / 1.055, 2.4);
}

double luminance(const QColor& color) {
    return 0.2126 * linear(color.redF()) + 0.7152 * linear(color.greenF()) + 0.0722 * linear(color.blueF());
}

Palette makeLight() {
    Palette p;
    p.window = "#EEF0F3";
    p.bars = "#F6F7F9";
    p.panel = "#FFFFFF";
    p.dockTitle = "#F1F3F6";
    p.readOut = "#F7F8FA";
    p.input = "#FFFFFF";
    p.line = "#D3D8DF";
    p.hairline = "#E6E9ED";
    p.controlOutline = "#8A94A0";
    p.masked = "#F1F3F5";
    p.maskedDiverging = "#E2E6EB";
    p.text = "#1A1F26";
    p.secondaryText = "#56606C";
    p.disabledText = "#6D7783";
    p.accent = "#2A62C4";
    p.onAccent = "#FFFFFF";
    p.keyMark = "#A04E00";
    p.selectedRow = "#DCE7FA";
    p.selectedText = "#17366E";
    p.hoveredRow = "#EDF1F6";
    p.tableBar = "#7A90AD";
    p.warningGround = "#FFF6DF";
    p.warningLine = "#E3C878";
    p.warningText = "#664900";
    p.error = "#B3261E";
    p.strongToken = "#F08C2E";
    p.strongTokenShare = 0.75;
    p.clusters = {QColor("#2878AE"), QColor("#AD6200"), QColor("#A8487F")};
    return p;
}

Palette makeDark() {
    Palette p;
    p.dark = true;
    p.window = "#17191D";
    p.bars = "#23262B";
    p.panel = "#1D2025";
    p.dockTitle = "#262A30";
    p.readOut = "#22252B";
    p.input = "#17191D";
    p.line = "#353A42";
    p.hairline = "#2D3138";
    p.controlOutline = "#6A737F";
    p.masked = "#24272D";
    p.maskedDiverging = "#24272D";
    p.text = "#E4E7EB";
    p.secondaryText = "#A4ADB8";
    p.disabledText = "#87919D";
    p.accent = "#7EAAF5";
    p.onAccent = "#0E1A2E";
    p.keyMark = "#F0A35A";
    p.selectedRow = "#2A3F63";
    p.selectedText = "#DCE8FF";
    p.hoveredRow = "#2B3037";
    p.tableBar = "#6C7F99";
    p.warningGround = "#3A3118";
    p.warningLine = "#6B5A25";
    p.warningText = "#F2DCA0";
    p.error = "#F2857C";
    p.strongToken = "#F08C2E";
    p.strongTokenShare = 0.45;
    p.clusters = {QColor("#62B1E6"), QColor("#E6A23C"), QColor("#DD8DBB")};
    return p;
}

}  // namespace

const Palette& lightPalette() {
    static const Palette palette = makeLight();
    return palette;
}

const Palette& darkPalette() {
    static const Palette palette = makeDark();
    return palette;
}

QColor mixed(const QColor& ground, const QColor& top, double share) {
    const double s = std::clamp(share, 0.0, 1.0);
    const auto mix = [s](int a, int b) { return static_cast<int>(std::lround(a + (b - a) * s)); };
    return {mix(ground.red(), top.red()), mix(ground.green(), top.green()), mix(ground.blue(), top.blue())};
}

double contrastRatio(const QColor& one, const QColor& other) {
    const double a = luminance(one), b = luminance(other);
    return (std::max(a, b) + 0.05) / (std::min(a, b) + 0.05);
}

QColor readableOn(const QColor& ground) {
    return contrastRatio(Qt::white, ground) >= contrastRatio(Qt::black, ground) ? Qt::white : Qt::black;
}

}  // namespace attnviz::ui
