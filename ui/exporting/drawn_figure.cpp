#include "ui/exporting/drawn_figure.h"

#include <QGuiApplication>

namespace attnviz::ui {

FigureSheet sheetOf(const ExportRequest& request) {
    return {QString(), request.widthInches, request.heightInches};
}

Result<DrawnFigure> drawnFigure(const ExportRequest& request, std::stop_token stop) {
    if (!qobject_cast<QGuiApplication*>(QCoreApplication::instance()))
        return internalError("figures need an application that can draw");
    if (auto fits = checkInches(sheetOf(request)); !fits) return fits.error();
    auto plan = planFigure(request, std::move(stop));
    if (!plan) return plan.error();
    FigureLayout layout = layoutFigure(*plan, request.widthInches, request.heightInches);
    return DrawnFigure{*std::move(plan), std::move(layout)};
}

}  // namespace attnviz::ui
