// Comma-separated values in long form, a line a cell: layer,head,query,key,query_token,key_token,weight.
//
// Every cell that its query may see is written, zeros too; masked cells and padded keys are not, because they
// have no weight. A model with several attentions (encoder, decoder, cross) has the column "attention" in
// front. Weights are the shortest text that reads back the same float32; layers and heads keep the model's
// numbers.
#include <algorithm>
#include <array>
#include <charconv>

#include "core/exporting/exporters.h"
#include "core/exporting/selected_attention.h"
#include "core/exporting/unicode_text.h"

namespace attnviz {
namespace {

constexpr std::size_t kDrainBytes = std::size_t{1} << 18U;
constexpr std::size_t kBlockFloats = std::size_t{1} << 18U;

template <class Number>
void append(std::string& out, Number value) {
    std::array<char, 32> buffer;
    out.append(buffer.data(), std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr);
}

struct Labels {
    std::vector<std::string> queries, keys;  // ready to be written
};

void appendRow(std::string& out, const std::string& start, int layer, int query,
               std::span<const float> weights, const Visibility& visibility, const Labels& labels) {
    const KeyRange range = visibility.range(layer, query);
    for (int key = range.begin; key < range.end; ++key) {
        if (visibility.masked(key)) continue;
        out += start;
        append(out, query);
        out += ',';
        append(out, key);
        out += ',';
        out += labels.queries[static_cast<std::size_t>(query)];
        out += ',';
        out += labels.keys[static_cast<std::size_t>(key)];
        out += ',';
        append(out, weights[static_cast<std::size_t>(key)]);
        out += "\r\n";
    }
}

Result<void> writeSource(const ExportedSource& exported, const std::string& kind, const Labels& labels,
                         ByteSink& sink, const ProgressSink& progress, std::stop_token stop) {
    const AttentionSource& source = *exported.source;
    const AttentionInfo& info = source.info();
    const auto keys = static_cast<std::size_t>(info.keys);
    const int block = static_cast<int>(
        std::clamp<std::size_t>(kBlockFloats / std::max<std::size_t>(keys, 1), 1, std::max(info.queries, 1)));
    std::vector<float> rows(static_cast<std::size_t>(block) * keys);
    std::string out;
    for (int layer = 0; layer < info.layers; ++layer) {
        if (progress) {
            progress({"Writing layer " + std::to_string(layer + 1) + " of " + std::to_string(info.layers),
                      static_cast<double>(layer) / info.layers});
        }
        for (int head = 0; head < info.heads; ++head) {
            const std::string start = kind +
                                      std::to_string(exported.layers[static_cast<std::size_t>(layer)]) + ',' +
                                      std::to_string(exported.heads[static_cast<std::size_t>(head)]) + ',';
            for (int query = 0; query < info.queries; query += block) {
                const int count = std::min(block, info.queries - query);
                const std::span<float> part(rows.data(), static_cast<std::size_t>(count) * keys);
                if (auto done = source.rows({layer, head}, query, count, part, stop); !done) return done;
                for (int i = 0; i < count; ++i) {
                    if (stop.stop_requested()) return cancelled();
                    appendRow(out, start, layer, query + i,
                              part.subspan(static_cast<std::size_t>(i) * keys, keys), info.visibility,
                              labels);
                    if (out.size() < kDrainBytes) continue;
                    if (auto done = sink.write(out); !done) return done;
                    out.clear();
                }
            }
        }
    }
    return sink.write(out);
}

std::vector<std::string> escaped(const std::vector<AxisLabel>& labels) {
    std::vector<std::string> fields;
    fields.reserve(labels.size());
    for (const auto& label : labels) fields.push_back(csvText(label.text));
    return fields;
}

Result<void> writeCsv(const ExportRequest& request, ByteSink& sink, const ProgressSink& progress,
                      std::stop_token stop) {
    const auto sources = exportedSources(request);
    if (!sources) return sources.error();
    const bool several = sources->size() > 1;
    const std::string columns = "layer,head,query,key,query_token,key_token,weight\r\n";
    if (auto done = sink.write(several ? "attention," + columns : columns); !done) return done;
    const AttentionRun& run = *request.session.run;
    for (const auto& exported : *sources) {
        const AttentionSource& source = *exported.source;
        const Labels labels{escaped(queryLabels(run, source)), escaped(keyLabels(run, source))};
        const std::string kind =
            several ? std::string(attentionKindName(source.info().kind)) + ',' : std::string();
        if (auto done = writeSource(exported, kind, labels, sink, progress, stop); !done) return done;
    }
    return {};
}

}  // namespace

const ExporterDescriptor kCsvExporter{
    .id = "csv", .title = "Comma-separated values", .suffixes = {".csv"}, .write = &writeCsv};

}  // namespace attnviz
