#include "ui/exporting/figure_layout.h"

#include <QFontMetricsF>
#include <algorithm>
#include <cmath>

#include "ui/widgets/number_text.h"

namespace attnviz::ui {
namespace {

constexpr double kPoint = kUnitsPerPoint;
constexpr double kCos60 = 0.5;
constexpr double kLeastAxisPoints = 4.5;
constexpr double kTightestLines = 0.8;               // on paper
constexpr double kLongestTick = 52, kTickRoom = 11;  // in pixels of an axis' layout
constexpr int kManyPanels = 25;                      // from here on small panels carry no tokens

double textWidth(const QString& text, int size, QFont::Weight weight = QFont::Normal) {
    return QFontMetricsF(figureFont(size, weight)).horizontalAdvance(text);
}

class Layouter {
 public:
    Layouter(const FigurePlan& plan, double widthInches, double heightInches) : m_plan(plan) {
        m_layout.width = widthInches * kUnitsPerInch;
        m_layout.height = heightInches * kUnitsPerInch;
        // Print sizes up to 5.5 in; larger figures are seen from further away.
        m_factor = std::clamp(std::min(widthInches, heightInches) / 4.0, 1.0, 1.7);
        m_layout.titleSize = static_cast<int>(std::lround(8 * m_factor * kPoint));
        m_layout.labelSize = static_cast<int>(std::lround(7 * m_factor * kPoint));
        m_layout.tickSize = static_cast<int>(std::lround(6 * m_factor * kPoint));
        setAxisSize(m_layout.labelSize);
    }

    FigureLayout layout() {
        placeFrame();
        const int count = static_cast<int>(m_plan.panels.size());
        double best = -1;
        for (int columns = 1; columns <= count; ++columns) {
            if (columns > 1 && (count + columns - 1) / columns == (count + columns - 2) / (columns - 1))
                continue;
            const double side = fill(columns);
            if (side > best * 1.001) {
                best = side;
                m_columns = columns;
            }
        }
        if (m_plan.columns > 0) m_columns = m_plan.columns;
        fill(m_columns);
        placeTexts();
        return m_layout;
    }

 private:
    double points(double value) const { return value * m_factor * kPoint; }

    void setAxisSize(int size) {
        m_layout.axisSize = size;
        m_layout.axisScale = static_cast<double>(size) / kAxisFontPixels;
    }

    // Smaller labels where only they let every token have its own.
    void chooseAxisSize(double cell) {
        const double fitting = cell / (kAxisLineHeight * kTightestLines + 0.05) * kAxisFontPixels;
        const bool helps = fitting < m_layout.labelSize && fitting >= kLeastAxisPoints * kPoint;
        setAxisSize(helps ? static_cast<int>(fitting) : m_layout.labelSize);
    }

    // Title above, colour bar to the right, what is left is `m_area`.
    void placeFrame() {
        const double edge = points(5);
        double top = edge;
        if (!m_plan.title.isEmpty()) {
            m_layout.title = QRectF(edge, top, m_layout.width - 2 * edge, m_layout.titleSize * 1.4);
            top = m_layout.title.bottom();
        }
        if (!m_plan.subtitle.isEmpty()) {
            m_layout.subtitle = QRectF(edge, top, m_layout.width - 2 * edge, m_layout.tickSize * 1.5);
            top = m_layout.subtitle.bottom();
        }
        top += points(4);
        double widest = 0;
        for (const double tick : niceTicks(m_plan.scale.high()))
            widest = std::max(widest, textWidth(QString::number(tick, 'g', 3), m_layout.tickSize));
        m_barRoom = points(10 + 7 + 4) + widest + points(4) + m_layout.labelSize * 1.3 + edge;
        const double left = edge + m_layout.labelSize * 1.5;
        const double bottom = m_layout.height - edge - m_layout.labelSize * 1.6;
        m_area =
            QRectF(left, top, std::max(1.0, m_layout.width - m_barRoom - left), std::max(1.0, bottom - top));
    }

    bool labelsWanted() const { return static_cast<int>(m_plan.panels.size()) < kManyPanels; }

    TokenAxisLayout axis(const QStringList& labels, bool across, double length, double breadth) const {
        const QFontMetricsF metrics(figureFont(m_layout.axisSize));
        const double scale = m_layout.axisScale;
        TokenAxisRequest request;
        request.labels = &labels;
        request.across = across;
        request.upper = static_cast<double>(labels.size());
        request.length = length / scale;
        request.maxBreadth = breadth / scale;
        request.lineHeight = kAxisLineHeight;
        request.tightest = kTightestLines;
        request.widthOf = [&](const QString& text) { return metrics.horizontalAdvance(text) / scale; };
        TokenAxisLayout layout = layoutTokenAxis(request);
        if (layout.form != TokenAxisForm::ticks) return layout;
        // On paper a tick names its own token, not the text that begins there.
        double longest = 0;
        for (auto& label : layout.labels) {
            label.text = elided(labels[label.token], kLongestTick, request.widthOf);
            longest = std::max(longest, request.widthOf(label.text));
        }
        if (!across) layout.breadth = longest + layout.indexBreadth + kTickRoom;
        return layout;
    }

    // How far labels reach beyond both ends of their edge together.
    double overhang(const TokenAxisLayout& keys, double length) const {
        double beyond = 0, before = 0;
        const double scale = m_layout.axisScale;
        for (const auto& label : keys.labels) {
            const double width = textWidth(label.text, m_layout.axisSize), at = label.at * scale;
            if (keys.form == TokenAxisForm::turned60) {
                beyond = std::max(beyond, at + width * kCos60 + m_layout.axisSize * 0.7 - length);
            } else if (keys.form != TokenAxisForm::turned90) {
                const double half = std::max(width, textWidth(countText(label.token), m_layout.axisSize)) / 2;
                beyond = std::max(beyond, at + half - length);
                before = std::max(before, half - at);
            }
        }
        return beyond + before + (before > 0 ? points(3) : 0);
    }

    // Lays all panels out in so many columns; returns the smaller side of a cell relative to the tokens.
    double fill(int columns) {
        const int count = static_cast<int>(m_plan.panels.size());
        const int rows = (count + columns - 1) / columns;
        const bool shared = m_plan.sameTokens;
        const double titleHeight = count >= kManyPanels ? m_layout.tickSize * 1.2
                                   : count > 1          ? m_layout.labelSize * 1.5
                                                        : 0;
        double queryBreadth = points(20), keyBreadth = points(20), beyond = 0;
        double cellWidth = 0, cellHeight = 0;
        int mostQueries = 1, mostKeys = 1;
        for (const auto& panel : m_plan.panels) {
            mostQueries = std::max(mostQueries, static_cast<int>(panel.queries.size()));
            mostKeys = std::max(mostKeys, static_cast<int>(panel.keys.size()));
        }
        const double gap = points(count >= kManyPanels ? 4 : 9);
        const int labelledColumns = shared ? 1 : columns, labelledRows = shared ? 1 : rows;
        const double most = labelsWanted() ? 0.3 : 0;
        for (int round = 0; round < 6; ++round) {
            const double labelsAcross = labelsWanted() ? queryBreadth * labelledColumns : 0;
            const double labelsDown = labelsWanted() ? keyBreadth * labelledRows : 0;
            const double spread = std::max(gap, beyond);
            const double last = std::max(0.0, beyond - m_barRoom * 0.9);
            const double width = std::max(
                points(2), (m_area.width() - labelsAcross - last - spread * (columns - 1)) / columns);
            const double height = std::max(
                points(2), (m_area.height() - labelsDown - titleHeight * rows - gap * (rows - 1)) / rows);
            const double side = std::min(width / mostKeys, height / mostQueries);
            // Square cells, unless the map would be a thread: then at least a quarter of what there is.
            cellWidth = std::max(side, std::min(width / mostKeys, 0.25 * width / mostKeys));
            cellHeight = std::max(side, std::min(height / mostQueries, 0.25 * height / mostQueries));
            if (!labelsWanted()) break;
            chooseAxisSize(std::min(cellWidth, cellHeight));
            double queries = 0, keys = 0, over = 0;
            for (const auto& panel : m_plan.panels) {
                const auto down =
                    axis(panel.queries, false, cellHeight * static_cast<double>(panel.queries.size()),
                         m_area.width() * most / labelledColumns);
                const double length = cellWidth * static_cast<double>(panel.keys.size());
                const auto across = axis(panel.keys, true, length, m_area.height() * most / labelledRows);
                queries = std::max(queries, down.breadth * m_layout.axisScale + points(6));
                keys = std::max(keys, across.breadth * m_layout.axisScale + points(5));
                over = std::max(over, overhang(across, length));
                if (shared) break;
            }
            const bool settled = std::abs(queries - queryBreadth) < 1 && std::abs(keys - keyBreadth) < 1;
            // Reserved room only grows once the form has changed back and forth.
            queryBreadth = round < 3 ? queries : std::max(queries, queryBreadth);
            keyBreadth = round < 3 ? keys : std::max(keys, keyBreadth);
            beyond = over;
            if (settled) break;
        }
        place(columns, cellWidth, cellHeight, queryBreadth, keyBreadth, std::max(gap, beyond), gap,
              titleHeight);
        return std::min(cellWidth, cellHeight);
    }

    void place(int columns, double cellWidth, double cellHeight, double queryBreadth, double keyBreadth,
               double columnGap, double rowGap, double titleHeight) {
        const int count = static_cast<int>(m_plan.panels.size());
        const int rows = (count + columns - 1) / columns;
        const bool labels = labelsWanted(), shared = m_plan.sameTokens;
        double panelWidth = 0, panelHeight = 0;
        for (const auto& panel : m_plan.panels) {
            panelWidth = std::max(panelWidth, cellWidth * static_cast<double>(panel.keys.size()));
            panelHeight = std::max(panelHeight, cellHeight * static_cast<double>(panel.queries.size()));
        }
        const auto labelLeft = [&](int column) {
            return labels && (!shared || column == 0) ? queryBreadth : 0.0;
        };
        const auto labelTop = [&](int row) { return labels && (!shared || row == 0) ? keyBreadth : 0.0; };
        double width = 0, height = 0;
        for (int column = 0; column < columns; ++column)
            width += labelLeft(column) + panelWidth + (column > 0 ? columnGap : 0);
        for (int row = 0; row < rows; ++row)
            height += labelTop(row) + titleHeight + panelHeight + (row > 0 ? rowGap : 0);
        const double startX = m_area.left() + std::max(0.0, (m_area.width() - width) / 2);
        const double startY = m_area.top() + std::max(0.0, (m_area.height() - height) / 2);
        m_layout.panels.clear();
        m_block = QRectF();
        double y = startY;
        for (int row = 0; row < rows; ++row) {
            double x = startX;
            y += row > 0 ? rowGap : 0;
            const double mapTop = y + titleHeight + labelTop(row);
            for (int column = 0; column < columns && row * columns + column < count; ++column) {
                const int index = row * columns + column;
                x += (column > 0 ? columnGap : 0) + labelLeft(column);
                const auto& panel = m_plan.panels[static_cast<std::size_t>(index)];
                PanelLayout place;
                place.cellWidth = cellWidth;
                place.cellHeight = cellHeight;
                place.map = QRectF(x, mapTop, cellWidth * static_cast<double>(panel.keys.size()),
                                   cellHeight * static_cast<double>(panel.queries.size()));
                if (titleHeight > 0) place.title = QRectF(x, y, panelWidth, titleHeight);
                place.queryLabels = labelLeft(column) > 0;
                place.keyLabels = labelTop(row) > 0;
                if (place.queryLabels)
                    place.queries =
                        axis(panel.queries, false, place.map.height(), queryBreadth - points(6) + 1);
                if (place.keyLabels)
                    place.keys = axis(panel.keys, true, place.map.width(), m_area.height() * 0.3);
                m_block = m_block.united(place.map);
                m_layout.panels.push_back(std::move(place));
                x += panelWidth;
            }
            y = mapTop + panelHeight;
        }
        m_left = startX;
        m_slack = startY - m_area.top();
        const auto& first = m_plan.panels.front();
        const double valueWidth = textWidth(QStringLiteral("1.00"), m_layout.tickSize);
        m_layout.valuesShown = first.queries.size() * first.keys.size() <= 4096 &&
                               cellWidth >= valueWidth + points(2.5) &&
                               cellHeight >= m_layout.tickSize * 1.35;
    }

    void placeTexts() {
        // Titles stand by what they name.
        m_layout.title.translate(0, m_slack);
        m_layout.subtitle.translate(0, m_slack);
        const double line = m_layout.labelSize * 1.4;
        m_layout.queryTitle = QRectF(m_left - line - points(1), m_block.top(), line, m_block.height());
        m_layout.keyTitle = QRectF(m_block.left(), m_block.bottom() + points(3), m_block.width(), line);
        const double barHeight = m_block.height();
        m_layout.colorBar = QRectF(m_block.right() + points(10), m_block.top(), points(7), barHeight);
        m_layout.colorBarTitle = QRectF(m_block.right() + m_barRoom - points(5) - m_layout.labelSize * 1.3,
                                        m_block.top(), m_layout.labelSize * 1.3, barHeight);
    }

    const FigurePlan& m_plan;
    FigureLayout m_layout;
    QRectF m_area, m_block;
    double m_factor = 1, m_barRoom = 0, m_left = 0, m_slack = 0;
    int m_columns = 1;
};

}  // namespace

QFont figureFont(int units, QFont::Weight weight) {
    QFont font;
    font.setFamilies({QStringLiteral("Inter"), QStringLiteral("Noto Sans"), QStringLiteral("DejaVu Sans")});
    font.setStyleHint(QFont::SansSerif);
    font.setPixelSize(std::max(1, units));
    font.setWeight(weight);
    font.setHintingPreference(QFont::PreferNoHinting);
    font.setKerning(true);
    return font;
}

FigureLayout layoutFigure(const FigurePlan& plan, double widthInches, double heightInches) {
    return Layouter(plan, widthInches, heightInches).layout();
}

}  // namespace attnviz::ui
