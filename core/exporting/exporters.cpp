#include "core/exporting/exporters.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace attnviz {
namespace {

const std::array kExporters{&kJsonExporter, &kGzipJsonExporter, &kHtmlExporter,
                            &kNpzExporter,  &kCsvExporter,      &kMarkdownExporter};

std::string lowered(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) {
        return c < 0x80 ? static_cast<char>(std::tolower(c)) : static_cast<char>(c);
    });
    return out;
}

}  // namespace

std::span<const ExporterDescriptor* const> coreExporters() {
    return kExporters;
}

const ExporterDescriptor* exporterForName(std::string_view fileName,
                                          std::span<const ExporterDescriptor* const> exporters) {
    const std::string name = lowered(fileName);
    const ExporterDescriptor* best = nullptr;
    std::size_t longest = 0;
    for (const auto* exporter : exporters) {
        for (const auto suffix : exporter->suffixes) {
            // A bare ".csv" is a hidden file without a suffix, in whatever folder.
            const bool fits = suffix.size() > longest && name.size() > suffix.size() &&
                              name.ends_with(suffix) && name[name.size() - suffix.size() - 1] != '/';
            if (!fits) continue;
            best = exporter;
            longest = suffix.size();
        }
    }
    return best;
}

}  // namespace attnviz
