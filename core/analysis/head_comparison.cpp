#include "core/analysis/head_comparison.h"

#include <algorithm>
#include <cmath>

#include "core/analysis/head_measure.h"
#include "core/analysis/layer_pass.h"
#include "core/attention/difference_attention.h"

namespace attnviz {
namespace {

constexpr int kBandRows = 64;

std::size_t index(int value) {
    return static_cast<std::size_t>(value);
}

bool larger(const HeadChange& one, const HeadChange& other) {
    const float a = std::abs(one.change()), b = std::abs(other.change());
    if (a != b) return a > b;
    return one.query != other.query ? one.query < other.query : one.key < other.key;
}

// The largest of what is added, at most `most`.
class Largest {
 public:
    explicit Largest(std::size_t most) : m_most(most) {}
    void add(const HeadChange& change) {
        if (m_changes.size() == m_most) {
            if (m_most == 0 || !larger(change, m_changes.front())) return;
            std::ranges::pop_heap(m_changes, larger);
            m_changes.pop_back();
        }
        m_changes.push_back(change);
        std::ranges::push_heap(m_changes, larger);  // the smallest in front
    }
    std::vector<HeadChange> take() {
        std::ranges::sort(m_changes, larger);
        return std::move(m_changes);
    }

 private:
    std::size_t m_most;
    std::vector<HeadChange> m_changes;
};

void keepFarthest(float& kept, float value) {
    if (kept == kMaskedCell || std::abs(value) > std::abs(kept)) kept = value;
}

// Joint queries [begin, end): a side's own are neighbours.
struct Band {
    KeyRange left, right;
    std::vector<float> leftRows, rightRows;
};

class Pass {
 public:
    Pass(const AttentionSource& left, HeadId leftHead, const AttentionSource& right, HeadId rightHead,
         const RunAlignment& alignment)
        : m_left(left),
          m_right(right),
          m_leftHead(leftHead),
          m_rightHead(rightHead),
          m_alignment(alignment),
          m_queries(jointAxis(alignment.queries, left.info().queries, right.info().queries)) {
        const auto keys = jointAxis(alignment.keys, left.info().keys, right.info().keys);
        for (std::size_t place = 0; place < keys.size(); ++place)
            if (keys[place].left >= 0 && keys[place].right >= 0) m_places.push_back(static_cast<int>(place));
        m_step = overviewStep(static_cast<int>(m_queries.size()), static_cast<int>(keys.size()));
        m_columns = (static_cast<int>(keys.size()) + m_step - 1) / m_step;
    }

    struct Part {
        HeadMeasure::Sums sums;
        std::vector<HeadChange> changes;
        std::int64_t alignedCells = 0;
        double largestWeight = 0;
        std::vector<float> overview;  // rows of it from that of the part's first query on
    };
    Overview emptyOverview() const {
        Overview overview;
        overview.rows = (static_cast<int>(m_queries.size()) + m_step - 1) / m_step;
        overview.columns = m_columns;
        overview.max.assign(index(overview.rows) * index(m_columns), kMaskedCell);
        return overview;
    }
    void addOverview(int number, const Part& part, Overview& overview) const {
        const std::size_t first = index(number * kBandRows / m_step) * index(m_columns);
        for (std::size_t at = 0; at < part.overview.size(); ++at)
            if (part.overview[at] != kMaskedCell) keepFarthest(overview.max[first + at], part.overview[at]);
    }
    int parts() const { return (static_cast<int>(m_queries.size()) + kBandRows - 1) / kBandRows; }

    Result<Part> part(int number, std::size_t most, const std::stop_token& stop) const {
        const int begin = number * kBandRows,
                  end = std::min(begin + kBandRows, static_cast<int>(m_queries.size()));
        Band band;
        if (auto done =
                readSide(m_left, m_leftHead, begin, end, &TokenPair::left, band.left, band.leftRows, stop);
            !done)
            return done.error();
        if (auto done = readSide(m_right, m_rightHead, begin, end, &TokenPair::right, band.right,
                                 band.rightRows, stop);
            !done)
            return done.error();
        Part part;
        for (const auto* rows : {&band.leftRows, &band.rightRows})
            for (const float weight : *rows)
                part.largestWeight = std::max(part.largestWeight, static_cast<double>(weight));
        HeadMeasure measure(m_left, m_leftHead, m_right, m_rightHead, m_alignment.keys);
        Largest largest(most);
        const int firstCell = begin / m_step, lastCell = (end - 1) / m_step;
        part.overview.assign(index(lastCell - firstCell + 1) * index(m_columns), kMaskedCell);
        for (int place = begin; place < end; ++place) {
            if (stop.stop_requested()) return cancelled();
            const TokenPair& query = m_queries[index(place)];
            if (query.left < 0 || query.right < 0) continue;
            const auto leftKeys = index(m_left.info().keys), rightKeys = index(m_right.info().keys);
            const auto leftRow = std::span<const float>(band.leftRows)
                                     .subspan(index(query.left - band.left.begin) * leftKeys, leftKeys);
            const auto rightRow = std::span<const float>(band.rightRows)
                                      .subspan(index(query.right - band.right.begin) * rightKeys, rightKeys);
            measure.add(query, leftRow, rightRow);
            addChanges(place, query, leftRow, rightRow, largest, part.alignedCells,
                       part.overview.data() + index(place / m_step - firstCell) * index(m_columns));
        }
        part.sums = measure.sums();
        part.changes = largest.take();
        return part;
    }

 private:
    Result<void> readSide(const AttentionSource& source, HeadId head, int begin, int end,
                          int TokenPair::*side, KeyRange& own, std::vector<float>& rows,
                          const std::stop_token& stop) const {
        own = {};
        for (int place = begin; place < end; ++place) {
            const int token = m_queries[index(place)].*side;
            if (token < 0) continue;
            if (own.size() == 0) own.begin = token;
            own.end = token + 1;
        }
        rows.resize(index(own.size()) * index(source.info().keys));
        return own.size() == 0 ? Result<void>() : source.rows(head, own.begin, own.size(), rows, stop);
    }

    void addChanges(int place, const TokenPair& query, std::span<const float> leftRow,
                    std::span<const float> rightRow, Largest& largest, std::int64_t& alignedCells,
                    float* overview) const {
        const Visibility &left = m_left.info().visibility, &right = m_right.info().visibility;
        const KeyRange leftRange = left.range(m_leftHead.layer, query.left),
                       rightRange = right.range(m_rightHead.layer, query.right);
        for (std::size_t at = 0; at < m_places.size(); ++at) {
            const TokenPair& key = m_alignment.keys[at];
            if (!(leftRange.contains(key.left) && !left.masked(key.left)) &&
                !(rightRange.contains(key.right) && !right.masked(key.right)))
                continue;
            ++alignedCells;
            const HeadChange change{place, m_places[at], leftRow[index(key.left)],
                                    rightRow[index(key.right)]};
            if (change.change() != 0) largest.add(change);
            keepFarthest(overview[m_places[at] / m_step], change.change());
        }
    }

    const AttentionSource &m_left, &m_right;
    HeadId m_leftHead, m_rightHead;
    const RunAlignment& m_alignment;
    std::vector<TokenPair> m_queries;
    std::vector<int> m_places;      // of the aligned keys, in their order
    int m_step = 1, m_columns = 0;  // of the overview
};

}  // namespace

Result<HeadComparison> compareHeads(const AttentionSource& left, HeadId leftHead,
                                    const AttentionSource& right, HeadId rightHead,
                                    const RunAlignment& alignment, std::size_t most,
                                    const ProgressSink& progress, std::stop_token stop) {
    const Pass pass(left, leftHead, right, rightHead, alignment);
    std::vector<Pass::Part> parts(index(pass.parts()));
    auto done = inParallel(pass.parts(), pass.parts(), "Comparing rows", progress, stop,
                           [&](int number, std::stop_token inner) -> Result<void> {
                               auto part = pass.part(number, most, inner);
                               if (!part) return part.error();
                               parts[index(number)] = *std::move(part);
                               return {};
                           });
    if (!done) return done.error();
    HeadComparison found;
    HeadMeasure measure(left, leftHead, right, rightHead, alignment.keys);
    Largest largest(most);
    found.overview = pass.emptyOverview();
    for (int number = 0; number < pass.parts(); ++number) {
        const auto& part = parts[index(number)];
        pass.addOverview(number, part, found.overview);
        measure.add(part.sums);
        found.alignedCells += part.alignedCells;
        found.largestWeight = std::max(found.largestWeight, part.largestWeight);
        for (const auto& change : part.changes) largest.add(change);
    }
    found.measure = measure.value();
    found.changes = largest.take();
    return found;
}

}  // namespace attnviz
