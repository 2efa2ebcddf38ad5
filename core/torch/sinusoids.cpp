#include "core/torch/sinusoids.h"

#include <cmath>

namespace attnviz {

at::Tensor sinusoids(std::int64_t count, std::int64_t width, SinusoidOrder order) {
    at::Tensor table = at::empty({count, width}, at::kFloat);
    auto* row = table.data_ptr<float>();
    const std::int64_t sines = (width + 1) / 2;
    for (std::int64_t position = 0; position < count; ++position, row += width)
        for (std::int64_t feature = 0; feature < width; ++feature) {
            const std::int64_t pair = feature / 2;
            const double angle =
                static_cast<double>(position) /
                std::pow(10000.0, 2.0 * static_cast<double>(pair) / static_cast<double>(width));
            const bool sine = feature % 2 == 0;
            const std::int64_t at = order == SinusoidOrder::interleaved ? feature
                                    : sine                              ? pair
                                                                        : sines + pair;
            row[at] = static_cast<float>(sine ? std::sin(angle) : std::cos(angle));
        }
    return table;
}

}  // namespace attnviz
