// What is painted, as a file: SVG and PDF set up once for all figures, and the sizes that can be drawn.
//
// SVG has real text with a list of families and images of one pixel a cell that no viewer smooths; PDF is one
// page of exactly the size, its images lossless. The same figure is the same file, whenever it is written.
#pragma once

#include <QByteArray>
#include <QString>
#include <functional>

#include "core/base/result.h"

class QCPPainter;
class QImage;

namespace attnviz::ui {

enum class FigureFormat { png, svg, pdf };
// By the suffix; an Error names those that are known.
Result<FigureFormat> figureFormatOf(const QString& path);

struct FigureSheet {
    QString title;
    double widthInches = 12, heightInches = 8;
};

// Refuses sizes outside 2 to 100 inches.
Result<void> checkInches(const FigureSheet& sheet);
// Refuses resolutions and pixels that no image can have.
Result<void> checkPixels(const FigureSheet& sheet, int dpi);

// Paints in units of which an inch has `unitsPerInch`; its Error is the file's.
using PaintFigure = std::function<Result<void>(QCPPainter&)>;
Result<QByteArray> svgFile(const FigureSheet& sheet, int unitsPerInch, const PaintFigure& paint);
Result<QByteArray> pdfFile(const FigureSheet& sheet, int unitsPerInch, const PaintFigure& paint);
// The image with its resolution said.
Result<QByteArray> pngFile(QImage image, int dpi);

}  // namespace attnviz::ui
