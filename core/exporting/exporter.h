// An exporter: one file format that a run can leave in. One file, one row in exporters.cpp (figures: in
// ui/exporting/figure_exporters.cpp). Dialog filters, suffixes of the command line and README tables are
// derived.
#pragma once

#include <filesystem>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "core/attention/attention_run.h"
#include "core/base/byte_sink.h"
#include "core/base/progress.h"
#include "core/base/result.h"
#include "core/session/session.h"

namespace attnviz {

enum class Theme { light, dark };

// What goes out, and how it is drawn. Exporters ignore what has no meaning for them.
struct ExportRequest {
    const Session& session;  // session.run is what is exported
    // The run's sources as seen through the filters, one a kind, in the run's order.
    std::vector<std::shared_ptr<const AttentionSource>> sources = {};
    // Empty: for data all; for figures the last layer, mean of all heads.
    std::vector<int> layers = {}, heads = {};
    std::string combine = {};  // "mean", "max", "min", "sum"; empty: heads side by side where possible
    bool includeAttention = true, includeLogits = false, includeHiddenStates = false;
    bool halfPrecision = false;
    bool includeMetadata = true, compress = false;
    std::string title = {}, colormap = "viridis";
    double widthInches = 12, heightInches = 8;
    int dpi = 300;
    Theme theme = Theme::light;
    std::string created = {};  // ISO 8601; tests fix it
    // Where exporters say in a sentence what they left out or rounded; null pointer: nobody asks.
    std::vector<std::string>* notices = nullptr;
};

struct ExporterDescriptor {
    std::string_view id;                     // "npz"
    std::string_view title;                  // "NumPy archive"
    std::vector<std::string_view> suffixes;  // {".npz"}; the longest match wins (".json.gz")
    bool draws = false;                      // a figure: figure options have a meaning
    Result<void> (*write)(const ExportRequest&, ByteSink&, const ProgressSink&, std::stop_token);
};

std::span<const ExporterDescriptor* const> coreExporters();
// By the longest suffix of the file name, in the given tables; null pointer if none.
const ExporterDescriptor* exporterForName(std::string_view fileName,
                                          std::span<const ExporterDescriptor* const> exporters);

}  // namespace attnviz
