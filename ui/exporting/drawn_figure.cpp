#include "ui/exporting/drawn_figure.h"

#include <QGuiApplication>

namespace attnviz::ui {

Result<DrawnFigure> drawnFigure(const ExportRequest& request, std::stop_token stop) {
    if (!qobject_cast<QGuiApplication*>(QCoreApplication::instance()))
        return internalError("figures need an application that can draw");
    for (const double inches : {request.widthInches, request.heightInches})
        if (!(inches >= 2 && inches <= 100))
            return badInput("a figure of " + QString::number(request.widthInches).toStdString() + " x " +
                                QString::number(request.heightInches).toStdString() +
                                " inches cannot be drawn",
                            {}, "Width and height are 2 to 100 inches.");
    auto plan = planFigure(request, std::move(stop));
    if (!plan) return plan.error();
    FigureLayout layout = layoutFigure(*plan, request.widthInches, request.heightInches);
    return DrawnFigure{*std::move(plan), std::move(layout)};
}

}  // namespace attnviz::ui
