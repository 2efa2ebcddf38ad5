// The report in Markdown: the Python library's sections with the same numbers, then the corrected ones. One
// report an attention, one after another, where a model has several. Figures are files of their own and are
// not referred to.
#include "core/analysis/report.h"

#include "core/exporting/exporters.h"
#include "core/exporting/selected_attention.h"

namespace attnviz {
namespace {

Result<void> writeMarkdown(const ExportRequest& request, ByteSink& sink, const ProgressSink& progress,
                           std::stop_token stop) {
    const auto sources = exportedSources(request);
    if (!sources) return sources.error();
    const AttentionRun& run = *request.session.run;
    for (const auto& exported : *sources) {
        if (stop.stop_requested()) return cancelled();
        ReportOptions options;
        options.generated = request.created;
        // Heads are numbered anew, layers keep their numbers: the report has a section a layer.
        options.layers = exported.layers;
        const auto report = markdownReport(run, *exported.headsOnly(), options, progress, stop);
        if (!report) return report.error();
        if (sources->size() > 1) {
            const auto kind = attentionKindName(exported.source->info().kind);
            if (auto done = sink.write((&exported == &sources->front() ? "<!-- " : "\n<!-- ") +
                                       std::string(kind) + " attention -->\n\n");
                !done)
                return done;
        }
        if (auto done = sink.write(*report); !done) return done;
    }
    return {};
}

}  // namespace

const ExporterDescriptor kMarkdownExporter{
    .id = "md", .title = "Markdown report", .suffixes = {".md", ".markdown"}, .write = &writeMarkdown};

}  // namespace attnviz
