// A loaded model: checks what it is given, plans, runs layer by layer, and says what it found.
#pragma once

#include <memory>
#include <optional>

#include "core/model/engine.h"
#include "core/torch/cached_pass.h"
#include "core/torch/network.h"

namespace attnviz {

class TorchModel final : public Model {
 public:
    // `widenedBytes`: what the weights take while they run, beside what is mapped.
    TorchModel(std::unique_ptr<Network> network, at::Device device, std::int64_t widenedBytes);

    const ModelInfo& info() const override { return m_network->info(); }
    StoragePlan estimate(const ModelInput& input, const RunOptions& options) const override;
    Result<ModelOutput> run(const ModelInput& input, const RunOptions& options, const RunListener& listener,
                            std::stop_token stop) override;
    Result<std::vector<float>> nextLogits(const ModelInput& input, std::stop_token stop) override;

 private:
    Result<void> check(const ModelInput& input, const RunOptions& options) const;
    Result<void> checkIds(const std::string& what, const std::string& one,
                          const std::vector<std::int64_t>& ids, std::int64_t vocabulary) const;
    Result<ModelOutput> forward(const ModelInput& input, const RunOptions& options, const StoragePlan& plan,
                                const RunListener& listener, const std::stop_token& stop) const;
    at::Tensor lastHidden(const ModelInput& input, const std::stop_token& stop) const;
    // Stops within some hundred positions.
    Result<void> predict(const at::Tensor& last, const RunOptions& options, const RunListener& listener,
                         const std::stop_token& stop, ModelOutput& output) const;

    std::unique_ptr<Network> m_network;
    CachedPass m_cached;  // of the last nextLogits
    at::Device m_device;
    std::int64_t m_widenedBytes;
};

// Runs `work`; LibTorch's exceptions become Errors, and what they held is freed before anything else is done.
std::optional<Error> guardTorch(const std::function<void()>& work);

}  // namespace attnviz
