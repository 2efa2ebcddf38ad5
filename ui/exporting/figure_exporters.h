// Figures as exporters: PNG, SVG, PDF; one row each in figure_exporters.cpp.
//
// They need a QGuiApplication (on any platform; commands use the offscreen one), and draw on white in either
// theme.
#pragma once

#include "core/exporting/exporter.h"

namespace attnviz {

extern const ExporterDescriptor kPngExporter, kSvgExporter, kPdfExporter;

std::span<const ExporterDescriptor* const> figureExporters();

}  // namespace attnviz
