#include "core/exporting/still_image.h"

#include <png.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace attnviz {
namespace {

constexpr int kMaskedIndex = 256;

Result<std::string> encode(png_image& image, const void* pixels, const void* palette) {
    png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image);
    std::string png(size, '\0');
    if (!png_image_write_to_memory(&image, png.data(), &size, 0, pixels, 0, palette))
        return internalError(std::string("the still picture cannot be encoded: ") + image.message);
    png.resize(size);
    return png;
}

}  // namespace

double colourPosition(float weight, bool logarithmic) {
    if (!logarithmic) return weight;
    return weight > 0 ? 1.0 + std::log10(static_cast<double>(weight)) / 4.0 : 0.0;
}

Result<std::string> stillImagePng(std::span<const float> cells, int rows, int columns,
                                  const Colormap& colormap, bool logarithmic, int scale) {
    std::vector<int> indices(cells.size());
    std::array<int, 257> place;
    place.fill(-1);
    std::vector<Rgb> used;
    for (std::size_t i = 0; i < cells.size(); ++i) {
        const int index =
            cells[i] < 0 ? kMaskedIndex : Colormap::indexOf(colourPosition(cells[i], logarithmic));
        indices[i] = index;
        int& at = place[static_cast<std::size_t>(index)];
        if (at >= 0) continue;
        at = static_cast<int>(used.size());
        used.push_back(index == kMaskedIndex ? kMaskedGround
                                             : colormap.entries[static_cast<std::size_t>(index)]);
    }
    const bool palette = used.size() <= 256;
    png_image image{};
    image.version = PNG_IMAGE_VERSION;
    image.width = static_cast<png_uint_32>(columns * scale);
    image.height = static_cast<png_uint_32>(rows * scale);
    image.format = palette ? PNG_FORMAT_RGB_COLORMAP : PNG_FORMAT_RGB;
    image.colormap_entries = palette ? static_cast<png_uint_32>(used.size()) : 0;
    std::vector<std::uint8_t> pixels;
    pixels.reserve(static_cast<std::size_t>(image.width) * image.height * (palette ? 1 : 3));
    for (int y = 0; y < rows * scale; ++y)
        for (int x = 0; x < columns * scale; ++x) {
            const auto cell =
                static_cast<std::size_t>(y / scale) * columns + static_cast<std::size_t>(x / scale);
            const int at = place[static_cast<std::size_t>(indices[cell])];
            if (palette) {
                pixels.push_back(static_cast<std::uint8_t>(at));
            } else {
                const Rgb colour = used[static_cast<std::size_t>(at)];
                pixels.insert(pixels.end(), {colour.r, colour.g, colour.b});
            }
        }
    static_assert(sizeof(Rgb) == 3, "the palette is handed over as it lies in memory");
    return encode(image, pixels.data(), palette ? used.data() : nullptr);
}

}  // namespace attnviz
