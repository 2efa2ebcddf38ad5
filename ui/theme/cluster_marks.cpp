#include "ui/theme/cluster_marks.h"

#include <QPainter>
#include <QPolygonF>
#include <array>
#include <cmath>
#include <numbers>

#include "ui/theme/appearance.h"

namespace attnviz::ui {
namespace {

constexpr std::size_t kOfPalette = 3;
const std::array<const char*, kClusterMarks - kOfPalette> kLight{"#46782A", "#7355C4", "#B0382B", "#0B7A76",
                                                                 "#6D6B14", "#56687C", "#8A5636"};
const std::array<const char*, kClusterMarks - kOfPalette> kDark{"#8CC46A", "#B49DF2", "#F28B7D", "#4EC6C1",
                                                                "#C4C65C", "#A9B8C8", "#D3A386"};

// A polygon on a circle: `points` corners, every second one at `inner` of the radius where that is not 1.
QPainterPath polygon(int points, double radius, double start, double inner = 1) {
    QPolygonF corners;
    const int count = inner == 1 ? points : 2 * points;
    for (int i = 0; i < count; ++i) {
        const double angle = start + 2 * std::numbers::pi * i / count;
        const double r = i % 2 == 1 ? radius * inner : radius;
        corners << QPointF(r * std::cos(angle), r * std::sin(angle));
    }
    QPainterPath path;
    path.addPolygon(corners);
    path.closeSubpath();
    return path;
}

QPainterPath cross(double half, double arm) {
    QPainterPath path;
    path.setFillRule(Qt::WindingFill);
    path.addRect(QRectF(-half, -arm, 2 * half, 2 * arm));
    path.addRect(QRectF(-arm, -half, 2 * arm, 2 * half));
    return path.simplified();
}

}  // namespace

QColor clusterColor(int cluster) {
    const auto& p = ui::palette();
    const auto at = static_cast<std::size_t>(std::max(0, cluster)) % kClusterMarks;
    if (at < kOfPalette) return p.clusters[at];
    return QColor(p.dark ? kDark[at - kOfPalette] : kLight[at - kOfPalette]);
}

QPainterPath clusterMark(int cluster, double size) {
    constexpr double kUp = -std::numbers::pi / 2, kDown = std::numbers::pi / 2;
    const double r = size / 2;
    QPainterPath path;
    switch (std::max(0, cluster) % kClusterMarks) {
        case 0:
            path.addEllipse(QPointF(0, 0), r, r);
            return path;
        case 1:
            path.addRect(QRectF(-r * 0.9, -r * 0.9, r * 1.8, r * 1.8));
            return path;
        case 2:
            return polygon(3, r * 1.25, kUp).translated(0, r * 0.2);
        case 3:
            return polygon(4, r * 1.25, kUp);
        case 4:
            return polygon(3, r * 1.25, kDown).translated(0, -r * 0.2);
        case 5:
            return cross(r * 1.1, r * 0.4);
        case 6:
            return polygon(5, r * 1.35, kUp, 0.42);
        case 7:
            return QTransform().rotate(45).map(cross(r * 1.2, r * 0.38));
        case 8:
            return polygon(6, r * 1.1, kUp);
        default:
            path.addRect(QRectF(-r * 1.2, -r * 0.5, r * 2.4, r));
            return path;
    }
}

void drawClusterMark(QPainter& painter, const QPointF& at, int cluster, double size) {
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.translate(at);
    painter.fillPath(clusterMark(cluster, size), clusterColor(cluster));
    painter.restore();
}

}  // namespace attnviz::ui
