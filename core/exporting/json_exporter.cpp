// The session as JSON, plain or gzip: what the window saves, and a superset of what the Python library
// exported.
//
// With a selection or filters it holds what was asked for: the chosen layers and heads, numbered anew, seen
// through the filters. The key "exported" says then which they were in the model; readers that do not know it
// keep it.
#include <algorithm>

#include "core/base/json_value.h"
#include "core/exporting/exporters.h"
#include "core/exporting/selected_attention.h"

namespace attnviz {
namespace {

Result<void> checkTokens(const AttentionRun& run, const AttentionSource& source) {
    const AttentionInfo& info = source.info();
    if (run.queriesOf(source).tokens.size() == static_cast<std::size_t>(info.queries) &&
        run.keysOf(source).tokens.size() == static_cast<std::size_t>(info.keys))
        return {};
    return unsupported("a session holds maps of tokens, and a filter has joined them to words", {},
                       "Switch words off, or export CSV or a page.");
}

std::string exportedJson(const std::vector<ExportedSource>& sources) {
    JsonValue list = JsonValue::array();
    for (const auto& one : sources) {
        const AttentionInfo& info = one.source->info();
        list.push(JsonValue::object({{"kind", attentionKindName(info.kind)},
                                     {"layers", JsonValue::arrayOf(one.layers)},
                                     {"heads", JsonValue::arrayOf(one.heads)},
                                     {"combined", info.combined},
                                     {"renormalized", info.renormalized}}));
    }
    return list.toText(0);
}

Result<void> writeSessionFile(const ExportRequest& request, ByteSink& sink, std::stop_token stop, bool gzip) {
    Session session = request.session;
    if (!request.created.empty()) session.created = request.created;
    const auto sources = exportedSources(request);
    if (!sources) return sources.error();
    const bool selected =
        std::any_of(sources->begin(), sources->end(), [](const auto& one) { return one.selection; });
    const bool filtered = !request.sources.empty() && request.sources != session.run->sources;
    if (selected || filtered) {
        auto run = std::make_shared<AttentionRun>(*session.run);
        run->sources.clear();
        for (const auto& one : *sources) {
            if (auto checked = checkTokens(*run, *one.source); !checked) return checked;
            run->sources.push_back(one.source);
        }
        session.run = std::move(run);
        std::erase_if(session.unknownKeys, [](const auto& member) { return member.first == "exported"; });
        session.unknownKeys.emplace_back("exported", exportedJson(*sources));
        if (request.notices) {
            const auto selection = selectionSentence(request, *sources);
            request.notices->push_back("The session holds " +
                                       (selection.empty() ? "filtered weights" : selection) +
                                       (filtered && !selection.empty() ? ", filtered." : "."));
        }
    }
    SessionWriteOptions options;
    // Queries and keys, where the run is kept so, take float16 as well as weights do.
    options.encoding = request.halfPrecision ? SessionEncoding::factoredFloat16 : session.encoding;
    options.includeMetadata = request.includeMetadata;
    options.gzip = gzip || request.compress;
    return writeSession(session, options, sink, std::move(stop));
}

Result<void> writeJson(const ExportRequest& request, ByteSink& sink, const ProgressSink&,
                       std::stop_token stop) {
    return writeSessionFile(request, sink, std::move(stop), false);
}

Result<void> writeGzipJson(const ExportRequest& request, ByteSink& sink, const ProgressSink&,
                           std::stop_token stop) {
    return writeSessionFile(request, sink, std::move(stop), true);
}

}  // namespace

const ExporterDescriptor kJsonExporter{
    .id = "json", .title = "Session", .suffixes = {".json"}, .write = &writeJson};

const ExporterDescriptor kGzipJsonExporter{
    .id = "json.gz", .title = "Session, compressed", .suffixes = {".json.gz"}, .write = &writeGzipJson};

}  // namespace attnviz
