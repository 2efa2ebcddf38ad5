// What runs models, without saying how: the interface that the LibTorch module implements.
//
// Owned and called by one thread (the engine thread). Results are immutable and go to any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/attention/attention_run.h"
#include "core/attention/storage_plan.h"
#include "core/base/progress.h"
#include "core/base/result.h"
#include "core/model/model_folder.h"

namespace attnviz {

inline constexpr int kEngineAbiVersion = 2;

enum class DeviceKind { automatic, cpu, cuda, mps };
struct Device {
    DeviceKind kind = DeviceKind::automatic;
    int index = 0;
};
enum class ComputeType { automatic, float32, float16, bfloat16 };

struct LoadRequest {
    ModelFolder folder;
    Device device;
    ComputeType dtype = ComputeType::automatic;
    int threads = 0;         // 0: one a core
    bool allowCode = false;  // run a model that is code: a person has said that they trust it
};

struct ModelInfo {
    std::string name, family;
    int layers = 0, heads = 0, keyValueHeads = 0;  // of the first kind of attention
    std::int64_t width = 0, vocabulary = 0;
    bool causal = true;
    bool encoderDecoder = false;
    bool hasHead = true;                  // logits can be had
    bool usesSegments = false;            // token type ids mean something
    int segments = 1;                     // segment ids are 0 to this, exclusive
    std::optional<int> positionLimit;     // a learned table: a hard limit
    std::optional<int> configuredLength;  // what config.json was made for; beyond it is extrapolation
    std::string device, dtype;            // in words: "cpu", "float32"
    std::int64_t weightBytes = 0;
    int ignoredTensors = 0;  // stored, but no part of the model
    std::string configJson;
    std::string generationJson;  // generation_config.json; empty where there is none
};

// Exactly what the model is given. Empty segment ids are all 0, an empty mask is all 1.
struct ModelInput {
    std::vector<std::int64_t> ids, segmentIds, attentionMask, targetIds;
};

struct RunOptions {
    StorageForm storage = StorageForm::automatic;
    Precision precision = Precision::float32;  // of what is kept: float16 halves it, rounded
    bool allLogits = false;                    // (position, vocabulary); else only predictions
    bool hiddenStates = false;
    std::vector<int> predictAt = {-1};  // positions to predict at; negative from the end; empty: none
    int predictions = 10;               // how many tokens each
};

struct LayerReady {
    int layer = 0;
    std::vector<std::shared_ptr<const AttentionSource>> sources;  // with this layer and all before it
};

// Called on the engine thread.
struct RunListener {
    ProgressSink progress;
    // By runText, once it is settled what runs: the tokens, before there is any attention of them.
    std::function<void(const AttentionRun&)> tokensReady;
    std::function<void(const LayerReady&)> layerReady;
};

// What a forward pass gives; tokens are not its business.
struct ModelOutput {
    std::vector<std::shared_ptr<const AttentionSource>> sources;
    std::vector<Prediction> predictions;  // ids and probabilities; texts are filled in by text_run
    std::optional<FloatMatrix> logits;
    std::vector<FloatMatrix> hiddenStates, targetHiddenStates;
    std::vector<std::string> notices;
};

class Model {
 public:
    virtual ~Model() = default;
    virtual const ModelInfo& info() const = 0;
    // What a run would take and how its maps would be kept.
    virtual StoragePlan estimate(const ModelInput& input, const RunOptions& options) const = 0;
    // Refuses ids outside the vocabulary, masks and segments of another length, a text beyond the position
    // table, and what does not fit into memory. Stops within one layer.
    virtual Result<ModelOutput> run(const ModelInput& input, const RunOptions& options,
                                    const RunListener& listener, std::stop_token stop) = 0;
    // The logits of the token after the last, of the target's last in an encoder-decoder: (vocabulary). A
    // forward pass that keeps no attention. Refuses what run() refuses. Stops within one layer. A model that
    // has no head to name tokens leaves it as it is.
    virtual Result<std::vector<float>> nextLogits(const ModelInput&, std::stop_token) {
        return unsupported("this model has no output layer that names tokens, so it writes no text",
                           info().name, "Give all of the text, or take a model for causal language.");
    }
};

struct FamilyInfo {
    std::string modelType, title, checkpoints, kinds;  // "gpt2", "GPT-2", "gpt2, distilgpt2", "decoder"
};

struct EngineInfo {
    std::string library;               // "LibTorch 1.13.1"
    std::string blas;                  // "OpenBLAS 0.3.21, OpenMP"
    std::vector<std::string> devices;  // "cpu (2 threads)", "cuda:0 NVIDIA H200 (139 GB)"
    std::vector<FamilyInfo> families;
};

class Engine {
 public:
    virtual ~Engine() = default;
    virtual EngineInfo describe() const = 0;
    virtual Result<std::shared_ptr<Model>> load(const LoadRequest& request, const ProgressSink& progress,
                                                std::stop_token stop) = 0;
};

}  // namespace attnviz

// The only symbol that the module exports. Returns nullptr if `abiVersion` is not the one it was built for.
// The engine lives as long as the process.
extern "C" attnviz::Engine* attnviz_engine(int abiVersion);
