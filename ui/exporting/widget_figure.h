// A part of the window as a figure, as it is seen: for the clipboard and for files. PNG at twice the size;
// SVG and PDF as of any figure.
#pragma once

#include <QByteArray>
#include <QString>

#include "core/base/result.h"
#include "ui/exporting/figure_file.h"

class QCPPainter;
class QWidget;

namespace attnviz::ui {

QByteArray figureOf(QWidget& picture, FigureFormat format);
// In the painter's place and scale, on whatever device: text as text, maps cell by cell.
void paintPicture(QWidget& picture, QCPPainter& painter);

// All three at once: a program that pastes takes the best one it knows.
void copyFigure(QWidget& picture);
// Whole or not at all.
Result<void> writeFigure(QWidget& picture, const QString& path);

}  // namespace attnviz::ui
