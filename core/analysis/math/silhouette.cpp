#include "core/analysis/math/silhouette.h"

#include <algorithm>
#include <limits>

namespace attnviz {

std::vector<double> silhouettes(const Eigen::MatrixXd& distances, const std::vector<int>& labels,
                                int clusters) {
    const std::size_t count = labels.size();
    std::vector<double> values(count, std::numeric_limits<double>::quiet_NaN());
    if (clusters < 2 || static_cast<std::size_t>(clusters) >= count) return values;
    std::vector<double> sizes(static_cast<std::size_t>(clusters), 0), sums(sizes.size());
    for (const int label : labels) sizes[static_cast<std::size_t>(label)] += 1;
    for (std::size_t point = 0; point < count; ++point) {
        const auto own = static_cast<std::size_t>(labels[point]);
        values[point] = 0;
        if (sizes[own] == 1) continue;
        std::fill(sums.begin(), sums.end(), 0.0);
        for (std::size_t other = 0; other < count; ++other)
            sums[static_cast<std::size_t>(labels[other])] +=
                distances(static_cast<Eigen::Index>(other), static_cast<Eigen::Index>(point));
        const double within = sums[own] / (sizes[own] - 1);
        double beside = std::numeric_limits<double>::infinity();
        for (std::size_t cluster = 0; cluster < sizes.size(); ++cluster)
            if (cluster != own && sizes[cluster] > 0)
                beside = std::min(beside, sums[cluster] / sizes[cluster]);
        const double larger = std::max(within, beside);
        if (larger > 0) values[point] = (beside - within) / larger;
    }
    return values;
}

}  // namespace attnviz
