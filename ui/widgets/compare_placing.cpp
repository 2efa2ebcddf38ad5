// Where the maps of a comparison stand, and which part of each is seen.
#include <algorithm>
#include <cmath>

#include "ui/theme/appearance.h"
#include "ui/widgets/compare_view.h"
#include "ui/widgets/linked_axis.h"

namespace attnviz::ui {
namespace {

constexpr double kEdge = 12, kGap = 20, kBar = 32, kMostCell = 40, kSmallestSpan = 2, kMostAbove = 40;
constexpr double kSmallFontBelow = 13;
constexpr double kTightestSmall = 0.82;  // lines of the small font touch below nine pixels
constexpr int kSynchronousTokens = 256;  // one tile: painting waits for less than a millisecond

std::size_t index(int value) {
    return static_cast<std::size_t>(value);
}

}  // namespace

// Maps in their places within the room of each, and what labels take.
struct CompareView::Attempt {
    double left = 0, top = 0;
    double least = kMostCell;  // the smallest of their cells
    std::vector<Placed> placed;
};

void CompareView::makePanels() {
    auto* inset = static_cast<QCPLayoutInset*>(plotLayout()->element(0, 0));
    while (m_panels.size() > m_maps.size()) {
        removePlottable(m_panels.back().cells);
        inset->remove(m_panels.back().rect);
        m_panels.pop_back();
    }
    while (m_panels.size() < m_maps.size()) {
        Panel panel;
        panel.rect = new QCPAxisRect(this, false);
        panel.rect->setAutoMargins(QCP::msNone);
        panel.rect->setMargins(QMargins());
        panel.rect->setMinimumSize(1, 1);
        panel.keys = panel.rect->addAxis(QCPAxis::atBottom);
        panel.queries = panel.rect->addAxis(QCPAxis::atLeft);
        for (auto* axis : {panel.keys, panel.queries}) {
            axis->setVisible(false);
            axis->grid()->setVisible(false);
        }
        panel.queries->setRangeReversed(true);
        inset->addElement(panel.rect, QRectF(0, 0, 0.1, 0.1));
        panel.cells = new AttentionPlottable(panel.keys, panel.queries);
        const int map = static_cast<int>(m_panels.size());
        panel.cells->setTileRequest([this, map](const TileKey& key) {
            m_wanted.emplace(map, key);
            emit tileWanted(map, key);
        });
        m_panels.push_back(panel);
    }
    for (std::size_t map = 0; map < m_maps.size(); ++map) {
        const auto& info = m_maps[map].source->info();
        m_panels[map].cells->setMap(m_maps[map].source, m_maps[map].head);
        m_panels[map].cells->setSynchronous(info.queries <= kSynchronousTokens &&
                                            info.keys <= kSynchronousTokens);
    }
}

double CompareView::mostZoom() const {
    double tokens = 0;
    for (const int at : m_shown)
        tokens = std::max({tokens, static_cast<double>(m_maps[index(at)].queries.size()),
                           static_cast<double>(m_maps[index(at)].keys.size())});
    return std::max(1.0, tokens / kSmallestSpan);
}

// The same share of every map, around what is anchored as far as the map reaches.
CompareView::Range CompareView::rangeOf(const CompareMap& map) const {
    const auto part = [this](const std::vector<int>& joint, double place, double at) {
        const auto count = static_cast<double>(joint.size());
        const double span = count / m_zoom;
        const double lower = std::clamp(ownPlace(joint, place) - at * span, 0.0, count - span);
        return QCPRange(lower, lower + span);
    };
    return {part(map.jointQueries, m_anchor.y(), m_anchoredAt.y()),
            part(map.jointKeys, m_anchor.x(), m_anchoredAt.x())};
}

// The largest cells at which each map fits beside labels of the given breadths, and those labels.
CompareView::Attempt CompareView::attempt(double left, double top, double width, double height) const {
    Attempt out;
    for (const int at : m_shown) {
        const auto& map = m_maps[index(at)];
        const auto keys = static_cast<double>(map.jointKeys.size()),
                   queries = static_cast<double>(map.jointQueries.size());
        const double fitted =
            std::clamp(std::min((width - left) / keys, (height - top) / queries), 0.01, kMostCell);
        const Range range = rangeOf(map);
        Placed placed;
        placed.map = at;
        placed.cell = fitted * m_zoom;
        const bool small = placed.cell < kSmallFontBelow;
        placed.font = small ? 10 : 11;
        const QFontMetricsF metrics(tokenFont(placed.font));
        placed.rect.setSize({std::max(1.0, keys * fitted), std::max(1.0, queries * fitted)});
        TokenAxisRequest request;
        request.lineHeight = small ? 11 : 16;
        if (small) request.tightest = kTightestSmall;
        request.widthOf = [&metrics](const QString& text) { return metrics.horizontalAdvance(text); };
        request.labels = &map.keys;
        request.lower = range.keys.lower;
        request.upper = range.keys.upper;
        request.length = placed.rect.width();
        request.maxBreadth = top - 6;
        if (m_keyLabels) placed.keys = layoutTokenAxis(request);
        request.across = false;
        request.labels = &map.queries;
        request.lower = range.queries.lower;
        request.upper = range.queries.upper;
        request.length = placed.rect.height();
        request.maxBreadth = left - 6;
        placed.queries = layoutTokenAxis(request);
        out.top = std::max(out.top, m_keyLabels ? placed.keys.breadth + 6 : 2);
        out.left = std::max(out.left, placed.queries.breadth + 8);
        out.least = std::min(out.least, fitted);
        out.placed.push_back(std::move(placed));
    }
    return out;
}

void CompareView::place(Room kept) {
    m_placed.clear();
    std::erase_if(m_shown, [this](int at) { return at < 0 || index(at) >= m_maps.size(); });
    if (m_shown.empty() || width() < 40 || height() < 40) return putPanels();
    m_zoom = std::clamp(m_zoom, 1.0, mostZoom());
    const auto count = static_cast<double>(m_shown.size());
    const double room = (width() - 2 * kEdge - kGap * (count - 1)) / count;
    m_bars = height() >= 190;
    const double high = height() - kTitle - (m_bars ? kBar : 8);
    m_keyLabels = high >= 130;  // maps are worth more than their labels where there is little room
    double left = std::clamp(room * 0.3, 24.0, 92.0),
           top = m_keyLabels ? std::clamp(high * 0.3, 24.0, 80.0) : 2;
    if (kept == Room::kept && m_labelRoom.y() > 0) {
        left = m_labelRoom.x();
        top = m_labelRoom.y();
    }
    Attempt best = attempt(left, top, room, high);
    for (int tries = 0; tries < 3 && (best.left > left || best.top > top); ++tries) {
        left = std::max(left, best.left);
        top = std::max(top, best.top);
        best = attempt(left, top, room, high);
    }
    if (kept == Room::kept) {
        best.left = std::max(best.left, m_labels.x());
        best.top = std::max(best.top, m_labels.y());
    } else {
        // Shorter labels leave room for larger cells, unless those call for longer labels again.
        const double less = std::min(left, best.left), lower = std::min(top, best.top);
        Attempt again = attempt(less, lower, room, high);
        if (again.least > best.least && again.left <= best.left + 0.5 && again.top <= best.top + 0.5) {
            best = std::move(again);
            left = less;
            top = lower;
        }
    }
    m_labelRoom = {left, top};
    m_labels = {best.left, best.top};

    double used = 0;
    double tallest = 0;
    for (const auto& placed : best.placed) {
        used += best.left + placed.rect.width();
        tallest = std::max(tallest, placed.rect.height());
    }
    // Room that is left over goes above and below, as in the heatmap.
    const double above = std::min(kMostAbove, std::max(0.0, high - best.top - tallest) / 2);
    const double gap = count > 1 ? std::min(48.0, (width() - 2 * kEdge - used) / (count - 1)) : 0;
    double x = std::max(kEdge, (width() - used - gap * (count - 1)) / 2);
    m_placed = std::move(best.placed);
    for (auto& placed : m_placed) {
        x += best.left;
        placed.rect.moveTo(std::round(x), std::round(kTitle + best.top + above));
        x += placed.rect.width() + gap;
    }
    putPanels();
}

// The plot's own layout works in whole pixels: what is painted around a map follows it.
void CompareView::putPanels() {
    auto* inset = static_cast<QCPLayoutInset*>(plotLayout()->element(0, 0));
    for (std::size_t map = 0; map < m_panels.size(); ++map)
        m_panels[map].cells->setVisible(std::ranges::find(m_placed, static_cast<int>(map), &Placed::map) !=
                                        m_placed.end());
    for (const auto& placed : m_placed) {
        const auto& panel = m_panels[index(placed.map)];
        const auto share = [](double pixels, int whole) {
            return (std::floor(pixels) + 0.3) / std::max(1, whole);
        };
        inset->setInsetPlacement(placed.map, QCPLayoutInset::ipFree);
        inset->setInsetRect(
            placed.map, QRectF(share(placed.rect.left(), width()), share(placed.rect.top(), height()),
                               share(placed.rect.width(), width()), share(placed.rect.height(), height())));
        const Range range = rangeOf(m_maps[index(placed.map)]);
        panel.keys->setRange(range.keys);
        panel.queries->setRange(range.queries);
    }
    plotLayout()->setOuterRect(QRect(0, 0, width(), height()));
    for (const auto phase :
         {QCPLayoutElement::upPreparation, QCPLayoutElement::upMargins, QCPLayoutElement::upLayout})
        plotLayout()->update(phase);
    for (auto& placed : m_placed) {
        placed.rect = QRectF(m_panels[index(placed.map)].rect->rect());
        placed.cell = placed.rect.width() / m_panels[index(placed.map)].keys->range().size();
    }
    dress();
}

}  // namespace attnviz::ui
