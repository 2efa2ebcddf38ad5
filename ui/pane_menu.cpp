#include "ui/pane_menu.h"

#include <QAction>
#include <QClipboard>
#include <QCoreApplication>
#include <QFileDialog>
#include <QFileInfo>
#include <QGuiApplication>
#include <QMenu>

#include "ui/exporting/widget_figure.h"
#include "ui/panes/pane.h"
#include "ui/state/workspace.h"

namespace attnviz::ui {
namespace {

QString tr(const char* text) {
    return QCoreApplication::translate("PaneMenu", text);
}

void exportFigure(Pane& pane, Workspace& workspace) {
    auto* picture = pane.picture();
    if (!picture) return;
    QString path =
        QFileDialog::getSaveFileName(&pane, tr("Export the figure"), "figure.png",
                                     tr("PNG image (*.png);;SVG drawing (*.svg);;PDF document (*.pdf)"));
    if (path.isEmpty()) return;
    if (QFileInfo(path).suffix().isEmpty()) path += ".png";
    if (const auto written = writeFigure(*picture, path); written)
        emit workspace.noticed(tr("Exported %1").arg(QFileInfo(path).fileName()));
    else
        emit workspace.filterRefused(QString::fromStdString(written.error().sentence()));
}

}  // namespace

QMenu* makePaneMenu(Pane& pane, Workspace& workspace, QWidget* parent) {
    auto* menu = new QMenu(parent);
    auto* figure = menu->addAction(tr("Copy figure"));
    auto* values = menu->addAction(tr("Copy values"));
    auto* file = menu->addAction(tr("Export figure…"));
    QObject::connect(menu, &QMenu::aboutToShow, &pane, [&pane, figure, values, file] {
        figure->setEnabled(pane.picture() != nullptr);
        file->setEnabled(pane.picture() != nullptr);
        values->setEnabled(!pane.values().isEmpty());
    });
    QObject::connect(figure, &QAction::triggered, &pane, [&pane, &workspace] {
        if (!pane.picture()) return;
        copyFigure(*pane.picture());
        emit workspace.noticed(tr("The figure is on the clipboard"));
    });
    QObject::connect(values, &QAction::triggered, &pane, [&pane, &workspace] {
        const QString text = pane.values();
        if (text.isEmpty()) return;
        QGuiApplication::clipboard()->setText(text);
        emit workspace.noticed(tr("The values are on the clipboard"));
    });
    QObject::connect(file, &QAction::triggered, &pane,
                     [&pane, &workspace] { exportFigure(pane, workspace); });
    return menu;
}

}  // namespace attnviz::ui
