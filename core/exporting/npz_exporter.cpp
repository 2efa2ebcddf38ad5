// NumPy's archive: attention_weights [layer, head, query, key] and what belongs to it, as numpy.savez would
// write it.
//
// Blocks of rows go from the source to the sink, so that memory does not grow with the map. Masked cells are
// 0.
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>

#include "core/base/half.h"
#include "core/exporting/exporters.h"
#include "core/exporting/selected_attention.h"
#include "core/exporting/unicode_text.h"
#include "core/exporting/zip_writer.h"

namespace attnviz {
namespace {

static_assert(std::endian::native == std::endian::little, "arrays are written as they lie in memory");

constexpr std::size_t kBlockFloats = std::size_t{1} << 18U;  // 1 MiB of rows at a time
constexpr float kHalfLimit = 65504.0F;

template <class Number>
std::string_view bytesOf(std::span<const Number> numbers) {
    return {reinterpret_cast<const char*>(numbers.data()), numbers.size_bytes()};
}

// The .npy header, version 1.0, padded so that the data begin at a multiple of 64.
std::string npyHeader(std::string_view type, const std::vector<std::uint64_t>& shape) {
    std::string text = "{'descr': '" + std::string(type) + "', 'fortran_order': False, 'shape': (";
    for (const auto size : shape) text += std::to_string(size) + ", ";
    if (shape.size() > 1) text.resize(text.size() - 2);
    if (shape.size() == 1) text.pop_back();
    text += "), }";
    text.append(63 - (10 + text.size()) % 64, ' ');
    text += '\n';
    std::string header("\x93NUMPY\x01\x00", 8);
    header += static_cast<char>(text.size() & 0xFFU);
    header += static_cast<char>(text.size() >> 8U);
    return header + text;
}

class NpzFile {
 public:
    NpzFile(const ExportRequest& request, ByteSink& sink, const ProgressSink& progress, std::stop_token stop)
        : m_request(request),
          m_zip(sink),
          m_progress(progress),
          m_stop(std::move(stop)),
          m_method(request.compress ? ZipWriter::Method::deflated : ZipWriter::Method::stored) {}

    Result<void> attention(const std::string& name, const AttentionSource& source, double from, double to) {
        const AttentionInfo& info = source.info();
        const auto keys = static_cast<std::size_t>(info.keys);
        const std::vector<std::uint64_t> shape{
            static_cast<std::uint64_t>(info.layers), static_cast<std::uint64_t>(info.heads),
            static_cast<std::uint64_t>(info.queries), static_cast<std::uint64_t>(info.keys)};
        if (auto done =
                begin(name, m_request.halfPrecision ? "<f2" : "<f4", m_request.halfPrecision ? 2 : 4, shape);
            !done)
            return done;
        const int block = static_cast<int>(std::clamp<std::size_t>(
            kBlockFloats / std::max<std::size_t>(keys, 1), 1, std::max(info.queries, 1)));
        std::vector<float> rows(static_cast<std::size_t>(block) * keys);
        for (int layer = 0; layer < info.layers; ++layer) {
            if (m_progress) {
                m_progress(
                    {"Writing layer " + std::to_string(layer + 1) + " of " + std::to_string(info.layers),
                     from + (to - from) * layer / info.layers});
            }
            for (int head = 0; head < info.heads; ++head)
                for (int query = 0; query < info.queries; query += block) {
                    if (m_stop.stop_requested()) return cancelled();
                    const int count = std::min(block, info.queries - query);
                    const std::span<float> part(rows.data(), static_cast<std::size_t>(count) * keys);
                    if (auto done = source.rows({layer, head}, query, count, part, m_stop); !done)
                        return done;
                    if (auto done = numbers(part, m_request.halfPrecision); !done) return done;
                }
        }
        return m_zip.end();
    }

    // `oneColumnIsAList`: (position) instead of (position, 1), as a discriminator's logits are.
    Result<void> matrix(const std::string& name, const FloatMatrix& values, bool oneColumnIsAList = false) {
        bool half = m_request.halfPrecision;
        for (const float value : values.values) half = half && !(std::abs(value) > kHalfLimit);
        if (half != m_request.halfPrecision && m_request.notices) {
            m_request.notices->push_back(name + " stays float32: it has values beyond float16's range");
        }
        std::vector<std::uint64_t> shape{static_cast<std::uint64_t>(values.rows)};
        if (values.columns != 1 || !oneColumnIsAList)
            shape.push_back(static_cast<std::uint64_t>(values.columns));
        if (auto done = begin(name, half ? "<f2" : "<f4", half ? 2 : 4, shape); !done) return done;
        for (std::size_t at = 0; at < values.values.size(); at += kBlockFloats) {
            if (m_stop.stop_requested()) return cancelled();
            const auto count = std::min(kBlockFloats, values.values.size() - at);
            if (auto done = numbers({values.values.data() + at, count}, half); !done) return done;
        }
        return m_zip.end();
    }

    Result<void> integers(const std::string& name, const std::vector<std::int64_t>& values) {
        if (auto done = begin(name, "<i8", 8, {values.size()}); !done) return done;
        if (auto done = m_zip.write(bytesOf(std::span(values))); !done) return done;
        return m_zip.end();
    }

    Result<void> texts(const std::string& name, const std::vector<std::string>& values) {
        std::vector<std::u32string> wide;
        std::size_t width = 1;
        for (const auto& value : values) {
            wide.push_back(toUtf32(value));
            width = std::max(width, wide.back().size());
        }
        if (auto done = begin(name, "<U" + std::to_string(width), 4 * width, {values.size()}); !done)
            return done;
        for (auto& value : wide) {
            value.resize(width);  // NumPy pads with zeros
            if (auto done = m_zip.write(bytesOf(std::span<const char32_t>(value))); !done) return done;
        }
        return m_zip.end();
    }

    Result<void> finish() { return m_zip.finish(); }

 private:
    Result<void> begin(const std::string& name, std::string_view type, std::uint64_t elementBytes,
                       const std::vector<std::uint64_t>& shape) {
        const std::string header = npyHeader(type, shape);
        std::uint64_t size = elementBytes;
        for (const auto length : shape) size *= length;
        if (auto done = m_zip.begin(name + ".npy", header.size() + size, m_method); !done) return done;
        return m_zip.write(header);
    }

    Result<void> numbers(std::span<const float> values, bool half) {
        if (!half) return m_zip.write(bytesOf(values));
        m_halves.resize(values.size());
        halvesFromFloats(values, m_halves);
        return m_zip.write(bytesOf(std::span<const std::uint16_t>(m_halves)));
    }

    const ExportRequest& m_request;
    ZipWriter m_zip;
    const ProgressSink& m_progress;
    std::stop_token m_stop;
    ZipWriter::Method m_method;
    std::vector<std::uint16_t> m_halves;
};

std::vector<std::int64_t> idsOf(const TokenizedText& text) {
    std::vector<std::int64_t> ids;
    for (const auto& token : text.tokens) ids.push_back(token.id);
    return ids;
}

std::vector<std::string> textsOf(const TokenizedText& text) {
    std::vector<std::string> texts;
    for (const auto& token : text.tokens) texts.push_back(token.text.empty() ? token.piece : token.text);
    return texts;
}

Result<void> writeHiddenStates(NpzFile& file, const ExportRequest& request) {
    const AttentionRun& run = *request.session.run;
    if (run.hiddenStates.empty() && run.targetHiddenStates.empty() && request.notices)
        request.notices->push_back("hidden states are left out: the run has none");
    const bool both = !run.targetHiddenStates.empty();
    for (std::size_t i = 0; i < run.hiddenStates.size(); ++i) {
        const std::string name = (both ? "encoder_hidden_states." : "hidden_states.") + std::to_string(i);
        if (auto done = file.matrix(name, run.hiddenStates[i]); !done) return done;
    }
    for (std::size_t i = 0; i < run.targetHiddenStates.size(); ++i) {
        const std::string name = "decoder_hidden_states." + std::to_string(i);
        if (auto done = file.matrix(name, run.targetHiddenStates[i]); !done) return done;
    }
    return {};
}

// Which of the model's layers and heads the arrays hold, where they do not hold all.
Result<void> writeSelection(NpzFile& file, const ExportedSource& exported, const std::string& prefix) {
    if (!exported.selection) return {};
    const auto wide = [](const std::vector<int>& numbers) {
        return std::vector<std::int64_t>(numbers.begin(), numbers.end());
    };
    if (auto done = file.integers(prefix + "layers", wide(exported.layers)); !done) return done;
    return exported.headsHaveNumbers ? file.integers(prefix + "heads", wide(exported.heads)) : Result<void>();
}

// What the axes are where a filter has joined tokens to words.
Result<void> writeWords(NpzFile& file, const AttentionRun& run, const AttentionSource& source,
                        const std::string& prefix) {
    if (!showsWords(source)) return {};
    const auto texts = [](const std::vector<AxisLabel>& labels) {
        std::vector<std::string> out;
        out.reserve(labels.size());
        for (const auto& label : labels) out.push_back(label.text);
        return out;
    };
    if (auto done = file.texts(prefix + "query_words", texts(queryLabels(run, source))); !done) return done;
    return file.texts(prefix + "key_words", texts(keyLabels(run, source)));
}

Result<void> writeNpz(const ExportRequest& request, ByteSink& sink, const ProgressSink& progress,
                      std::stop_token stop) {
    const AttentionRun& run = *request.session.run;
    NpzFile file(request, sink, progress, stop);
    if (request.includeAttention) {
        const auto sources = exportedSources(request);
        if (!sources) return sources.error();
        const auto count = static_cast<double>(sources->size());
        double done = 0;
        for (const auto& exported : *sources) {
            const AttentionSource& source = *exported.source;
            const std::string prefix =
                run.target ? std::string(attentionKindName(source.info().kind)) + "_" : std::string();
            if (auto ok =
                    file.attention(prefix + "attention_weights", source, done / count, (done + 1) / count);
                !ok)
                return ok;
            if (auto ok = writeSelection(file, exported, prefix); !ok) return ok;
            if (auto ok = writeWords(file, run, source, prefix); !ok) return ok;
            done += 1;
        }
    }
    if (auto done = file.integers("input_ids", idsOf(run.input)); !done) return done;
    if (auto done = file.texts("tokens", textsOf(run.input)); !done) return done;
    if (run.target) {
        if (auto done = file.integers("target_ids", idsOf(*run.target)); !done) return done;
        if (auto done = file.texts("target_tokens", textsOf(*run.target)); !done) return done;
    }
    if (request.includeLogits) {
        if (run.logits) {
            if (auto done = file.matrix("logits", *run.logits, true); !done) return done;
        } else if (request.notices) {
            request.notices->push_back("logits are left out: the run has none");
        }
    }
    if (request.includeHiddenStates) {
        if (auto done = writeHiddenStates(file, request); !done) return done;
    }
    return file.finish();
}

}  // namespace

const ExporterDescriptor kNpzExporter{
    .id = "npz", .title = "NumPy archive", .suffixes = {".npz"}, .write = &writeNpz};

}  // namespace attnviz
