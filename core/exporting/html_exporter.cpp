// One page that opens from disk, holds all weights, and reaches for nothing: resources/page assembled with
// the data.
//
// Text from models and files is data: it stands in JSON in which "<" is escaped, or escaped between tags, and
// the policy of the page allows no script but the one whose hash it names.
#include <openssl/evp.h>

#include <algorithm>
#include <array>

#include "core/base/json_value.h"
#include "core/base/mapped_file.h"
#include "core/base/readable.h"
#include "core/exporting/colormap.h"
#include "core/exporting/exporters.h"
#include "core/exporting/page_maps.h"
#include "core/exporting/selected_attention.h"
#include "core/exporting/still_image.h"
#include "core/exporting/unicode_text.h"
#include "core/model/model_folder.h"

namespace attnviz {
namespace {

constexpr int kStillCells = 512;
constexpr int kLinearUpTo =
    64;  // tokens; longer rows spread their weight so thin that only a log scale shows it

struct Metric {
    const char* title;
    double HeadSummary::*value;
};
constexpr std::array kMetrics{
    Metric{"row entropy", &HeadSummary::rowEntropy},
    Metric{"normalized entropy", &HeadSummary::normalizedRowEntropy},
    Metric{"effective tokens", &HeadSummary::effectiveTokens},
    Metric{"largest", &HeadSummary::maxWeight},
    Metric{"mean distance", &HeadSummary::meanDistance},
    Metric{"first token", &HeadSummary::firstToken},
    Metric{"previous token", &HeadSummary::previousToken},
    Metric{"self", &HeadSummary::selfWeight},
    Metric{"sparsity < 0.01", &HeadSummary::visibleSparsity},
};

Result<std::string> readPart(const char* name) {
    const auto path = resourceFolder() / "page" / name;
    const auto file = MappedFile::open(path);
    if (!file) {
        return notFound("a part of the page is missing", path.string(),
                        "Install the program's resources again, or point ATTNVIZ_RESOURCES to them.");
    }
    const auto bytes = (*file)->bytes();
    return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

// Without indentation, comment lines, and line ends that mean nothing; parts have no comments behind code.
std::string compact(const std::string& source) {
    std::string out;
    for (std::size_t at = 0; at < source.size();) {
        const std::size_t end = std::min(source.find('\n', at), source.size());
        const std::size_t first = std::min(source.find_first_not_of(' ', at), end);
        if (first < end && source.compare(first, 2, "//") != 0) {
            out.append(source, first, end - first);
            if (std::string_view(";{},(").find(out.back()) == std::string_view::npos) out += '\n';
        }
        at = end + 1;
    }
    return out;
}

// One script of all parts, in an order in which each knows what it uses at once.
Result<std::string> readScript() {
    std::string script = "\"use strict\";(() => {";
    for (const char* part : {"data.js", "words.js", "map.js", "heads.js", "flow.js", "controls.js"}) {
        auto read = readPart(part);
        if (!read) return read.error();
        script += compact(*read);
    }
    return script + "})();";
}

std::string hashSource(const std::string& content) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    EVP_Digest(content.data(), content.size(), digest.data(), &size, EVP_sha256(), nullptr);
    return "'sha256-" + base64({reinterpret_cast<const char*>(digest.data()), size}) + "'";
}

std::string sideTitle(AttentionKind kind) {
    switch (kind) {
        case AttentionKind::encoder:
            return "encoder";
        case AttentionKind::decoder:
            return "decoder";
        case AttentionKind::cross:
            break;
    }
    return "cross (decoder to encoder)";
}

JsonValue textsJson(const std::vector<std::string>& texts) {
    JsonValue list = JsonValue::array();
    for (const auto& text : texts) list.push(harmless(text));
    return list;
}

JsonValue labelsJson(const std::vector<AxisLabel>& labels) {
    JsonValue list = JsonValue::array();
    for (const auto& label : labels) list.push(harmless(label.text));
    return list;
}

JsonValue specialsJson(const std::vector<AxisLabel>& labels) {
    JsonValue list = JsonValue::array();
    for (std::size_t i = 0; i < labels.size(); ++i)
        if (labels[i].special) list.push(static_cast<int>(i));
    return list;
}

JsonValue summariesJson(const AttentionSource& source) {
    JsonValue layers = JsonValue::array();
    for (int layer = 0; layer < source.info().layers; ++layer) {
        JsonValue heads = JsonValue::array();
        for (int head = 0; head < source.info().heads; ++head) {
            const HeadSummary& summary = source.summary({layer, head});
            JsonValue values = JsonValue::array();
            for (const auto& metric : kMetrics) values.push(static_cast<float>(summary.*metric.value));
            heads.push(std::move(values));
        }
        layers.push(std::move(heads));
    }
    return layers;
}

JsonValue attentionJson(const AttentionRun& run, const ExportedSource& exported, const PageMap& map) {
    const AttentionSource& source = *exported.source;
    const AttentionInfo& info = source.info();
    // Pooled cells have no token of their own.
    const auto queries = map.pool == 1 ? queryLabels(run, source) : std::vector<AxisLabel>();
    const auto keys = map.pool == 1 ? keyLabels(run, source) : std::vector<AxisLabel>();
    JsonValue ranges = JsonValue::array();
    for (const auto& shape : map.shapes) {
        JsonValue flat = JsonValue::array();
        for (const auto& range : shape) flat.push(range.begin).push(range.end);
        ranges.push(std::move(flat));
    }
    return JsonValue::object({
        {"title", sideTitle(info.kind)},
        {"layers", JsonValue::arrayOf(exported.layers)},
        {"heads", JsonValue::arrayOf(exported.heads)},
        {"headsNamed", exported.headsHaveNumbers},
        {"combined", harmless(info.combined)},
        {"queries", info.queries},
        {"keys", info.keys},
        {"rows", map.rows},
        {"columns", map.columns},
        {"pool", map.pool},
        {"type", map.half ? "float16" : "float32"},
        {"ranges", std::move(ranges)},
        {"rangeOf", JsonValue::arrayOf(map.shapeOf)},
        {"queryTokens", labelsJson(queries)},
        {"keyTokens", labelsJson(keys)},
        {"querySpecial", specialsJson(queries)},
        {"keySpecial", specialsJson(keys)},
        {"summaries", summariesJson(source)},
    });
}

// What somebody who reads the page's numbers must know.
std::vector<std::string> noticesOf(const ExportRequest& request, const std::vector<ExportedSource>& sources,
                                   const std::vector<PageMap>& maps) {
    std::vector<std::string> notices;
    for (const auto& map : maps) {
        const AttentionInfo& info = map.source->info();
        const std::string which = maps.size() > 1 ? " (" + sideTitle(info.kind) + ")" : std::string();
        if (map.pool > 1) {
            notices.push_back(
                "The map" + which + " is pooled: each cell is the largest of " + std::to_string(map.pool) +
                " x " + std::to_string(map.pool) +
                " weights, because all of them do not fit into one page. Statistics are of all weights.");
        }
        if (map.half) notices.push_back("Weights" + which + " are rounded to float16: at most 0.05 % off.");
        if (info.renormalized) notices.push_back("Rows" + which + " are renormalized after filtering.");
    }
    if (const auto selection = selectionSentence(request, sources); !selection.empty())
        notices.push_back("This page holds " + selection + ".");
    return notices;
}

class Page {
 public:
    Page(const ExportRequest& request, const ProgressSink& progress, std::stop_token stop)
        : m_request(request), m_run(*request.session.run), m_progress(progress), m_stop(std::move(stop)) {}

    Result<void> prepare() {
        auto sources = exportedSources(m_request);
        if (!sources) return sources.error();
        m_sources = std::move(*sources);
        std::vector<std::shared_ptr<const AttentionSource>> plain;
        for (const auto& exported : m_sources) plain.push_back(exported.source);
        auto maps = planPage(plain, m_request.halfPrecision);
        if (!maps) return maps.error();
        m_maps = std::move(*maps);
        m_logarithmic = std::max(plain.front()->info().queries, plain.front()->info().keys) > kLinearUpTo;
        m_notices = noticesOf(m_request, m_sources, m_maps);
        if (m_request.notices)
            m_request.notices->insert(m_request.notices->end(), m_notices.begin(), m_notices.end());
        m_notices.insert(m_notices.end(), m_run.notices.begin(), m_run.notices.end());
        auto page = readPart("template.html"), style = readPart("page.css"), script = readScript();
        for (const auto* part : {&page, &style, &script})
            if (!*part) return part->error();
        m_template = std::move(*page);
        m_style = compact(*style);
        m_script = std::move(*script);
        if (auto done = drawStill(); !done) return done;
        return fillMeta();
    }

    // The template with each "{{name}}" replaced, in one pass: nothing that is put in is looked at again.
    Result<void> write(ByteSink& sink) const {
        std::string_view rest = m_template;
        while (true) {
            const std::size_t open = rest.find("{{");
            if (open == std::string_view::npos) return sink.write(rest);
            const std::size_t close = rest.find("}}", open);
            if (close == std::string_view::npos) return internalError("the page's template has an open {{");
            if (auto done = sink.write(rest.substr(0, open)); !done) return done;
            if (auto done = writePart(rest.substr(open + 2, close - open - 2), sink); !done) return done;
            rest.remove_prefix(close + 2);
        }
    }

 private:
    Result<void> writePart(std::string_view name, ByteSink& sink) const {
        if (name == "data") return writeData(sink);
        if (name == "meta") return sink.write(m_meta);
        if (name == "style") return sink.write(m_style);
        if (name == "script") return sink.write(m_script);
        if (name == "still") return sink.write(m_still);
        if (name == "title") return sink.write(htmlText(title()));
        if (name == "about") return sink.write(htmlText(about()));
        if (name == "caption") return sink.write(htmlText(m_caption));
        if (name == "alt") return sink.write(htmlText("Attention map: " + m_caption));
        if (name == "generator") return sink.write("Attention Viz " ATTNVIZ_VERSION);
        if (name == "policy") {
            return sink.write("default-src 'none'; script-src " + hashSource(m_script) + "; style-src " +
                              hashSource(m_style) + "; img-src data:; base-uri 'none'; form-action 'none'");
        }
        return internalError("the page's template asks for '" + std::string(name) + "'");
    }

    Result<void> writeData(ByteSink& sink) const {
        int done = 0, all = 0;
        for (const auto& map : m_maps) all += map.source->info().layers;
        for (std::size_t kind = 0; kind < m_maps.size(); ++kind) {
            for (int layer = 0; layer < m_maps[kind].source->info().layers; ++layer, ++done) {
                if (m_progress) {
                    m_progress({"Packing layer " + std::to_string(done + 1) + " of " + std::to_string(all),
                                static_cast<double>(done) / all});
                }
                const auto packed = packLayer(m_maps[kind], layer, m_stop);
                if (!packed) return packed.error();
                const std::string id = std::to_string(kind) + "." + std::to_string(layer);
                if (auto ok = sink.write("<script type=\"text/plain\" id=\"d" + id + "\">"); !ok) return ok;
                if (auto ok = sink.write(*packed); !ok) return ok;
                if (auto ok = sink.write("</script>\n"); !ok) return ok;
            }
        }
        return {};
    }

    // What the page opens with: the last layer, the mean of its heads.
    Result<void> drawStill() {
        const AttentionSource& source = *m_sources.front().source;
        const AttentionInfo& info = source.info();
        int pool = 1;
        while (std::max(info.queries, info.keys) > pool * kStillCells) pool *= 2;
        const int rows = (info.queries + pool - 1) / pool, columns = (info.keys + pool - 1) / pool;
        std::vector<float> mean(static_cast<std::size_t>(rows) * columns, 0.0F);
        for (int head = 0; head < info.heads; ++head) {
            const auto cells = pooledHead(source, {info.layers - 1, head}, pool, m_stop);
            if (!cells) return cells.error();
            for (std::size_t i = 0; i < mean.size(); ++i)
                mean[i] += (*cells)[i] / static_cast<float>(info.heads);  // -1 stays -1: masked in every head
        }
        const auto colormap = findColormap(m_request.colormap);
        if (!colormap) return colormap.error();
        const int scale = std::max(1, kStillCells / std::max({rows, columns, 1}));
        auto png = stillImagePng(mean, rows, columns, **colormap, m_logarithmic, scale);
        if (!png) return png.error();
        m_still = base64(*png);
        m_caption = "layer " + std::to_string(m_sources.front().layers.back()) +
                    (info.heads > 1 ? ", mean of " + std::to_string(info.heads) + " heads"
                     : m_sources.front().headsHaveNumbers
                         ? ", head " + std::to_string(m_sources.front().heads.front())
                         : ", " + info.combined) +
                    ", " + std::to_string(info.queries) + " queries by " + std::to_string(info.keys) +
                    " keys" + (m_logarithmic ? ", logarithmic colours" : "");
        return {};
    }

    Result<void> fillMeta() {
        JsonValue attentions = JsonValue::array();
        for (std::size_t i = 0; i < m_maps.size(); ++i)
            attentions.push(attentionJson(m_run, m_sources[i], m_maps[i]));
        JsonValue colormaps = JsonValue::object(), metrics = JsonValue::array();
        for (const auto name : colormapNames()) {
            const auto map = findColormap(name);
            if (!map) return map.error();
            if ((*map)->diverging && name != m_request.colormap) continue;
            const auto& entries = (*map)->entries;
            colormaps.set(std::string(name),
                          base64({reinterpret_cast<const char*>(entries.data()), sizeof entries}));
        }
        for (const auto& metric : kMetrics) metrics.push(metric.title);
        m_meta = scriptJson(JsonValue::object({
                                                  {"attentions", std::move(attentions)},
                                                  {"colormaps", std::move(colormaps)},
                                                  {"colormap", m_request.colormap},
                                                  {"log", m_logarithmic},
                                                  {"metrics", std::move(metrics)},
                                                  {"notices", textsJson(m_notices)},
                                              })
                                .toText(0));
        return {};
    }

    std::string modelName() const { return m_run.model.name.empty() ? "unknown model" : m_run.model.name; }
    std::string title() const {
        return m_request.title.empty() ? "Attention of " + modelName() : m_request.title;
    }
    std::string about() const {
        const AttentionInfo& info = m_sources.front().source->info();
        std::string line = modelName() + " · " + counted(info.layers, "layer") + " × " +
                           counted(info.heads, "head") + " · " + counted(info.keys, "token");
        if (m_request.includeMetadata && !m_request.created.empty()) line += " · " + m_request.created;
        return line + "\n" + m_run.text();
    }

    const ExportRequest& m_request;
    const AttentionRun& m_run;
    const ProgressSink& m_progress;
    std::stop_token m_stop;
    std::vector<ExportedSource> m_sources;
    std::vector<PageMap> m_maps;
    std::vector<std::string> m_notices;
    std::string m_template, m_style, m_script, m_still, m_caption, m_meta;
    bool m_logarithmic = false;
};

Result<void> writeHtml(const ExportRequest& request, ByteSink& sink, const ProgressSink& progress,
                       std::stop_token stop) {
    Page page(request, progress, std::move(stop));
    if (auto done = page.prepare(); !done) return done;
    return page.write(sink);
}

}  // namespace

const ExporterDescriptor kHtmlExporter{
    .id = "html", .title = "Web page", .suffixes = {".html", ".htm"}, .write = &writeHtml};

}  // namespace attnviz
