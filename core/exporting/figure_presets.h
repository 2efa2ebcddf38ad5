// The widths that journals and conferences print figures at, by name.
#pragma once

#include <span>
#include <string_view>

namespace attnviz {

struct FigurePreset {
    std::string_view name;
    double widthInches;
    std::string_view use;
};

// In the order of width. The height is the caller's: by custom, the proportion of what would be drawn
// otherwise.
std::span<const FigurePreset> figurePresets();

// A null pointer for an unknown name.
const FigurePreset* findFigurePreset(std::string_view name);

}  // namespace attnviz
