#include "ui/widgets/compare_view.h"

#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <algorithm>
#include <cmath>

#include "ui/theme/appearance.h"
#include "ui/widgets/accessible_value.h"
#include "ui/widgets/color_bar.h"

namespace attnviz::ui {
namespace {

constexpr double kEdge = 12, kGap = 20, kTitle = 22, kBar = 32, kMostCell = 40;
constexpr double kHatchedFrom = 3;  // pixels a cell
constexpr double kSmallFontBelow = 13;

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

CompareView::CompareView(QWidget* parent) : QWidget(parent) {
    setAccessibleRole(*this, QAccessible::Graphic);
    setMouseTracking(true);
    setFocusPolicy(Qt::StrongFocus);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Expanding);
    connect(&Appearance::instance(), &Appearance::changed, this, [this] {
        m_images.assign(m_maps.size(), {});
        update();
    });
}

void CompareView::setMaps(std::vector<CompareMap> maps) {
    m_maps = std::move(maps);
    const Cell shape = jointShape();
    if (m_hovered && (m_hovered->query >= shape.query || m_hovered->key >= shape.key)) m_hovered.reset();
    place();
}

void CompareView::setShown(std::vector<int> maps) {
    if (maps == m_shown) return;
    m_shown = std::move(maps);
    place();
}

void CompareView::setScales(const ColorScale& weights, const ColorScale& differences) {
    m_weights = weights;
    m_differences = differences;
    m_images.assign(m_maps.size(), {});
    update();
}

void CompareView::setHovered(std::optional<Cell> joint) {
    if (joint == m_hovered) return;
    m_hovered = joint;
    update();
}

bool CompareView::pooled() const {
    return std::ranges::any_of(m_placed, [](const Placed& placed) { return placed.stride > 1; });
}

// Of the joint axes: one beyond the last place.
Cell CompareView::jointShape() const {
    Cell shape{0, 0};
    for (const auto& map : m_maps) {
        for (const int place : map.jointQueries) shape.query = std::max(shape.query, place + 1);
        for (const int place : map.jointKeys) shape.key = std::max(shape.key, place + 1);
    }
    return shape;
}

// The largest cells at which each map fits beside labels of the given breadths, and those labels.
CompareView::Attempt CompareView::attempt(double left, double top, double width, double height) const {
    Attempt out;
    for (const int at : m_shown) {
        const auto& map = m_maps[index(at)];
        const auto& grid = *map.grid;
        Placed placed;
        placed.map = at;
        placed.cell = std::clamp(
            std::min((width - left) / std::max(1, grid.columns), (height - top) / std::max(1, grid.rows)),
            0.01, kMostCell);
        while (placed.cell * placed.stride * devicePixelRatioF() < 0.999) placed.stride *= 2;
        const bool small = placed.cell < kSmallFontBelow;
        placed.font = small ? 10 : 11;
        const QFontMetricsF metrics(tokenFont(placed.font));
        placed.rect.setSize({grid.columns * placed.cell, grid.rows * placed.cell});
        TokenAxisRequest request;
        request.lineHeight = small ? 11 : 16;
        request.widthOf = [&metrics](const QString& text) { return metrics.horizontalAdvance(text); };
        request.labels = &map.keys;
        request.upper = grid.columns;
        request.length = placed.rect.width();
        request.maxBreadth = top - 6;
        if (m_keyLabels) placed.keys = layoutTokenAxis(request);
        request.across = false;
        request.labels = &map.queries;
        request.upper = grid.rows;
        request.length = placed.rect.height();
        request.maxBreadth = left - 6;
        placed.queries = layoutTokenAxis(request);
        out.top = std::max(out.top, m_keyLabels ? placed.keys.breadth + 6 : 2);
        out.left = std::max(out.left, placed.queries.breadth + 8);
        out.least = std::min(out.least, placed.cell);
        out.placed.push_back(std::move(placed));
    }
    return out;
}

void CompareView::place() {
    m_placed.clear();
    m_images.assign(m_maps.size(), {});
    std::erase_if(m_shown, [this](int at) { return index(at) >= m_maps.size() || !m_maps[index(at)].grid; });
    if (m_shown.empty() || width() < 40 || height() < 40) return update();
    const auto count = static_cast<double>(m_shown.size());
    const double room = (width() - 2 * kEdge - kGap * (count - 1)) / count;
    m_bars = height() >= 190;
    const double high = height() - kTitle - (m_bars ? kBar : 8);
    m_keyLabels = high >= 130;  // maps are worth more than their labels where there is little room
    double left = std::clamp(room * 0.3, 24.0, 92.0),
           top = m_keyLabels ? std::clamp(high * 0.3, 24.0, 80.0) : 2;
    Attempt best = attempt(left, top, room, high);
    for (int tries = 0; tries < 3 && (best.left > left || best.top > top); ++tries) {
        left = std::max(left, best.left);
        top = std::max(top, best.top);
        best = attempt(left, top, room, high);
    }
    // Shorter labels leave room for larger cells, unless those call for longer labels again.
    Attempt again = attempt(std::min(left, best.left), std::min(top, best.top), room, high);
    if (again.least > best.least && again.left <= best.left + 0.5 && again.top <= best.top + 0.5)
        best = std::move(again);

    double used = 0;
    for (const auto& placed : best.placed) used += best.left + placed.rect.width();
    const double gap = count > 1 ? std::min(48.0, (width() - 2 * kEdge - used) / (count - 1)) : 0;
    double x = std::max(kEdge, (width() - used - gap * (count - 1)) / 2);
    m_placed = std::move(best.placed);
    for (auto& placed : m_placed) {
        x += best.left;
        placed.rect.moveTo(std::round(x), std::round(kTitle + best.top));
        x += placed.rect.width() + gap;
    }
    update();
}

QRectF CompareView::mapRect(int map) const {
    const auto found = std::ranges::find(m_placed, map, &Placed::map);
    return found == m_placed.end() ? QRectF() : found->rect;
}

std::optional<Cell> CompareView::ownCell(const CompareMap& map, Cell joint) const {
    const auto query = std::ranges::lower_bound(map.jointQueries, joint.query),
               key = std::ranges::lower_bound(map.jointKeys, joint.key);
    if (query == map.jointQueries.end() || *query != joint.query || key == map.jointKeys.end() ||
        *key != joint.key)
        return std::nullopt;
    return Cell{static_cast<int>(query - map.jointQueries.begin()),
                static_cast<int>(key - map.jointKeys.begin())};
}

QRectF CompareView::cellRect(int map, Cell joint) const {
    const auto placed = std::ranges::find(m_placed, map, &Placed::map);
    const auto own = placed == m_placed.end() ? std::nullopt : ownCell(m_maps[index(map)], joint);
    return own ? QRectF(placed->rect.left() + own->key * placed->cell,
                        placed->rect.top() + own->query * placed->cell, placed->cell, placed->cell)
               : QRectF();
}

std::optional<Cell> CompareView::cellAt(const QPointF& position) const {
    for (const auto& placed : m_placed) {
        const auto& map = m_maps[index(placed.map)];
        const int row = static_cast<int>(std::floor((position.y() - placed.rect.top()) / placed.cell)),
                  column = static_cast<int>(std::floor((position.x() - placed.rect.left()) / placed.cell));
        if (row >= 0 && column >= 0 && row < map.grid->rows && column < map.grid->columns)
            return Cell{map.jointQueries[index(row)], map.jointKeys[index(column)]};
    }
    return std::nullopt;
}

// One pixel for each square of `stride` cells.
QImage CompareView::imageOf(const Placed& placed) const {
    const auto& map = m_maps[index(placed.map)];
    const int stride = placed.stride;
    const auto& grid = *map.grid;
    const auto& p = ui::palette();
    const QRgb masked = (map.difference ? p.maskedDiverging : p.masked).rgb();
    const QRgb alone = (placed.cell >= kHatchedFrom ? p.panel : mixed(p.panel, p.disabledText, 0.3)).rgb();
    const auto& scale = map.difference ? m_differences : m_weights;
    QImage image((grid.columns + stride - 1) / stride, (grid.rows + stride - 1) / stride,
                 QImage::Format_RGB32);
    for (int y = 0; y < image.height(); ++y) {
        auto* line = reinterpret_cast<QRgb*>(image.scanLine(y));
        for (int x = 0; x < image.width(); ++x) {
            std::optional<float> kept;
            bool isAlone = false;
            for (int row = y * stride; row < std::min(grid.rows, (y + 1) * stride); ++row)
                for (int column = x * stride; column < std::min(grid.columns, (x + 1) * stride); ++column) {
                    const std::size_t at = grid.at(row, column);
                    isAlone = isAlone || grid.cells[at] == DifferenceCell::alone;
                    if (grid.cells[at] != DifferenceCell::both) continue;
                    if (!kept || std::abs(grid.values[at]) > std::abs(*kept)) kept = grid.values[at];
                }
            line[x] = kept ? scale.color(*kept) : isAlone ? alone : masked;
        }
    }
    return image;
}

void CompareView::paintHatches(QPainter& painter, const Placed& placed) const {
    const auto& map = m_maps[index(placed.map)];
    const QRectF& rect = placed.rect;
    const double cell = placed.cell;
    if (!map.difference || cell < kHatchedFrom) return;
    const auto& grid = *map.grid;
    painter.save();
    painter.setPen(Qt::NoPen);
    painter.setBrush(QBrush(ui::palette().controlOutline, Qt::BDiagPattern));
    painter.setOpacity(0.45);
    for (int row = 0; row < grid.rows; ++row)
        for (int column = 0; column < grid.columns;) {
            const auto isAlone = [&](int at) {
                return at < grid.columns && grid.cells[grid.at(row, at)] == DifferenceCell::alone;
            };
            int end = column;
            while (isAlone(end)) ++end;
            if (end > column)
                painter.drawRect(QRectF(rect.left() + column * cell, rect.top() + row * cell,
                                        (end - column) * cell, cell));
            column = std::max(end, column + 1);
        }
    painter.restore();
}

void CompareView::paintMap(QPainter& painter, const Placed& placed) {
    const auto& map = m_maps[index(placed.map)];
    const auto& p = ui::palette();
    const QRectF& rect = placed.rect;
    auto& image = m_images[index(placed.map)];
    if (image.isNull()) image = imageOf(placed);
    painter.save();
    painter.setClipRect(rect);
    const double pixel = placed.cell * placed.stride;
    painter.drawImage(QRectF(rect.topLeft(), QSizeF(image.width() * pixel, image.height() * pixel)), image);
    paintHatches(painter, placed);
    painter.restore();
    painter.setPen(p.line);
    painter.setBrush(Qt::NoBrush);
    painter.drawRect(rect.adjusted(-1, -1, 0, 0));

    painter.setFont(interfaceFont(12, QFont::DemiBold));
    painter.setPen(p.text);
    const double mark = QFontMetricsF(painter.font()).horizontalAdvance(map.mark) + 10;
    painter.drawText(QRectF(rect.left(), 3, mark, kTitle - 4), Qt::AlignVCenter | Qt::TextSingleLine,
                     map.mark);
    painter.setFont(interfaceFont(11));
    painter.setPen(p.secondaryText);
    const double room = std::max(20.0, rect.width() - mark);
    painter.drawText(QRectF(rect.left() + mark, 3, room, kTitle - 4), Qt::AlignVCenter | Qt::TextSingleLine,
                     QFontMetricsF(painter.font()).elidedText(map.title, Qt::ElideRight, room));

    const auto own = m_hovered ? ownCell(map, *m_hovered) : std::nullopt;
    TokenAxisPaint paint;
    paint.fontPixels = placed.font;
    paint.lineHeight = placed.font < 11 ? 11 : 16;
    paint.x = rect.left();
    paint.y = rect.top();
    paint.marked = own ? own->key : -1;
    paint.boldColor = p.text;
    paint.bold = &map.boldKeys;
    paint.numbers = map.keyNumbers.empty() ? nullptr : &map.keyNumbers;
    paintTokenAxis(painter, placed.keys, paint, p.secondaryText, p.secondaryText, p.keyMark);
    paint.across = false;
    paint.marked = own ? own->query : -1;
    paint.bold = &map.boldQueries;
    paint.numbers = map.queryNumbers.empty() ? nullptr : &map.queryNumbers;
    paintTokenAxis(painter, placed.queries, paint, p.secondaryText, p.secondaryText, p.accent);
}

// The frame of the cell, and dotted lines to its tokens.
void CompareView::paintHovered(QPainter& painter, const Placed& placed) const {
    if (!m_hovered) return;
    QRectF cell = cellRect(placed.map, *m_hovered);
    if (cell.isEmpty()) return;
    const auto& p = ui::palette();
    const bool light = !m_maps[index(placed.map)].difference;
    painter.setBrush(Qt::NoBrush);
    painter.setPen(QPen(light ? QColor(255, 255, 255, 200) : p.secondaryText, 1, Qt::DotLine));
    painter.drawLine(QPointF(placed.rect.left(), cell.center().y()), QPointF(cell.left(), cell.center().y()));
    painter.drawLine(QPointF(cell.center().x(), placed.rect.top()), QPointF(cell.center().x(), cell.top()));
    // Cells below a few pixels are framed as a mark of a size that can be seen.
    const double more = std::max(0.0, 6 - placed.cell) / 2;
    cell.adjust(-more, -more, more, more);
    painter.setPen(QPen(p.dark ? Qt::black : Qt::white, 4));
    painter.drawRect(cell);
    painter.setPen(QPen(p.dark ? Qt::white : Qt::black, 2));
    painter.drawRect(cell);
}

// One bar below the maps of weights, one below the difference.
void CompareView::paintBars(QPainter& painter) const {
    QRectF weights, difference;
    for (const auto& placed : m_placed)
        (m_maps[index(placed.map)].difference ? difference : weights) |= placed.rect;
    const auto& p = ui::palette();
    for (const auto& [span, scale] : {std::pair(weights, &m_weights), std::pair(difference, &m_differences)})
        if (!span.isEmpty())
            paintColorBar(painter, *scale,
                          {QRectF(span.left(), span.bottom() + 9, span.width(), 7),
                           false,
                           p.secondaryText,
                           p.line,
                           {},
                           11});
}

void CompareView::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.fillRect(rect(), ui::palette().panel);
    painter.setRenderHint(QPainter::SmoothPixmapTransform, false);
    for (const auto& placed : m_placed) paintMap(painter, placed);
    for (const auto& placed : m_placed) paintHovered(painter, placed);
    if (m_bars) paintBars(painter);
    if (m_keyboardFocus) {
        painter.setBrush(Qt::NoBrush);
        painter.setPen(QPen(ui::palette().accent, 2));
        painter.drawRect(rect().adjusted(1, 1, -1, -1));
    }
}

void CompareView::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    place();
}

void CompareView::mouseMoveEvent(QMouseEvent* event) {
    const auto found = cellAt(event->position());
    if (found == m_hovered) return;
    setHovered(found);
    emit hoverChanged(found);
}

void CompareView::mousePressEvent(QMouseEvent* event) {
    setFocus(Qt::MouseFocusReason);
    if (event->button() != Qt::LeftButton) return;
    if (const auto found = cellAt(event->position())) emit cellClicked(*found, event->modifiers());
}

void CompareView::leaveEvent(QEvent*) {
    if (!m_hovered) return;
    setHovered(std::nullopt);
    emit hoverChanged(std::nullopt);
}

void CompareView::keyPressEvent(QKeyEvent* event) {
    const Cell shape = jointShape();
    if (shape.query == 0 || shape.key == 0) return QWidget::keyPressEvent(event);
    Cell to = m_hovered.value_or(Cell{shape.query - 1, 0});
    switch (event->key()) {
        case Qt::Key_Left:
            --to.key;
            break;
        case Qt::Key_Right:
            ++to.key;
            break;
        case Qt::Key_Up:
            --to.query;
            break;
        case Qt::Key_Down:
            ++to.query;
            break;
        case Qt::Key_Return:
        case Qt::Key_Enter:
        case Qt::Key_Space:
            if (m_hovered) emit cellClicked(*m_hovered, event->modifiers());
            return;
        default:
            return QWidget::keyPressEvent(event);
    }
    if (!m_hovered) to = {shape.query - 1, 0};
    setHovered(Cell{std::clamp(to.query, 0, shape.query - 1), std::clamp(to.key, 0, shape.key - 1)});
    emit hoverChanged(m_hovered);
}

void CompareView::focusInEvent(QFocusEvent* event) {
    QWidget::focusInEvent(event);
    m_keyboardFocus = event->reason() == Qt::TabFocusReason || event->reason() == Qt::BacktabFocusReason;
    update();
}

void CompareView::focusOutEvent(QFocusEvent* event) {
    QWidget::focusOutEvent(event);
    m_keyboardFocus = false;
    update();
}

}  // namespace attnviz::ui
