#include "core/exporting/figure_presets.h"

#include <array>

namespace attnviz {
namespace {

constexpr double kMillimetersPerInch = 25.4;
constexpr std::array kPresets{
    FigurePreset{"3.25in", 3.25, "one column of ICML, ACL and CVPR"},
    FigurePreset{"89mm", 89 / kMillimetersPerInch, "one column of Nature"},
    FigurePreset{"5.5in", 5.5, "the text of NeurIPS and ICLR"},
    FigurePreset{"6.75in", 6.75, "both columns of ICML"},
    FigurePreset{"183mm", 183 / kMillimetersPerInch, "both columns of Nature"},
};

}  // namespace

std::span<const FigurePreset> figurePresets() {
    return kPresets;
}

const FigurePreset* findFigurePreset(std::string_view name) {
    for (const auto& preset : kPresets)
        if (preset.name == name) return &preset;
    return nullptr;
}

}  // namespace attnviz
