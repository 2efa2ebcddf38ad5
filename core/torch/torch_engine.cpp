// The module's only way in: what LibTorch can do here, and models from folders.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <torch/csrc/api/include/torch/version.h>

#include <fstream>
#include <iterator>
#include <thread>

#include "core/base/json_parse.h"
#include "core/base/readable.h"
#include "core/base/system_memory.h"
#include "core/model/checkpoint.h"
#include "core/model/engine.h"
#include "core/model/script_file.h"
#include "core/torch/families.h"
#include "core/torch/script_model.h"
#include "core/torch/torch_model.h"

namespace attnviz {
namespace {

// Widened copies of half-precision weights are kept while they take less than this share of the available
// memory.
constexpr double kWidenedShare = 0.4;

// LibTorch takes one thread where it was built without knowing the machine; one a core is what a person
// expects.
void useThreads(int wished) {
    const int cores = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
    at::set_num_threads(wished > 0 ? wished : cores);
}

Result<at::Device> chooseDevice(const Device& wished) {
    const int cards =
        at::globalContext().hasCUDA() ? static_cast<int>(at::detail::getCUDAHooks().getNumGPUs()) : 0;
    switch (wished.kind) {
        case DeviceKind::automatic:
            return cards > 0 ? at::Device(at::kCUDA, 0) : at::Device(at::kCPU);
        case DeviceKind::cpu:
            return at::Device(at::kCPU);
        case DeviceKind::cuda:
            if (cards == 0)
                return unsupported("there is no usable CUDA device", "--device",
                                   "Use --device cpu, or a LibTorch that was built for CUDA.");
            if (wished.index >= cards)
                return badInput("there is no device cuda:" + std::to_string(wished.index), "--device",
                                "This machine has " + std::to_string(cards) + ", counted from 0.");
            return at::Device(at::kCUDA, static_cast<at::DeviceIndex>(wished.index));
        case DeviceKind::mps:
            break;
    }
    return unsupported("there is no usable mps device", "--device", "Use --device cpu.");
}

Result<at::ScalarType> chooseType(ComputeType wished, const at::Device& device,
                                  const Checkpoint& checkpoint) {
    if (device.is_cpu()) {
        if (wished == ComputeType::float16 || wished == ComputeType::bfloat16)
            return unsupported("half precision is not computed on the CPU", "--dtype",
                               "It is wrong by 1e-2 there; use --dtype float32.");
        return at::kFloat;
    }
    switch (wished) {
        case ComputeType::float32:
            return at::kFloat;
        case ComputeType::float16:
            return at::kHalf;
        case ComputeType::bfloat16:
            return at::kBFloat16;
        case ComputeType::automatic:
            break;
    }
    // As stored: what most of the bytes are.
    std::int64_t halves = 0, brains = 0, floats = 0;
    for (const auto& [name, tensor] : checkpoint.tensors()) {
        const auto bytes = static_cast<std::int64_t>(tensor.bytes.size());
        if (tensor.type == TensorType::f16)
            halves += bytes;
        else if (tensor.type == TensorType::bf16)
            brains += bytes;
        else
            floats += bytes;
    }
    return halves > std::max(brains, floats) ? at::kHalf : brains > floats ? at::kBFloat16 : at::kFloat;
}

std::string blasName() {
    const std::string config = at::show_config();
    const auto at = config.find("BLAS_INFO=");
    std::string name = at == std::string::npos
                           ? "unknown"
                           : config.substr(at + 10, config.find_first_of(",\n", at) - at - 10);
    return name + ", " + std::to_string(at::get_num_threads()) + " threads";
}

class TorchEngine final : public Engine {
 public:
    EngineInfo describe() const override {
        useThreads(0);
        EngineInfo info;
        info.library = "LibTorch " TORCH_VERSION;
        info.blas = blasName();
        info.devices.push_back("cpu (" + std::to_string(at::get_num_threads()) + " threads)");
        const int cards =
            at::globalContext().hasCUDA() ? static_cast<int>(at::detail::getCUDAHooks().getNumGPUs()) : 0;
        for (int card = 0; card < cards; ++card) info.devices.push_back("cuda:" + std::to_string(card));
        for (const auto* family : families()) info.families.push_back(family->info);
        info.families.push_back(kScriptFamily);
        return info;
    }

    Result<std::shared_ptr<Model>> load(const LoadRequest& request, const ProgressSink& progress,
                                        std::stop_token stop) override {
        if (progress) progress({"Loading " + request.folder.name, -1});
        useThreads(request.threads);
        if (request.folder.script) {
            if (!request.allowCode) return codeNotAllowed(*request.folder.script);
            auto place = chooseDevice(request.device);
            if (!place) return place.error();
            return loadScript(request, place->str());
        }
        auto config = ModelConfig::read(request.folder.config);
        if (!config) return config.error();
        auto family = findFamily(*config);
        if (!family) return family.error();
        auto device = chooseDevice(request.device);
        if (!device) return device.error();
        auto opened = Checkpoint::open(request.folder);
        if (!opened) return opened.error();
        if (stop.stop_requested()) return cancelled();
        auto checkpoint = std::make_shared<const Checkpoint>(std::move(*opened));
        auto type = chooseType(request.dtype, *device, *checkpoint);
        if (!type) return type.error();

        std::int64_t widened = 0;
        for (const auto& [name, tensor] : checkpoint->tensors())
            if (tensor.type != TensorType::f32) widened += tensor.elements() * 4;
        WeightPolicy policy{*device, *type, true};
        policy.keepWidened =
            static_cast<double>(widened) < kWidenedShare * static_cast<double>(availableMemoryBytes());

        Result<std::shared_ptr<Model>> model = cancelled();
        const auto error = guardTorch([&] {
            WeightReader weights(checkpoint, request.folder.folder.string(), policy);
            auto network = (*family)->load(*config, weights);
            if (!network) {
                model = network.error();
                return;
            }
            ModelInfo& info = (*network)->info();
            info.name = request.folder.name;
            info.family = (*family)->info.modelType;
            info.device = device->str();
            info.dtype = *type == at::kFloat ? "float32" : *type == at::kHalf ? "float16" : "bfloat16";
            info.weightBytes = checkpoint->totalBytes();
            info.ignoredTensors = weights.ignored();
            info.configJson = config->json().toText(0);
            if (const auto generation = readJsonFile(request.folder.folder / "generation_config.json"))
                info.generationJson = generation->toText(0);
            model = std::shared_ptr<Model>(
                std::make_shared<TorchModel>(std::move(*network), *device, policy.keepWidened ? widened : 0));
        });
        if (error) return *error;
        return model;
    }
};

}  // namespace
}  // namespace attnviz

extern "C" __attribute__((visibility("default"))) attnviz::Engine* attnviz_engine(int abiVersion) {
    static attnviz::TorchEngine engine;
    return abiVersion == attnviz::kEngineAbiVersion ? &engine : nullptr;
}
