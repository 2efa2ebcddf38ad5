// A model and an engine without LibTorch, for the tests of what stands on them: text runs, the window, the
// commands.
//
// Its attention is made from the token ids alone, so the same ids give the same weights on every machine; in
// a causal model a row depends only on what it may see, so a longer text has the same first rows. Layers
// arrive one by one, with a delay per layer that a stop request ends at once. As a module (attnviz-toy-engine
// in lib/tests/, to be named in ATTNVIZ_TORCH_MODULE) it reads config.json of a folder whose model_type is
// "toy".
//
//   n_layer 2, n_head 2, n_positions (absent: no hard limit), configured_length (absent: none),
//   vocab_size 65536, n_embd 8, causal true, is_encoder_decoder false, type_vocab_size 1,
//   toy_fail "load" | "out of memory" | "error" | "exception", toy_fail_layer 0: before which layer it fails
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/json_value.h"
#include "core/model/engine.h"

namespace attnviz::test {

enum class ToyFailure { none, load, outOfMemory, error, exception };

struct ToySettings {
    std::string name = "toy";
    int layers = 2, heads = 2;
    std::optional<int> positionLimit, configuredLength;
    int vocabulary = 65536, width = 8;
    bool causal = true, encoderDecoder = false, usesSegments = false;
    int delayMs = 0;  // a layer
    ToyFailure failure = ToyFailure::none;
    int failureLayer = 0;
    std::string configJson;

    static Result<ToySettings> fromConfig(const std::filesystem::path& configJson);
};

class ToyModel final : public Model {
 public:
    explicit ToyModel(ToySettings settings);

    const ModelInfo& info() const override { return m_info; }
    StoragePlan estimate(const ModelInput& input, const RunOptions& options) const override;
    Result<ModelOutput> run(const ModelInput& input, const RunOptions& options, const RunListener& listener,
                            std::stop_token stop) override;
    Result<std::vector<float>> nextLogits(const ModelInput& input, std::stop_token stop) override;

    // What the last run was given.
    const ModelInput& lastInput() const { return m_lastInput; }
    int runs() const { return m_runs; }

 private:
    ToySettings m_settings;
    ModelInfo m_info;
    ModelInput m_lastInput;
    int m_runs = 0;
};

// Loads folders with model_type "toy"; the delay is read from ATTNVIZ_TOY_DELAY_MS at every load.
class ToyEngine final : public Engine {
 public:
    EngineInfo describe() const override;
    Result<std::shared_ptr<Model>> load(const LoadRequest& request, const ProgressSink& progress,
                                        std::stop_token stop) override;
};

// Writes a folder that ToyEngine loads: config.json with the given members, and an empty but valid
// model.safetensors.
void writeToyFolder(const std::filesystem::path& folder, const JsonValue& config);

}  // namespace attnviz::test
