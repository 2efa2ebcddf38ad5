#include "ui/exporting/figure_exporters.h"

#include <array>

namespace attnviz {
namespace {

const std::array kFigureExporters{&kPngExporter, &kSvgExporter, &kPdfExporter};

}  // namespace

std::span<const ExporterDescriptor* const> figureExporters() {
    return kFigureExporters;
}

}  // namespace attnviz
