#include "core/session/factored_data.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/base64.h"
#include "core/base/half.h"
#include "core/base/readable.h"
#include "core/base/system_memory.h"
#include "core/session/packed_weights.h"
#include "core/session/weight_block.h"

namespace attnviz {
namespace {

constexpr std::int64_t kMostWidth = 65536, kMostBuckets = 65536;

bool allFinite(std::span<const float> values) {
    return std::all_of(values.begin(), values.end(), [](float value) { return std::isfinite(value); });
}
bool allFinite(std::span<const std::uint16_t> halves) {
    return std::all_of(halves.begin(), halves.end(),
                       [](std::uint16_t bits) { return (bits & 0x7C00U) != 0x7C00U; });
}

// Minus infinity stands for a query that sees nothing.
bool goodLse(std::span<const float> lse) {
    return std::all_of(lse.begin(), lse.end(), [](float value) {
        return std::isfinite(value) || value == -std::numeric_limits<float>::infinity();
    });
}

void writeFloats(JsonWriter& out, std::string_view key, std::span<const float> values) {
    out.key(key);
    out.floats(values);
}

void writeAdjust(JsonWriter& out, const LogitAdjust& adjust) {
    if (adjust == LogitAdjust{}) return;
    out.key("adjust");
    out.beginObject();
    if (adjust.softcap > 0) {
        out.key("softcap");
        out.number(adjust.softcap);
    }
    if (!adjust.alibi.slopes.empty()) {
        writeFloats(out, "alibi_slopes", adjust.alibi.slopes);
        const auto flag = [&](std::string_view key, bool set) {
            if (!set) return;
            out.key(key);
            out.boolean(true);
        };
        if (adjust.alibi.rounding == AlibiRounding::bfloat16) {
            out.key("alibi_rounding");
            out.string("bfloat16");
        }
        flag("alibi_before_scaling", adjust.alibi.beforeScaling);
        flag("alibi_counts_unmasked", adjust.alibi.countsUnmasked);
    }
    if (adjust.relative.buckets > 0) {
        const RelativeTable& table = adjust.relative;
        const auto buckets = static_cast<std::size_t>(table.buckets);
        out.key("relative");
        out.beginObject();
        out.key("buckets");
        out.integer(table.buckets);
        out.key("max_distance");
        out.integer(table.maxDistance);
        out.key("two_sided");
        out.boolean(table.twoSided);
        out.key("table");
        out.beginArray();
        for (std::size_t at = 0; at + buckets <= table.values.size(); at += buckets)
            out.floats(std::span(table.values).subspan(at, buckets));
        out.endArray();
        out.endObject();
    }
    if (!adjust.sinks.empty()) writeFloats(out, "sink", adjust.sinks);
    out.endObject();
}

// A layer's numbers as floats or halves, whichever `half` wants.
void writeVectors(JsonWriter& out, std::string_view key, const std::vector<float>& floats,
                  const std::vector<std::uint16_t>& halves, bool half) {
    out.key(key);
    if (half || halves.empty()) {
        out.base64(half ? std::as_bytes(std::span(halves)) : std::as_bytes(std::span(floats)));
        return;
    }
    std::vector<float> widened(halves.size());
    floatsFromHalves(halves, widened);
    out.base64(std::as_bytes(std::span(widened)));
}

class LayerReader {
 public:
    LayerReader(JsonScanner& scanner, const AttentionInfo& info, bool half, int number)
        : m_scanner(scanner), m_info(info), m_half(half), m_name("layer " + std::to_string(number)) {}

    std::shared_ptr<FactoredLayer> read() {
        auto layer = std::make_shared<FactoredLayer>();
        std::string key;
        bool hasScale = false;
        if (!m_scanner.enterObject()) return nullptr;
        while (m_scanner.nextMember(key)) {
            bool good = true;
            if (key == "q")
                good = m_scanner.skip(&m_query);
            else if (key == "k")
                good = m_scanner.skip(&m_key);
            else if (key == "lse")
                good = m_scanner.skip(&m_lse);
            else if (key == "scale")
                good = hasScale = readFloat(layer->scale);
            else if (key == "adjust")
                good = m_scanner.peek() == JsonKind::null ? m_scanner.readNull() : readAdjust(layer->adjust);
            else if (key == "precision")
                good = readPrecision();
            else
                good = m_scanner.skip();
            if (!good) return nullptr;
        }
        if (m_scanner.failed()) return nullptr;
        if (m_query.empty() || m_key.empty() || m_lse.empty() || !hasScale) {
            m_scanner.fail(m_name + " ends here without q, k, lse and scale");
            return nullptr;
        }
        return readData(*layer) ? layer : nullptr;
    }

 private:
    bool readFloat(float& out) {
        double value = 0;
        if (!m_scanner.readNumber(value)) return false;
        out = static_cast<float>(value);
        return std::isfinite(out) || m_scanner.fail("a number is too large to be kept");
    }
    bool readPrecision() {
        std::string name;
        if (!m_scanner.readString(name)) return false;
        if (name != "float32" && name != "float16")
            return m_scanner.fail("the precision \"" + name + "\" is not known");
        m_half = name == "float16";
        return true;
    }
    bool readCount(std::string_view key, std::int64_t least, std::int64_t most, int& out) {
        std::int64_t value = 0;
        if (!m_scanner.readInteger(value)) return false;
        out = static_cast<int>(value);
        return (value >= least && value <= most) ||
               m_scanner.fail("\"" + std::string(key) + "\" is " + std::to_string(value) + ", not between " +
                              std::to_string(least) + " and " + std::to_string(most));
    }
    bool perHead(std::vector<float>& out, std::string_view key) {
        return m_scanner.readFloats(out) &&
               (static_cast<int>(out.size()) == m_info.heads ||
                m_scanner.fail("\"" + std::string(key) + "\" has " + std::to_string(out.size()) +
                               " numbers for " + std::to_string(m_info.heads) + " heads"));
    }

    bool readAdjust(LogitAdjust& adjust) {
        std::string key;
        if (!m_scanner.enterObject()) return false;
        while (m_scanner.nextMember(key)) {
            bool good = true;
            if (m_scanner.peek() == JsonKind::null)
                good = m_scanner.readNull();
            else if (key == "softcap")
                good = readFloat(adjust.softcap);
            else if (key == "alibi_slopes")
                good = perHead(adjust.alibi.slopes, key);
            else if (key == "alibi_rounding")
                good = readRounding(adjust.alibi.rounding);
            else if (key == "alibi_before_scaling")
                good = m_scanner.readBool(adjust.alibi.beforeScaling);
            else if (key == "alibi_counts_unmasked")
                good = m_scanner.readBool(adjust.alibi.countsUnmasked);
            else if (key == "relative")
                good = readRelative(adjust.relative);
            else if (key == "sink")
                good = perHead(adjust.sinks, key);
            else
                good = m_scanner.skip();
            if (!good) return false;
        }
        if (m_scanner.failed()) return false;
        return adjust.softcap >= 0 || m_scanner.fail("\"softcap\" is negative");
    }

    bool readRounding(AlibiRounding& rounding) {
        std::string name;
        if (!m_scanner.readString(name)) return false;
        if (name != "bfloat16" && name != "none")
            return m_scanner.fail("the rounding \"" + name + "\" is not known");
        if (name == "bfloat16") rounding = AlibiRounding::bfloat16;
        return true;
    }

    bool readRelative(RelativeTable& table) {
        std::string key;
        std::int64_t rows = 0;
        bool even = true;
        if (!m_scanner.enterObject()) return false;
        while (m_scanner.nextMember(key)) {
            bool good = true;
            if (key == "buckets") {
                good = readCount(key, 4, kMostBuckets, table.buckets);
            } else if (key == "max_distance") {
                good = readCount(key, 3, kMostTokens, table.maxDistance);
            } else if (key == "two_sided") {
                good = m_scanner.readBool(table.twoSided);
            } else if (key == "table") {
                std::size_t width = 0;
                good = m_scanner.enterArray();
                for (; good && m_scanner.nextItem(); ++rows) {
                    const std::size_t before = table.values.size();
                    good = m_scanner.readFloats(table.values);
                    if (rows == 0) width = table.values.size();
                    even = even && table.values.size() - before == width;
                }
            } else {
                good = m_scanner.skip();
            }
            if (!good) return false;
        }
        if (m_scanner.failed()) return false;
        if (table.buckets < 4 || table.buckets % 2 != 0 || table.maxDistance <= table.buckets / 2)
            return m_scanner.fail(
                "the relative table that ends here wants an even number of buckets and a larger "
                "max_distance");
        return (even && rows == m_info.heads &&
                table.values.size() ==
                    static_cast<std::size_t>(rows) * static_cast<std::size_t>(table.buckets)) ||
               m_scanner.fail("the relative table is not " + std::to_string(m_info.heads) + " heads by " +
                              std::to_string(table.buckets) + " buckets");
    }

    // The bytes of a base64 text; its padding tells how many belong to the last group.
    static std::int64_t bytesIn(std::string_view raw) {
        const auto length = static_cast<std::int64_t>(raw.size()) - 2;
        if (length < 4) return 0;
        return length / 4 * 3 - (raw[raw.size() - 2] == '=') - (raw[raw.size() - 3] == '=');
    }

    bool readData(FactoredLayer& layer) {
        const std::int64_t rows = std::int64_t{m_info.heads} * m_info.queries, each = m_half ? 2 : 4;
        // A text with an escaped '/' is longer than its bytes: such a file is not ours, and its width cannot
        // be told.
        const std::int64_t width = bytesIn(m_query) / (rows * each);
        if (width < 1 || width > kMostWidth || width * rows * each != bytesIn(m_query))
            return m_scanner.fail(m_name + ": q has " + std::to_string(bytesIn(m_query)) +
                                  " bytes, which are no vectors for " + std::to_string(m_info.heads) +
                                  " heads and " + std::to_string(m_info.queries) + " queries");
        layer.width = static_cast<int>(width);
        const auto wanted = checkedProduct({m_info.keyValueHeads, m_info.keys, width, each});
        if (!wanted || *wanted != bytesIn(m_key))
            return m_scanner.fail(m_name + ": k has " + std::to_string(bytesIn(m_key)) +
                                  " bytes, its shape wants " + std::to_string(wanted.value_or(-1)));
        if (bytesIn(m_lse) != rows * 4)
            return m_scanner.fail(m_name + ": lse has " + std::to_string(bytesIn(m_lse)) +
                                  " bytes, its shape wants " + std::to_string(rows * 4));
        const auto queryCount = static_cast<std::size_t>(rows * width);
        const auto keyCount = static_cast<std::size_t>(*wanted / each);
        layer.lse.resize(static_cast<std::size_t>(rows));
        bool good = decode(m_lse, layer.lse, "lse");
        if (m_half) {
            layer.queryHalves.resize(queryCount);
            layer.keyHalves.resize(keyCount);
            good = good && decode(m_query, layer.queryHalves, "q") && decode(m_key, layer.keyHalves, "k");
        } else {
            layer.queryFloats.resize(queryCount);
            layer.keyFloats.resize(keyCount);
            good = good && decode(m_query, layer.queryFloats, "q") && decode(m_key, layer.keyFloats, "k");
        }
        if (!good) return false;
        const bool finite = allFinite(layer.queryFloats) && allFinite(layer.keyFloats) &&
                            allFinite(layer.queryHalves) && allFinite(layer.keyHalves) && goodLse(layer.lse);
        return finite || m_scanner.fail(m_name + " holds numbers that are not finite");
    }

    template <class Number>
    bool decode(std::string_view raw, std::vector<Number>& out, const char* what) {
        return decodeBase64(raw.substr(1, raw.size() - 2), std::as_writable_bytes(std::span(out))) ||
               m_scanner.fail(m_name + ": " + what + " is not valid base64");
    }

    JsonScanner& m_scanner;
    const AttentionInfo& m_info;
    bool m_half;
    std::string m_name;
    std::string_view m_query, m_key, m_lse;
};

}  // namespace

Result<std::shared_ptr<const AttentionSource>> roundedFactors(const FactoredAttention& source,
                                                              std::stop_token stop) {
    std::vector<std::shared_ptr<const FactoredLayer>> layers;
    for (int number = 0; number < source.info().layers; ++number) {
        auto layer = std::make_shared<const FactoredLayer>(source.layer(number));
        layers.push_back(FactoredAttention::rounded(source.info(), number, std::move(layer), stop));
        if (stop.stop_requested()) return cancelled();
    }
    return std::shared_ptr<const AttentionSource>(
        FactoredAttention::create(source.info(), std::move(layers)));
}

Result<void> writeFactors(JsonWriter& out, const FactoredAttention& source, bool half, std::stop_token stop) {
    out.beginArray();
    for (int number = 0; number < source.info().layers; ++number) {
        if (stop.stop_requested()) return cancelled();
        if (!out.ok()) return {};
        const FactoredLayer& layer = source.layer(number);
        const bool asHalf = half && layer.isHalf();
        if (!allFinite(layer.queryFloats) || !allFinite(layer.keyFloats) || !allFinite(layer.queryHalves) ||
            !allFinite(layer.keyHalves) || !goodLse(layer.lse))
            return badInput("the queries and keys of layer " + std::to_string(number) +
                                " are not all finite, and a session holds only numbers",
                            {}, "Run the model in float32.");
        out.beginObject();
        writeVectors(out, "q", layer.queryFloats, layer.queryHalves, asHalf);
        writeVectors(out, "k", layer.keyFloats, layer.keyHalves, asHalf);
        out.key("lse");
        out.base64(std::as_bytes(std::span(layer.lse)));
        out.key("scale");
        out.number(layer.scale);
        if (half && !asHalf) {
            out.key("precision");
            out.string("float32");
        }
        writeAdjust(out, layer.adjust);
        out.endObject();
    }
    out.endArray();
    return {};
}

Result<std::shared_ptr<const FactoredAttention>> readFactors(JsonScanner scanner, const AttentionEntry& entry,
                                                             AttentionInfo info, std::stop_token stop) {
    // Base64 is a third longer than its bytes, so what is taken is bounded by the text.
    const auto bytes = static_cast<std::int64_t>(entry.data.size() / 4 * 3);
    if (const std::int64_t limit = availableMemoryBytes() / 5 * 4; bytes > limit)
        return outOfMemory("the queries and keys take " + readableBytes(bytes) +
                               ", more than 80 % of the available memory (" + readableBytes(limit) + ")",
                           scanner.where(), "Close other documents.");
    std::vector<std::shared_ptr<const FactoredLayer>> layers;
    const bool half = entry.encoding == SessionEncoding::factoredFloat16;
    if (!scanner.enterArray()) return scanner.error();
    while (scanner.nextItem()) {
        if (stop.stop_requested()) return cancelled();
        if (static_cast<int>(layers.size()) == info.layers) {
            scanner.fail("\"data\" has more layers than the " + std::to_string(info.layers) + " declared");
            break;
        }
        auto layer = LayerReader(scanner, info, half, static_cast<int>(layers.size())).read();
        if (!layer) return scanner.error();
        layers.push_back(std::move(layer));
    }
    if (!scanner.failed() && static_cast<int>(layers.size()) != info.layers)
        scanner.fail("\"data\" has " + std::to_string(layers.size()) + " layers, declared are " +
                     std::to_string(info.layers));
    if (scanner.failed()) return scanner.error();
    return FactoredAttention::create(std::move(info), std::move(layers));
}

}  // namespace attnviz
