#include "ui/theme/icons.h"

#include <QPainter>
#include <QPixmap>
#include <QSvgRenderer>

#include "ui/theme/appearance.h"

namespace attnviz::ui {
namespace {

// Inside <svg viewBox="0 0 16 16">; stroke unless it says fill.
const char* pathsOf(Icon which) {
    switch (which) {
        case Icon::model:
            return R"(<path d="M5.5 2.5 4.5 13.5M11.5 2.5l-1 11M2.5 5.5h11.5M2 10.5h11.5"/>)";
        case Icon::folder:
            return R"(<path d="M2 12.5v-9h4l1.5 2H14v7z"/>)";
        case Icon::file:
            return R"(<path d="M4 2h5l3 3v9H4zM9 2v3h3"/>)";
        case Icon::text:
            return R"(<path d="M2.5 4h11M2.5 8h11M2.5 12h7"/>)";
        case Icon::run:
            return R"(<path d="M4.5 3v10l8.5-5z" fill="COLOR"/>)";
        case Icon::stop:
            return R"(<rect x="4" y="4" width="8" height="8" fill="COLOR"/>)";
        case Icon::close:
            return R"(<path d="M4 4l8 8M12 4l-8 8"/>)";
        case Icon::dock:
            return R"(<path d="M3 6h7v7H3zM6 6V3h7v7h-3"/>)";
        case Icon::warning:
            return R"(<path d="M8 2.5 14.5 13.5h-13zM8 6.5v3.5M8 11.8v.2"/>)";
        case Icon::zoomIn:
            return R"(<path d="M3 8h10M8 3v10"/>)";
        case Icon::zoomOut:
            return R"(<path d="M3 8h10"/>)";
        case Icon::fit:
            return R"(<path d="M3 6V3h3M10 3h3v3M13 10v3h-3M6 13H3v-3"/>)";
        case Icon::copy:
            return R"(<path d="M5.5 5.5h7v8h-7zM3.5 10.5v-8h7"/>)";
        case Icon::exportFile:
            return R"(<path d="M8 10V2.5M5 5.5l3-3 3 3M3 9.5v4h10v-4"/>)";
        case Icon::drop:
            return R"(<path d="M8 2.5V10M5 7l3 3 3-3M3 13.5h10"/>)";
        case Icon::pin:
            return R"(<path d="M5.5 2.5h5M6.5 2.5v5L4.5 9.5h7l-2-2v-5M8 9.5v4"/>)";
    }
    return "";
}

QColor colorOf(IconColor color) {
    const auto& p = ui::palette();
    switch (color) {
        case IconColor::text:
            return p.text;
        case IconColor::secondary:
            return p.secondaryText;
        case IconColor::accent:
            return p.accent;
        case IconColor::onAccent:
            return p.onAccent;
        case IconColor::warning:
            return p.warningText;
        case IconColor::error:
            return p.error;
    }
    return p.text;
}

QPixmap drawn(const QByteArray& svg, int pixels) {
    QSvgRenderer renderer(svg);
    QPixmap pixmap(pixels, pixels);
    pixmap.fill(Qt::transparent);
    QPainter painter(&pixmap);
    renderer.render(&painter);
    return pixmap;
}

void addSizes(QIcon& icon, const QByteArray& svg, QIcon::Mode mode) {
    for (const int pixels : {16, 20, 24, 32, 40, 64}) icon.addPixmap(drawn(svg, pixels), mode);
}

QByteArray svgOf(Icon which, const QColor& color) {
    QByteArray svg =
        R"(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><g fill="none" stroke="COLOR" stroke-width="1.4" stroke-linecap="round" stroke-linejoin="round">)" +
        QByteArray(pathsOf(which)) + "</g></svg>";
    return svg.replace("COLOR", color.name().toLatin1());
}

}  // namespace

QIcon icon(Icon which, IconColor color) {
    QIcon out;
    addSizes(out, svgOf(which, colorOf(color)), QIcon::Normal);
    addSizes(out, svgOf(which, ui::palette().disabledText), QIcon::Disabled);
    return out;
}

QIcon programIcon() {
    // A causal map, as the program shows it.
    QByteArray svg =
        R"(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"><rect width="64" height="64" rx="10" fill="#F1F3F5"/>)";
    const char* colors[4][4] = {{"#FDE725", "", "", ""},
                                {"#35B779", "#31688E", "", ""},
                                {"#31688E", "#FDE725", "#443983", ""},
                                {"#440154", "#443983", "#21918C", "#90D743"}};
    for (int row = 0; row < 4; ++row)
        for (int column = 0; column <= row; ++column)
            svg += QString("<rect x='%1' y='%2' width='13' height='13' fill='%3'/>")
                       .arg(5 + column * 14)
                       .arg(5 + row * 14)
                       .arg(colors[row][column])
                       .toLatin1();
    svg += "</svg>";
    QIcon out;
    for (const int pixels : {16, 24, 32, 48, 64, 128, 256}) out.addPixmap(drawn(svg, pixels));
    return out;
}

}  // namespace attnviz::ui
