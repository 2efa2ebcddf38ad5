#include "core/torch/torch_model.h"

#include <algorithm>
#include <cstdlib>
#include <new>

#include "core/base/readable.h"
#include "core/base/system_memory.h"
#include "core/torch/capture.h"

namespace attnviz {
namespace {

constexpr const char* kMemoryHint =
    "Shorten the text, keep queries and keys (--storage factored), or use --precision float16.";

FloatMatrix matrixOf(const at::Tensor& tensor) {
    const at::Tensor host = tensor.to(at::kCPU, at::kFloat).contiguous();
    const float* data = host.data_ptr<float>();
    return {host.size(0), host.size(1), {data, data + host.numel()}};
}

// The obvious kernel instead of the quick one: to find out which of the two is wrong.
bool plainKernelWanted() {
    const char* value = std::getenv("ATTNVIZ_PLAIN_KERNEL");
    return value && *value == '1';
}

}  // namespace

std::optional<Error> guardTorch(const std::function<void()>& work) {
    std::optional<Error> error;
    try {
        work();
    } catch (const std::bad_alloc&) {
        error = outOfMemory("not enough memory", {}, kMemoryHint);
    } catch (const c10::Error& caught) {
        const std::string text = caught.what_without_backtrace();
        const bool memory = text.find("out of memory") != std::string::npos ||
                            text.find("can't allocate memory") != std::string::npos ||
                            text.find("not enough memory") != std::string::npos;
        error = memory ? outOfMemory("not enough memory", {}, kMemoryHint)
                       : internalError("LibTorch: " + text.substr(0, text.find('\n')));
    } catch (const std::exception& caught) {
        error = internalError(caught.what());
    }
    return error;
}

TorchModel::TorchModel(std::unique_ptr<Network> network, at::Device device, std::int64_t widenedBytes)
    : m_network(std::move(network)), m_device(device), m_widenedBytes(widenedBytes) {}

StoragePlan TorchModel::estimate(const ModelInput& input, const RunOptions& options) const {
    const ModelInfo& info = m_network->info();
    StorageShape shape;
    shape.layers = info.layers;
    shape.heads = info.heads;
    shape.keyValueHeads = info.keyValueHeads;
    shape.queries = shape.keys = static_cast<std::int64_t>(input.ids.size());
    shape.headSize = m_network->headSize();
    // Hidden states, projections and the MLP's inner activations, about sixteen widths a token at once.
    shape.workingBytes = m_widenedBytes + shape.queries * info.width * 16 * 4;
    if (options.allLogits && info.hasHead) shape.workingBytes += shape.queries * info.vocabulary * 4 * 2;
    if (options.hiddenStates) shape.workingBytes += shape.queries * info.width * (info.layers + 1) * 4;
    return planStorage(shape, availableMemoryBytes(), options.storage, options.precision);
}

Result<void> TorchModel::check(const ModelInput& input, const RunOptions& options) const {
    const ModelInfo& info = m_network->info();
    const auto count = input.ids.size();
    if (count == 0) return badInput("there is no token to run");
    if (info.positionLimit && count > static_cast<std::size_t>(*info.positionLimit))
        return badInput("the text has " + std::to_string(count) + " tokens, but the model has " +
                            std::to_string(*info.positionLimit) + " positions",
                        {}, "Shorten it, or let it be cut with --max-length auto.");
    for (std::size_t index = 0; index < count; ++index)
        if (input.ids[index] < 0 || input.ids[index] >= info.vocabulary)
            return badInput("token " + std::to_string(index) + " has the id " +
                                std::to_string(input.ids[index]) + ", outside the vocabulary",
                            {}, "Ids are 0 to " + std::to_string(info.vocabulary - 1) + ".");
    if (!input.targetIds.empty() && !info.encoderDecoder)
        return badInput("this model has no decoder beside its encoder", "--target-ids",
                        "Leave the target out.");
    for (const auto& [name, values, limit] :
         {std::tuple{"segment ids", &input.segmentIds, static_cast<std::int64_t>(info.segments)},
          std::tuple{"mask values", &input.attentionMask, std::int64_t{2}}}) {
        if (values->empty()) continue;
        if (values->size() != count)
            return badInput("there are " + std::to_string(count) + " token ids, but " +
                            std::to_string(values->size()) + " " + name);
        for (const auto value : *values)
            if (value < 0 || value >= limit)
                return badInput(std::to_string(value) + " is out of range among the " + name, {},
                                "They are 0 to " + std::to_string(limit - 1) + ".");
    }
    for (const int position : options.predictAt)
        if (position >= static_cast<int>(count) || position < -static_cast<int>(count))
            return badInput("position " + std::to_string(position) + " is out of range", {},
                            "The text has " + std::to_string(count) + " tokens.");
    return {};
}

Result<ModelOutput> TorchModel::run(const ModelInput& input, const RunOptions& options,
                                    const RunListener& listener, std::stop_token stop) {
    if (auto checked = check(input, options); !checked) return checked.error();
    const StoragePlan plan = estimate(input, options);
    if (!plan.fits) return outOfMemory(plan.sentence, {}, kMemoryHint);
    Result<ModelOutput> output = cancelled();
    if (auto error = guardTorch([&] { output = forward(input, options, plan, listener, stop); }))
        return *error;
    return output;
}

Result<ModelOutput> TorchModel::forward(const ModelInput& input, const RunOptions& options,
                                        const StoragePlan& plan, const RunListener& listener,
                                        const std::stop_token& stop) const {
    const at::NoGradGuard noGrad;
    const ModelInfo& model = m_network->info();
    AttentionInfo info;
    info.kind = model.causal ? AttentionKind::decoder : AttentionKind::encoder;
    info.layers = model.layers;
    info.heads = model.heads;
    info.keyValueHeads = model.keyValueHeads;
    info.queries = info.keys = static_cast<int>(input.ids.size());
    info.visibility = m_network->visibility(input);
    AttentionCapture capture(info, m_network->headSize(), plan, plainKernelWanted(), stop);
    int running = 0;
    const Attend attend = [&](const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, double scale) {
        at::Tensor context = capture.attend(q, k, v, scale, m_network->logitAdjust(running));
        // A stopped layer goes on with anything of the right shape; its result is thrown away below.
        return context.defined() ? context : at::zeros({q.size(0), q.size(1)}, q.options());
    };
    const auto report = [&](int layer) {
        if (!listener.progress) return;
        listener.progress(
            {"Capturing layer " + std::to_string(layer + 1) + " of " + std::to_string(model.layers),
             static_cast<double>(layer) / model.layers});
    };

    ModelOutput output;
    at::Tensor hidden = m_network->embed(input);
    for (int layer = 0; layer < model.layers; ++layer) {
        if (stop.stop_requested()) return cancelled();
        report(layer);
        running = layer;
        if (options.hiddenStates) output.hiddenStates.push_back(matrixOf(hidden));
        hidden = m_network->layer(layer, hidden, attend);
        if (stop.stop_requested()) return cancelled();
        if (listener.layerReady) listener.layerReady({layer, {capture.source()}});
    }
    hidden = m_network->finish(hidden);
    if (options.hiddenStates) output.hiddenStates.push_back(matrixOf(hidden));
    output.sources = {capture.source()};
    if (capture.roundingError() > 0) {
        char text[160];
        std::snprintf(
            text, sizeof text,
            "Queries and keys are kept in float16: weights differ by up to %.1e on the sampled rows.",
            capture.roundingError());
        output.notices.emplace_back(text);
    }
    if (!model.hasHead) {
        if (options.allLogits)
            output.notices.emplace_back("The checkpoint has no head: there are no logits.");
        return output;
    }
    if (options.allLogits) output.logits = matrixOf(m_network->logits(hidden));
    predict(hidden, options, output);
    return output;
}

void TorchModel::predict(const at::Tensor& last, const RunOptions& options, ModelOutput& output) const {
    if (options.predictAt.empty() || options.predictions <= 0) return;
    std::vector<std::int64_t> positions;
    for (const int position : options.predictAt)
        positions.push_back(position < 0 ? position + last.size(0) : static_cast<std::int64_t>(position));
    const at::Tensor rows = last.index_select(0, at::tensor(positions, at::kLong).to(last.device()));
    const at::Tensor logits = m_network->logits(rows).to(at::kCPU, at::kFloat);
    // A discriminator has one value a token: no word to predict.
    if (logits.size(1) == 1) return;
    const at::Tensor probabilities = at::softmax(logits, -1);
    const auto count = std::min<std::int64_t>(options.predictions, probabilities.size(1));
    const auto [values, ids] = at::topk(probabilities, count, -1);
    for (std::size_t row = 0; row < positions.size(); ++row) {
        Prediction prediction;
        prediction.position = static_cast<int>(positions[row]);
        for (std::int64_t rank = 0; rank < count; ++rank) {
            const auto at = static_cast<std::int64_t>(row);
            prediction.top.push_back({ids[at][rank].item<std::int64_t>(),
                                      {},
                                      static_cast<double>(values[at][rank].item<float>())});
        }
        output.predictions.push_back(std::move(prediction));
    }
}

}  // namespace attnviz
