// A map as a PNG without text: each cell a square of its exact colour. What the page shows where scripts may
// not run.
#pragma once

#include <span>
#include <string>

#include "core/base/result.h"
#include "core/exporting/colormap.h"

namespace attnviz {

inline constexpr Rgb kMaskedGround{0xF1, 0xF3, 0xF5};

// `cells` are row-major (rows, columns); negative ones are masked. Colours are over [0, 1], or four decades
// of it where `logarithmic`. Each cell is a square of `scale` pixels. 256 colours; 24 bits where map and
// ground need one more.
Result<std::string> stillImagePng(std::span<const float> cells, int rows, int columns,
                                  const Colormap& colormap, bool logarithmic, int scale);

// Where a weight lies in the colour map.
double colourPosition(float weight, bool logarithmic);

}  // namespace attnviz
