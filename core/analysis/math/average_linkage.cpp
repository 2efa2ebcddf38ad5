#include "core/analysis/math/average_linkage.h"

#include <algorithm>
#include <numeric>

#include "core/analysis/math/k_means.h"

namespace attnviz {
namespace {

// Sets that only grow together; each is known by one number.
class Sets {
 public:
    explicit Sets(std::size_t count) : m_parents(count) { std::iota(m_parents.begin(), m_parents.end(), 0); }
    int of(int item) {
        auto& parent = m_parents[static_cast<std::size_t>(item)];
        if (parent != item) parent = of(parent);
        return parent;
    }
    void join(int set, int into) { m_parents[static_cast<std::size_t>(set)] = into; }

 private:
    std::vector<int> m_parents;
};

}  // namespace

Result<std::vector<Merge>> averageLinkage(Eigen::MatrixXd distances, std::stop_token stop) {
    const auto count = static_cast<int>(distances.rows());
    std::vector<int> sizes(static_cast<std::size_t>(count), 1), chain;
    const auto size = [&](int cluster) -> int& { return sizes[static_cast<std::size_t>(cluster)]; };
    std::vector<Merge> merges;  // of rows of the matrix, in the order of the chains
    while (static_cast<int>(merges.size()) + 1 < count) {
        if (stop.stop_requested()) return cancelled();
        if (chain.empty()) {
            int first = 0;
            while (size(first) == 0) ++first;
            chain.push_back(first);
        }
        const int last = chain.back();
        // Of equally near ones the one before in the chain, so that the chain ends.
        int nearest = chain.size() > 1 ? chain[chain.size() - 2] : -1;
        for (int other = 0; other < count; ++other)
            if (other != last && size(other) > 0 &&
                (nearest < 0 || distances(other, last) < distances(nearest, last)))
                nearest = other;
        if (chain.size() < 2 || nearest != chain[chain.size() - 2]) {
            chain.push_back(nearest);
            continue;
        }
        chain.resize(chain.size() - 2);
        const int kept = std::max(last, nearest), gone = std::min(last, nearest);
        merges.push_back({gone, kept, distances(gone, kept), 0});
        const double a = size(gone), b = size(kept);
        for (int other = 0; other < count; ++other)
            if (size(other) > 0)
                distances(other, kept) = distances(kept, other) =
                    (a * distances(other, gone) + b * distances(other, kept)) / (a + b);
        size(kept) += size(gone);
        size(gone) = 0;
    }
    std::stable_sort(merges.begin(), merges.end(),
                     [](const Merge& a, const Merge& b) { return a.height < b.height; });
    Sets sets(static_cast<std::size_t>(2 * count));
    std::vector<int> points(static_cast<std::size_t>(2 * count), 1);
    for (std::size_t i = 0; i < merges.size(); ++i) {
        const int left = sets.of(merges[i].left), right = sets.of(merges[i].right);
        const int made = count + static_cast<int>(i);
        merges[i].left = std::min(left, right);
        merges[i].right = std::max(left, right);
        merges[i].size = points[static_cast<std::size_t>(left)] + points[static_cast<std::size_t>(right)];
        points[static_cast<std::size_t>(made)] = merges[i].size;
        sets.join(left, made);
        sets.join(right, made);
    }
    return merges;
}

std::vector<int> cutTree(const std::vector<Merge>& merges, int clusters) {
    const auto count = static_cast<int>(merges.size()) + 1;
    Sets sets(static_cast<std::size_t>(2 * count));
    for (int i = 0; i < count - std::clamp(clusters, 1, count); ++i) {
        sets.join(merges[static_cast<std::size_t>(i)].left, count + i);
        sets.join(merges[static_cast<std::size_t>(i)].right, count + i);
    }
    std::vector<int> labels;
    labels.reserve(static_cast<std::size_t>(count));
    for (int point = 0; point < count; ++point) labels.push_back(sets.of(point));
    renumber(labels);
    return labels;
}

}  // namespace attnviz
