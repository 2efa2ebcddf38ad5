#include "core/session/session_encoding.h"

#include <array>
#include <utility>

#include "core/attention/dense_attention.h"
#include "core/attention/factored_attention.h"

namespace attnviz {
namespace {

constexpr std::int64_t kNestedWeights = 4'000'000;
constexpr std::array<std::pair<SessionEncoding, std::string_view>, 5> kNames{{
    {SessionEncoding::nested, "nested"},
    {SessionEncoding::float16, "float16"},
    {SessionEncoding::float32, "float32"},
    {SessionEncoding::factoredFloat16, "factored-float16"},
    {SessionEncoding::factoredFloat32, "factored-float32"},
}};

bool isHalf(const AttentionSource& source) {
    const auto* dense = dynamic_cast<const DenseAttention*>(&source);
    return dense && dense->isHalf();
}

// One layer in float16 is enough: those that did not fit into it stay as they are.
bool isHalf(const FactoredAttention& source) {
    for (int layer = 0; layer < source.layersReady(); ++layer)
        if (source.layer(layer).isHalf()) return true;
    return false;
}

}  // namespace

std::string_view sessionEncodingName(SessionEncoding encoding) {
    for (const auto& [known, name] : kNames)
        if (known == encoding) return name;
    return "automatic";
}

std::optional<SessionEncoding> sessionEncodingFromName(std::string_view name) {
    for (const auto& [encoding, known] : kNames)
        if (known == name) return encoding;
    return std::nullopt;
}

std::int64_t weightCount(const AttentionRun& run) {
    std::int64_t count = 0;
    for (const auto& source : run.sources) {
        const AttentionInfo& info = source->info();
        count += static_cast<std::int64_t>(info.layers) * info.heads * info.queries * info.keys;
    }
    return count;
}

SessionEncoding chooseEncoding(const AttentionSource& source, SessionEncoding wish,
                               std::int64_t weightsOfRun) {
    const auto* factored = dynamic_cast<const FactoredAttention*>(&source);
    switch (wish) {
        case SessionEncoding::automatic:
            if (weightsOfRun <= kNestedWeights) return SessionEncoding::nested;
            if (factored)
                return isHalf(*factored) ? SessionEncoding::factoredFloat16
                                         : SessionEncoding::factoredFloat32;
            return isHalf(source) ? SessionEncoding::float16 : SessionEncoding::float32;
        case SessionEncoding::factoredFloat16:
            return factored ? wish : SessionEncoding::float16;
        case SessionEncoding::factoredFloat32:
            return factored ? wish : SessionEncoding::float32;
        default:
            return wish;
    }
}

}  // namespace attnviz
