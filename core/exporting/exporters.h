// The exporters that need no window; one row each in exporters.cpp.
#pragma once

#include "core/exporting/exporter.h"

namespace attnviz {

extern const ExporterDescriptor kJsonExporter, kGzipJsonExporter, kHtmlExporter, kNpzExporter, kCsvExporter,
    kMarkdownExporter;

}  // namespace attnviz
