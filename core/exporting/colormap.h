// A colour map: 256 colours for values from zero to one. What every picture of the program is coloured with.
//
// The tables are files (resources/colormaps, made by resources/make_colormaps.py), read once a process. Data
// colours never change with the theme. Masked cells are not in a map: their ground belongs to whoever draws.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace attnviz {

struct Rgb {
    std::uint8_t r = 0, g = 0, b = 0;
    bool operator==(const Rgb&) const = default;
};

struct Colormap {
    std::string name;
    std::array<Rgb, 256> entries{};
    bool diverging = false;  // for signed differences: 0.5 (entry 128) is the neutral colour

    // [0, 1) in 256 equal steps; below 0 (and NaN) is the first entry, from 1 on the last.
    static int indexOf(double zeroToOne) {
        if (!(zeroToOne > 0.0)) return 0;
        return zeroToOne >= 1.0 ? 255 : static_cast<int>(zeroToOne * 256.0);
    }
    Rgb at(double zeroToOne) const { return entries[static_cast<std::size_t>(indexOf(zeroToOne))]; }
};

// All names, in the order of menus; "viridis" is the first.
std::span<const std::string_view> colormapNames();

// Valid for the life of the process; may be asked from any thread. An unknown name is refused with the
// allowed ones, a missing or damaged table with its path.
Result<const Colormap*> findColormap(std::string_view name);

}  // namespace attnviz
