#include "tests/support/toy_engine.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <cstdlib>
#include <fstream>
#include <mutex>
#include <stdexcept>

#include "core/attention/dense_attention.h"
#include "core/base/half.h"
#include "core/base/readable.h"
#include "core/base/system_memory.h"
#include "core/model/model_config.h"

namespace attnviz::test {
namespace {

using Ids = std::vector<std::int64_t>;

// splitmix64: the same numbers everywhere.
std::uint64_t mixed(std::uint64_t value) {
    value += 0x9E3779B97F4A7C15U;
    value = (value ^ (value >> 30U)) * 0xBF58476D1CE4E5B9U;
    value = (value ^ (value >> 27U)) * 0x94D049BB133111EBU;
    return value ^ (value >> 31U);
}

// In [0, 1), from any numbers.
template <class... Numbers>
double chance(Numbers... numbers) {
    std::uint64_t seed = 0;
    ((seed = mixed(seed ^ static_cast<std::uint64_t>(numbers))), ...);
    return static_cast<double>(seed >> 11U) * 0x1p-53;
}

std::vector<int> maskedKeys(const Ids& mask) {
    std::vector<int> keys;
    for (std::size_t i = 0; i < mask.size(); ++i)
        if (mask[i] == 0) keys.push_back(static_cast<int>(i));
    return keys;
}

// Waits for a layer's delay; false if it was stopped.
bool waitFor(int delayMs, const std::stop_token& stop) {
    if (delayMs > 0) {
        std::mutex mutex;
        std::condition_variable_any never;
        std::unique_lock lock(mutex);
        never.wait_for(lock, stop, std::chrono::milliseconds(delayMs), [] { return false; });
    }
    return !stop.stop_requested();
}

// One kind of attention while it grows.
struct Growing {
    AttentionInfo info;
    const Ids* queryIds;
    const Ids* keyIds;
    std::vector<std::shared_ptr<const DenseLayer>> layers;

    // Nearer and earlier keys, and those whose ids the head likes; each head with a reach of its own.
    void addLayer(Precision precision) {
        const int l = static_cast<int>(layers.size());
        const auto keys = static_cast<std::size_t>(info.keys);
        auto layer = std::make_shared<DenseLayer>();
        layer->floats.assign(
            static_cast<std::size_t>(info.heads) * static_cast<std::size_t>(info.queries) * keys, 0.0F);
        auto row = layer->floats.begin();
        for (int head = 0; head < info.heads; ++head) {
            const double reach = 1.0 + 4.0 * head;
            for (int query = 0; query < info.queries; ++query, row += info.keys) {
                double sum = 0;
                const auto range = info.visibility.range(l, query);
                for (int key = range.begin; key < range.end; ++key) {
                    if (info.visibility.masked(key)) continue;
                    const double liking =
                        chance(l, head, (*queryIds)[static_cast<std::size_t>(query)],
                               (*keyIds)[static_cast<std::size_t>(key)], static_cast<int>(info.kind));
                    const double weight =
                        (0.05 + liking) * std::exp(-std::abs(query - key) / reach) + (key == 0 ? 0.3 : 0.0);
                    row[key] = static_cast<float>(weight);
                    sum += static_cast<double>(row[key]);
                }
                for (int key = range.begin; key < range.end && sum > 0; ++key)
                    row[key] = static_cast<float>(row[key] / sum);
            }
        }
        if (precision == Precision::float16) {
            layer->halves.resize(layer->floats.size());
            halvesFromFloats(layer->floats, layer->halves);
            layer->floats = {};
        }
        layers.push_back(std::move(layer));
    }
    std::shared_ptr<const AttentionSource> source() const { return DenseAttention::create(info, layers); }
};

AttentionInfo infoOf(AttentionKind kind, const ToySettings& settings, const Ids& queries, const Ids& keys,
                     const Ids& keyMask) {
    AttentionInfo info;
    info.kind = kind;
    info.layers = settings.layers;
    info.heads = info.keyValueHeads = settings.heads;
    info.queries = static_cast<int>(queries.size());
    info.keys = static_cast<int>(keys.size());
    info.visibility = Visibility(info.queries, info.keys)
                          .setCausal(kind == AttentionKind::decoder)
                          .setMaskedKeys(maskedKeys(keyMask));
    return info;
}

FloatMatrix statesOf(const Ids& ids, int layer, int width) {
    FloatMatrix states{static_cast<std::int64_t>(ids.size()), width, {}};
    for (std::size_t i = 0; i < ids.size(); ++i)
        for (int column = 0; column < width; ++column)
            states.values.push_back(static_cast<float>(2 * chance(layer, ids[i], i, column) - 1));
    return states;
}

// Logits of the token after `id`.
std::vector<float> logitsAfter(std::int64_t id, int vocabulary) {
    std::vector<float> logits;
    for (int next = 0; next < vocabulary; ++next)
        logits.push_back(static_cast<float>(8 * chance(id, next, 77)));
    return logits;
}

Prediction predictionAt(const Ids& ids, int position, int count, int vocabulary) {
    const auto logits = logitsAfter(ids[static_cast<std::size_t>(position)], vocabulary);
    double sum = 0;
    for (const float logit : logits) sum += std::exp(static_cast<double>(logit));
    Prediction prediction;
    prediction.position = position;
    for (std::size_t id = 0; id < logits.size(); ++id)
        prediction.top.push_back(
            {static_cast<std::int64_t>(id), {}, std::exp(static_cast<double>(logits[id])) / sum});
    const auto kept =
        std::min<std::size_t>(prediction.top.size(), static_cast<std::size_t>(std::max(count, 0)));
    std::partial_sort(prediction.top.begin(), prediction.top.begin() + static_cast<std::ptrdiff_t>(kept),
                      prediction.top.end(), [](const PredictedToken& a, const PredictedToken& b) {
                          return a.probability != b.probability ? a.probability > b.probability : a.id < b.id;
                      });
    prediction.top.resize(kept);
    return prediction;
}

Result<void> checkInput(const ModelInput& input, const ModelInfo& info) {
    if (input.ids.empty()) return badInput("there is no token to run");
    if (info.encoderDecoder && input.targetIds.empty()) return badInput("the decoder has no token to run");
    for (const auto* other : {&input.segmentIds, &input.attentionMask})
        if (!other->empty() && other->size() != input.ids.size())
            return badInput("segments and mask must be as long as the ids");
    for (const auto* ids : {&input.ids, &input.targetIds}) {
        for (const auto id : *ids)
            if (id < 0 || id >= info.vocabulary)
                return badInput("token id " + std::to_string(id) + " is outside the vocabulary of " +
                                std::to_string(info.vocabulary));
        if (info.positionLimit && ids->size() > static_cast<std::size_t>(*info.positionLimit))
            return badInput("the text has " + std::to_string(ids->size()) + " tokens, but the model has " +
                            std::to_string(*info.positionLimit) + " positions");
    }
    return {};
}

Result<void> failureOf(ToyFailure failure) {
    if (failure == ToyFailure::outOfMemory)
        return outOfMemory("not enough memory", {}, "Use a shorter text or half precision.");
    if (failure == ToyFailure::error) return internalError("the toy model fails, as it was told to");
    if (failure == ToyFailure::exception) throw std::runtime_error("the toy model throws, as it was told to");
    return {};
}

}  // namespace

Result<ToySettings> ToySettings::fromConfig(const std::filesystem::path& path) {
    auto config = ModelConfig::read(path);
    if (!config) return config.error();
    if (config->modelType() != "toy")
        return unsupported("the family '" + config->modelType() + "' is not known", path.string(),
                           "This engine runs 'toy' alone.");
    ToySettings settings;
    Error error;
    bool bad = false;
    const auto take = [&](auto result, auto& target) {
        if (result)
            target = static_cast<std::remove_reference_t<decltype(target)>>(*result);
        else if (!bad)
            error = result.error(), bad = true;
    };
    int segments = 1;
    std::string failure;
    take(config->sizeOr({"n_layer"}, 2, 1024), settings.layers);
    take(config->sizeOr({"n_head"}, 2, 1024), settings.heads);
    take(config->sizeOr({"vocab_size"}, 65536, 1 << 20), settings.vocabulary);
    take(config->sizeOr({"n_embd"}, 8, 4096), settings.width);
    take(config->sizeOr({"type_vocab_size"}, 1, 16), segments);
    take(config->boolOr("causal", true), settings.causal);
    take(config->boolOr("is_encoder_decoder", false), settings.encoderDecoder);
    take(config->textOr("toy_fail", ""), failure);
    if (config->has("n_positions")) take(config->size({"n_positions"}), settings.positionLimit.emplace());
    if (config->has("configured_length"))
        take(config->size({"configured_length"}), settings.configuredLength.emplace());
    if (config->has("toy_fail_layer")) take(config->size({"toy_fail_layer"}), settings.failureLayer);
    if (bad) return error;
    settings.usesSegments = segments > 1;
    settings.failure = failure == "load"            ? ToyFailure::load
                       : failure == "out of memory" ? ToyFailure::outOfMemory
                       : failure == "error"         ? ToyFailure::error
                       : failure == "exception"     ? ToyFailure::exception
                                                    : ToyFailure::none;
    settings.configJson = config->json().toText();
    return settings;
}

ToyModel::ToyModel(ToySettings settings) : m_settings(std::move(settings)) {
    m_info.name = m_settings.name;
    m_info.family = "toy";
    m_info.layers = m_settings.layers;
    m_info.heads = m_info.keyValueHeads = m_settings.heads;
    m_info.width = m_settings.width;
    m_info.vocabulary = m_settings.vocabulary;
    m_info.causal = m_settings.causal;
    m_info.encoderDecoder = m_settings.encoderDecoder;
    m_info.usesSegments = m_settings.usesSegments;
    m_info.positionLimit = m_settings.positionLimit;
    m_info.configuredLength = m_settings.configuredLength;
    m_info.device = "cpu";
    m_info.dtype = "float32";
    m_info.configJson = m_settings.configJson;
}

StoragePlan ToyModel::estimate(const ModelInput& input, const RunOptions& options) const {
    StoragePlan estimate;
    const auto n = static_cast<std::int64_t>(input.ids.size());
    const auto m = static_cast<std::int64_t>(input.targetIds.size());
    const auto cells = m_settings.encoderDecoder ? n * n + m * m + n * m : n * n;
    const int bytes = options.precision == Precision::float16 ? 2 : 4;
    estimate.keptBytes = cells * m_settings.layers * m_settings.heads * bytes;
    estimate.peakBytes = estimate.keptBytes + cells * m_settings.heads * 4;
    estimate.availableBytes = availableMemoryBytes();
    estimate.form = StorageForm::dense;
    estimate.precision = options.precision;
    estimate.fits = estimate.peakBytes <= estimate.availableBytes / 10 * 8;
    estimate.sentence = "Attention takes " + readableBytes(estimate.keptBytes) + " of " +
                        readableBytes(estimate.availableBytes) + ", kept as it is.";
    return estimate;
}

Result<ModelOutput> ToyModel::run(const ModelInput& input, const RunOptions& options,
                                  const RunListener& listener, std::stop_token stop) {
    m_lastInput = input;
    ++m_runs;
    if (auto checked = checkInput(input, m_info); !checked) return checked.error();
    const auto needed = estimate(input, options);
    if (!needed.fits)
        return outOfMemory("the run needs " + readableBytes(needed.peakBytes) + ", but only " +
                               readableBytes(needed.availableBytes) + " are available",
                           {}, "Use a shorter text.");

    std::vector<Growing> kinds;
    const Ids& ids = input.ids;
    const Ids& last = m_settings.encoderDecoder ? input.targetIds : ids;
    if (m_settings.encoderDecoder) {
        kinds.push_back(
            {infoOf(AttentionKind::encoder, m_settings, ids, ids, input.attentionMask), &ids, &ids, {}});
        kinds.push_back({infoOf(AttentionKind::decoder, m_settings, last, last, {}), &last, &last, {}});
        kinds.push_back(
            {infoOf(AttentionKind::cross, m_settings, last, ids, input.attentionMask), &last, &ids, {}});
    } else {
        const auto kind = m_settings.causal ? AttentionKind::decoder : AttentionKind::encoder;
        kinds.push_back({infoOf(kind, m_settings, ids, ids, input.attentionMask), &ids, &ids, {}});
    }
    ModelOutput output;
    for (int layer = 0; layer < m_settings.layers; ++layer) {
        if (listener.progress)
            listener.progress(
                {"Capturing layer " + std::to_string(layer + 1) + " of " + std::to_string(m_settings.layers),
                 static_cast<double>(layer) / m_settings.layers});
        if (!waitFor(m_settings.delayMs, stop)) return cancelled();
        if (layer == std::min(m_settings.failureLayer, m_settings.layers - 1))
            if (auto failed = failureOf(m_settings.failure); !failed) return failed.error();
        LayerReady ready{layer, {}};
        for (auto& kind : kinds) {
            kind.addLayer(options.precision);
            ready.sources.push_back(kind.source());
        }
        output.sources = ready.sources;
        if (listener.layerReady) listener.layerReady(ready);
    }
    if (stop.stop_requested()) return cancelled();
    const int count = static_cast<int>(last.size());
    for (const int wished : options.predictAt) {
        const int position = wished < 0 ? wished + count : wished;
        if (position < 0 || position >= count)
            return badInput("there is no position " + std::to_string(wished) + " to predict at");
        output.predictions.push_back(
            predictionAt(last, position, options.predictions, m_settings.vocabulary));
    }
    if (options.allLogits) {
        output.logits = FloatMatrix{count, m_settings.vocabulary, {}};
        for (const auto id : last) {
            const auto row = logitsAfter(id, m_settings.vocabulary);
            output.logits->values.insert(output.logits->values.end(), row.begin(), row.end());
        }
    }
    for (int layer = 0; options.hiddenStates && layer <= m_settings.layers; ++layer) {
        output.hiddenStates.push_back(statesOf(ids, layer, m_settings.width));
        if (m_settings.encoderDecoder)
            output.targetHiddenStates.push_back(statesOf(last, layer + 1000, m_settings.width));
    }
    return output;
}

Result<std::vector<float>> ToyModel::nextLogits(const ModelInput& input, std::stop_token stop) {
    if (auto checked = checkInput(input, m_info); !checked) return checked.error();
    if (!waitFor(m_settings.delayMs, stop)) return cancelled();
    return logitsAfter((m_settings.encoderDecoder ? input.targetIds : input.ids).back(),
                       m_settings.vocabulary);
}

EngineInfo ToyEngine::describe() const {
    return {"toy engine", "none", {"cpu"}, {{"toy", "Toy", "made by tests", "decoder"}}};
}

Result<std::shared_ptr<Model>> ToyEngine::load(const LoadRequest& request, const ProgressSink& progress,
                                               std::stop_token stop) {
    if (progress) progress({"Loading " + request.folder.name, 0.0});
    if (stop.stop_requested()) return cancelled();
    auto settings = ToySettings::fromConfig(request.folder.config);
    if (!settings) return settings.error();
    settings->name = request.folder.name;
    if (settings->failure == ToyFailure::load)
        return badInput("the toy model does not load, as it was told to", request.folder.folder.string());
    if (const char* delay = std::getenv("ATTNVIZ_TOY_DELAY_MS")) settings->delayMs = std::atoi(delay);
    return std::shared_ptr<Model>(std::make_shared<ToyModel>(std::move(*settings)));
}

void writeToyFolder(const std::filesystem::path& folder, const JsonValue& config) {
    std::filesystem::create_directories(folder);
    JsonValue whole = config;
    whole.set("model_type", "toy");
    std::ofstream(folder / "config.json", std::ios::binary) << whole.toText();
    std::ofstream(folder / "model.safetensors", std::ios::binary).write("\x02\0\0\0\0\0\0\0{}", 10);
}

}  // namespace attnviz::test
