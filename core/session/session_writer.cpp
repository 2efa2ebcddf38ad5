#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <ctime>

#include "core/attention/dense_attention.h"
#include "core/base/atomic_file.h"
#include "core/base/half.h"
#include "core/session/factored_data.h"
#include "core/session/gzip.h"
#include "core/session/json_scanner.h"
#include "core/session/json_writer.h"
#include "core/session/rounded_attention.h"
#include "core/session/session.h"
#include "core/session/session_encoding.h"
#include "core/session/session_keys.h"
#include "core/session/session_statistics.h"

namespace attnviz {
namespace {

using Layout = JsonWriter::Layout;

std::string now() {
    const std::time_t seconds = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    std::array<char, 32> text{};
    const std::size_t length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
    return {text.data(), length};
}

class SessionWriter {
 public:
    SessionWriter(const Session& session, const SessionWriteOptions& options, ByteSink& sink,
                  std::stop_token stop)
        : m_session(session),
          m_run(*session.run),
          m_options(options),
          m_out(sink, options.indent),
          m_stop(std::move(stop)) {}

    Result<void> write();

 private:
    void compatibleKeys();
    Result<void> chooseEncodings();
    Result<void> statistics(bool rounded);  // of weights that the file keeps in float16
    void statisticsBlock(const CompatibleStatistics& numbers, int layer);
    void labels(const TokenizedText& text);
    void sequence(std::string_view name, const TokenizedText& text);
    Result<void> block(const AttentionSource& source, SessionEncoding encoding, bool first);
    Result<void> nested(const AttentionSource& source);
    Result<void> packed(const AttentionSource& source, bool half);
    // Calls `take(rows)` for a layer's rows, head by head, a block of rows at a time.
    template <class Take>
    Result<void> eachRows(const AttentionSource& source, int layer, int head, Take take);
    void visibility(const AttentionInfo& info);
    void model();
    void predictions();
    void rawMember(std::string_view key, const std::string& json);

    const Session& m_session;
    const AttentionRun& m_run;
    const SessionWriteOptions& m_options;
    JsonWriter m_out;
    std::stop_token m_stop;
    std::vector<std::shared_ptr<const AttentionSource>> m_sources;  // as the file keeps them
    std::vector<SessionEncoding> m_encodings;
    std::vector<float> m_rows;
};

void SessionWriter::labels(const TokenizedText& text) {
    m_out.beginArray(Layout::line);
    for (const Token& token : text.tokens) m_out.string(token.text.empty() ? token.piece : token.text);
    m_out.endArray();
}

void SessionWriter::compatibleKeys() {
    const AttentionInfo& info = m_run.main().info();
    m_out.key("text");
    m_out.string(m_run.text());
    m_out.key("tokens");
    labels(m_run.input);
    m_out.key("model_name");
    m_out.string(m_run.model.name);
    m_out.key("num_layers");
    m_out.integer(info.layers);
    m_out.key("num_heads");
    m_out.integer(info.heads);
    m_out.key("sequence_length");
    m_out.integer(static_cast<std::int64_t>(m_run.input.tokens.size()));
}

void SessionWriter::statisticsBlock(const CompatibleStatistics& numbers, int layer) {
    m_out.beginObject(Layout::line);
    if (layer >= 0) {
        m_out.key("layer");
        m_out.integer(layer);
    }
    const auto member = [&](std::string_view key, double value) {
        m_out.key(key);
        m_out.number(value);
    };
    member("mean_attention", numbers.mean);
    member("std_attention", numbers.deviation);
    member("entropy", numbers.entropy);
    member("sparsity", numbers.sparsity);
    member("max_attention", numbers.max);
    member("min_attention", numbers.min);
    m_out.endObject();
}

Result<void> SessionWriter::statistics(bool rounded) {
    const AttentionSource& main = *m_sources.front();
    const RoundedAttention asSaved(main);
    auto numbers = sessionStatistics(rounded ? static_cast<const AttentionSource&>(asSaved) : main, m_stop);
    if (!numbers) return numbers.error();
    m_out.key("statistics");
    m_out.beginObject();
    m_out.key("layer_stats");
    m_out.beginArray();
    for (std::size_t layer = 0; layer < numbers->layers.size(); ++layer)
        statisticsBlock(numbers->layers[layer], static_cast<int>(layer));
    m_out.endArray();
    m_out.key("overall_stats");
    statisticsBlock(numbers->overall, -1);
    m_out.endObject();
    return {};
}

void SessionWriter::sequence(std::string_view name, const TokenizedText& text) {
    m_out.key(name);
    m_out.beginObject();
    if (text.texts.size() > 1) {
        m_out.key("texts");
        m_out.beginArray(Layout::line);
        for (const auto& part : text.texts) m_out.string(part);
        m_out.endArray();
    } else {
        m_out.key("text");
        m_out.string(text.texts.empty() ? std::string() : text.texts.front());
    }
    m_out.key("tokens");
    m_out.beginArray();
    for (const Token& token : text.tokens) {
        m_out.beginObject(Layout::line);
        m_out.key("id");
        m_out.integer(token.id);
        m_out.key("text");
        m_out.string(token.text.empty() ? token.piece : token.text);
        m_out.key("begin");
        m_out.integer(static_cast<std::int64_t>(token.begin));
        m_out.key("end");
        m_out.integer(static_cast<std::int64_t>(token.end));
        m_out.key("special");
        m_out.boolean(token.special);
        m_out.key("segment");
        m_out.integer(token.segment);
        m_out.endObject();
    }
    m_out.endArray();
    if (m_run.generated > 0 && &text == &m_run.continued()) {
        m_out.key("generated");
        m_out.integer(m_run.generated);
    }
    m_out.endObject();
}

template <class Take>
Result<void> SessionWriter::eachRows(const AttentionSource& source, int layer, int head, Take take) {
    const AttentionInfo& info = source.info();
    const int block = std::clamp((1 << 16) / std::max(1, info.keys), 1, info.queries);
    const auto keys = static_cast<std::size_t>(info.keys);
    m_rows.resize(static_cast<std::size_t>(block) * keys);
    for (int query = 0; query < info.queries; query += block) {
        if (m_stop.stop_requested()) return cancelled();
        if (!m_out.ok()) return {};
        const int count = std::min(block, info.queries - query);
        const auto rows = std::span(m_rows).first(static_cast<std::size_t>(count) * keys);
        if (auto read = source.rows({layer, head}, query, count, rows, m_stop); !read) return read;
        const auto bad =
            std::find_if(rows.begin(), rows.end(), [](float weight) { return !std::isfinite(weight); });
        if (bad != rows.end()) {
            const auto at = static_cast<std::size_t>(bad - rows.begin());
            return badInput(
                "the weight at layer " + std::to_string(layer) + ", head " + std::to_string(head) +
                    ", query " + std::to_string(query + static_cast<int>(at / keys)) + ", key " +
                    std::to_string(at % keys) + " is not finite, and a session holds only numbers",
                {}, "Run the model in float32.");
        }
        take(std::span<const float>(rows));
    }
    return {};
}

Result<void> SessionWriter::nested(const AttentionSource& source) {
    const AttentionInfo& info = source.info();
    const auto keys = static_cast<std::size_t>(info.keys);
    m_out.beginArray();
    for (int layer = 0; layer < info.layers; ++layer) {
        m_out.beginArray();
        for (int head = 0; head < info.heads; ++head) {
            m_out.beginArray();
            auto written = eachRows(source, layer, head, [&](std::span<const float> rows) {
                for (std::size_t at = 0; at < rows.size(); at += keys) m_out.floats(rows.subspan(at, keys));
            });
            if (!written) return written;
            m_out.endArray();
        }
        m_out.endArray();
    }
    m_out.endArray();
    return {};
}

Result<void> SessionWriter::packed(const AttentionSource& source, bool half) {
    const AttentionInfo& info = source.info();
    const auto* dense = dynamic_cast<const DenseAttention*>(&source);
    const std::size_t cells = static_cast<std::size_t>(info.heads) * static_cast<std::size_t>(info.queries) *
                              static_cast<std::size_t>(info.keys);
    m_out.beginArray();
    for (int layer = 0; layer < info.layers; ++layer) {
        std::vector<float> floats;
        std::vector<std::uint16_t> halves;
        if (!(dense && half && dense->isHalf())) floats.reserve(cells);
        for (int head = 0; head < info.heads; ++head) {
            auto read = eachRows(source, layer, head, [&](std::span<const float> rows) {
                floats.insert(floats.end(), rows.begin(), rows.end());
            });
            if (!read) return read;
        }
        if (!half) {
            m_out.base64(std::as_bytes(std::span(floats)));
            continue;
        }
        halves.resize(cells);
        halvesFromFloats(floats, halves);
        m_out.base64(std::as_bytes(std::span(halves)));
    }
    m_out.endArray();
    return {};
}

void SessionWriter::visibility(const AttentionInfo& info) {
    const auto& windows = info.visibility.windows();
    if (!windows.empty()) {
        m_out.key("window");
        m_out.beginArray();
        for (int layer = 0; layer < info.layers; ++layer) {
            const Window& window = windows[std::min(static_cast<std::size_t>(layer), windows.size() - 1)];
            m_out.beginObject(Layout::line);
            m_out.key("left");
            window.before < 0 ? m_out.null() : m_out.integer(window.before);
            m_out.key("right");
            window.after < 0 ? m_out.null() : m_out.integer(window.after);
            m_out.endObject();
        }
        m_out.endArray();
    }
    if (!info.visibility.maskedKeys().empty()) {
        m_out.key("masked_keys");
        m_out.beginArray(Layout::line);
        for (const int key : info.visibility.maskedKeys()) m_out.integer(key);
        m_out.endArray();
    }
}

Result<void> SessionWriter::block(const AttentionSource& source, SessionEncoding encoding, bool first) {
    const AttentionInfo& info = source.info();
    const auto name = [&](const TokenizedText& text) { return &text == &m_run.input ? "input" : "target"; };
    m_out.beginObject();
    m_out.key("kind");
    m_out.string(attentionKindName(info.kind));
    m_out.key("queries");
    m_out.string(name(m_run.queriesOf(source)));
    m_out.key("keys");
    m_out.string(name(m_run.keysOf(source)));
    m_out.key("causal");
    m_out.boolean(info.visibility.causal());
    visibility(info);
    m_out.key("layers");
    m_out.integer(info.layers);
    m_out.key("heads");
    m_out.integer(info.heads);
    m_out.key("kv_heads");
    // Heads that were combined share nothing any more.
    m_out.integer(info.keyValueHeads > 0 && info.heads % info.keyValueHeads == 0 ? info.keyValueHeads
                                                                                 : info.heads);
    m_out.key("encoding");
    m_out.string(sessionEncodingName(encoding));
    if (encoding == SessionEncoding::nested) {
        if (!first) {
            m_out.key("weights");
            if (auto written = nested(source); !written) return written;
        }
    } else if (encoding == SessionEncoding::factoredFloat16 || encoding == SessionEncoding::factoredFloat32) {
        m_out.key("data");
        const auto& factored = dynamic_cast<const FactoredAttention&>(source);
        const bool half = encoding == SessionEncoding::factoredFloat16;
        if (auto written = writeFactors(m_out, factored, half, m_stop); !written) return written;
    } else {
        m_out.key("data");
        if (auto written = packed(source, encoding == SessionEncoding::float16); !written) return written;
    }
    m_out.endObject();
    return {};
}

void SessionWriter::rawMember(std::string_view key, const std::string& json) {
    m_out.key(key);
    isJson(json) ? m_out.raw(json) : m_out.null();
}

void SessionWriter::model() {
    const RunModel& model = m_run.model;
    m_out.key("model");
    m_out.beginObject();
    m_out.key("name");
    m_out.string(model.name);
    m_out.key("family");
    m_out.stringOrNull(model.family);
    m_out.key("weights_sha256");
    m_out.stringOrNull(model.weightsSha256);
    m_out.key("dtype");
    m_out.stringOrNull(model.dtype);
    rawMember("config", model.configJson);
    m_out.endObject();
}

void SessionWriter::predictions() {
    m_out.key("predictions");
    m_out.beginArray();
    for (const Prediction& prediction : m_run.predictions) {
        m_out.beginObject();
        m_out.key("position");
        m_out.integer(prediction.position);
        m_out.key("top");
        m_out.beginArray();
        for (const PredictedToken& token : prediction.top) {
            m_out.beginObject(Layout::line);
            m_out.key("id");
            m_out.integer(token.id);
            m_out.key("text");
            m_out.string(token.text);
            m_out.key("probability");
            m_out.number(token.probability);
            m_out.endObject();
        }
        m_out.endArray();
        m_out.endObject();
    }
    m_out.endArray();
}

// What the file will hold is what it says of itself: queries and keys that it keeps in float16 are rounded
// first.
Result<void> SessionWriter::chooseEncodings() {
    const SessionEncoding wish =
        m_options.encoding == SessionEncoding::automatic ? m_session.encoding : m_options.encoding;
    m_sources = m_run.sources;
    for (auto& source : m_sources) {
        m_encodings.push_back(chooseEncoding(*source, wish, weightCount(m_run)));
        const auto* factored = dynamic_cast<const FactoredAttention*>(source.get());
        if (!factored || m_encodings.back() != SessionEncoding::factoredFloat16) continue;
        auto rounded = roundedFactors(*factored, m_stop);
        if (!rounded) return rounded.error();
        source = std::move(*rounded);
    }
    return {};
}

Result<void> SessionWriter::write() {
    if (auto chosen = chooseEncodings(); !chosen) return chosen;
    m_out.beginObject();
    m_out.key("format");
    m_out.string(kSessionFormat);
    m_out.key("version");
    m_out.integer(kSessionVersion);
    compatibleKeys();
    if (auto written = statistics(m_encodings.front() == SessionEncoding::float16); !written) return written;
    m_out.key("attention_weights");
    if (m_encodings.front() == SessionEncoding::nested) {
        if (auto written = nested(*m_sources.front()); !written) return written;
    } else {
        m_out.null();
    }
    m_out.key("sequences");
    m_out.beginObject();
    sequence("input", m_run.input);
    if (m_run.target) sequence("target", *m_run.target);
    m_out.endObject();
    m_out.key("attentions");
    m_out.beginArray();
    for (std::size_t i = 0; i < m_sources.size(); ++i)
        if (auto written = block(*m_sources[i], m_encodings[i], i == 0); !written) return written;
    m_out.endArray();
    if (m_options.includeMetadata) model();
    predictions();
    if (!m_session.view.empty()) rawMember("view", m_session.view);
    m_out.key("notes");
    m_out.string(m_session.notes);
    if (m_options.includeMetadata) {
        m_out.key("created");
        m_out.string(m_session.created.empty() ? now() : m_session.created);
        m_out.key("generator");
        m_out.string("Attention Viz " ATTNVIZ_VERSION);
    }
    for (const auto& [key, json] : m_session.unknownKeys)
        if (!isSessionKey(key)) rawMember(key, json);
    m_out.endObject();
    return m_out.finish();
}

}  // namespace

Result<void> writeSession(const Session& session, const SessionWriteOptions& options, ByteSink& sink,
                          std::stop_token stop) {
    if (!options.gzip) return SessionWriter(session, options, sink, std::move(stop)).write();
    GzipSink packed(sink);
    if (auto written = SessionWriter(session, options, packed, std::move(stop)).write(); !written)
        return written;
    return packed.finish();
}

Result<void> saveSession(const Session& session, const std::filesystem::path& path,
                         SessionWriteOptions options, std::stop_token stop) {
    options.gzip = options.gzip || path.extension() == ".gz";
    auto file = AtomicFile::create(path);
    if (!file) return file.error();
    if (auto written = writeSession(session, options, **file, std::move(stop)); !written) return written;
    return (*file)->commit();
}

}  // namespace attnviz
