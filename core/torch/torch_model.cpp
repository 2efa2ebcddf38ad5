#include "core/torch/torch_model.h"

#include <algorithm>
#include <new>

#include "core/base/readable.h"
#include "core/base/system_memory.h"
#include "core/torch/forward_pass.h"

namespace attnviz {
namespace {

constexpr const char* kMemoryHint =
    "Shorten the text, keep queries and keys (--storage factored), or use --precision float16.";

// Logits of a whole text take more than its attention: so many are looked at at a time (32 MB).
constexpr std::int64_t kLogitsAtOnce = std::int64_t{1} << 23;

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
    : m_network(std::move(network)), m_cached(*m_network), m_device(device), m_widenedBytes(widenedBytes) {}

StoragePlan TorchModel::estimate(const ModelInput& input, const RunOptions& options) const {
    const ModelInfo& info = m_network->info();
    std::vector<StorageShape> kinds;
    for (const auto& [kind, headSize] : attentionKinds(*m_network, input))
        kinds.push_back({kind.layers, kind.heads, kind.keyValueHeads, kind.queries, kind.keys, headSize});
    const auto tokens = static_cast<std::int64_t>(input.ids.size());
    const auto targets = static_cast<std::int64_t>(input.targetIds.size());
    const auto predicted = info.encoderDecoder ? targets : tokens;
    // Hidden states, projections and the MLP's inner activations, about sixteen widths a token at once.
    std::int64_t working = m_widenedBytes + (tokens + targets) * info.width * 16 * 4;
    if (options.allLogits && info.hasHead)
        working += predicted * std::max(info.vocabulary, m_network->target().vocabulary) * 4 * 2;
    if (options.hiddenStates)
        working += (tokens * (info.layers + 1) + targets * (m_network->target().layers + 1)) * info.width * 4;
    return planStorage(kinds, working, availableMemoryBytes(), options.storage, options.precision);
}

Result<void> TorchModel::check(const ModelInput& input, const RunOptions& options) const {
    const ModelInfo& info = m_network->info();
    const auto count = input.ids.size();
    if (!input.targetIds.empty() && !info.encoderDecoder)
        return badInput("this model has no decoder beside its encoder", "--target-ids",
                        "Leave the target out.");
    if (auto checked = checkIds("text", "token", input.ids, info.vocabulary); !checked) return checked;
    if (info.encoderDecoder)
        if (auto checked =
                checkIds("target text", "target token", input.targetIds, m_network->target().vocabulary);
            !checked)
            return checked;
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
    const int predicted = static_cast<int>(info.encoderDecoder ? input.targetIds.size() : count);
    for (const int position : options.predictAt)
        if (position >= predicted || position < -predicted)
            return badInput("position " + std::to_string(position) + " is out of range", {},
                            std::string(info.encoderDecoder ? "The target text has " : "The text has ") +
                                std::to_string(predicted) + " tokens.");
    return {};
}

// `what` and `one` are words of the sentences: "text", "token".
Result<void> TorchModel::checkIds(const std::string& what, const std::string& one,
                                  const std::vector<std::int64_t>& ids, std::int64_t vocabulary) const {
    const auto limit = m_network->info().positionLimit;
    if (ids.empty()) return badInput("there is no " + one + " to run");
    if (limit && ids.size() > static_cast<std::size_t>(*limit))
        return badInput("the " + what + " has " + std::to_string(ids.size()) + " tokens, but the model has " +
                            std::to_string(*limit) + " positions",
                        {}, "Shorten it, or let it be cut with --max-length auto.");
    for (std::size_t index = 0; index < ids.size(); ++index)
        if (ids[index] < 0 || ids[index] >= vocabulary)
            return badInput(one + " " + std::to_string(index) + " has the id " + std::to_string(ids[index]) +
                                ", outside the vocabulary",
                            {}, "Ids are 0 to " + std::to_string(vocabulary - 1) + ".");
    return {};
}

Result<ModelOutput> TorchModel::run(const ModelInput& input, const RunOptions& options,
                                    const RunListener& listener, std::stop_token stop) {
    m_cached.drop();  // its memory is wanted
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
    ModelOutput output;
    const at::Tensor last = ForwardPass(*m_network, input, options, plan, listener, stop).run(output);
    if (!last.defined()) return cancelled();
    if (!m_network->info().hasHead) {
        if (options.allLogits)
            output.notices.emplace_back("The checkpoint has no head: there are no logits.");
        return output;
    }
    if (options.allLogits) output.logits = matrixOf(m_network->logits(last));
    if (auto predicted = predict(last, options, listener, stop, output); !predicted) return predicted.error();
    return output;
}

Result<std::vector<float>> TorchModel::nextLogits(const ModelInput& input, std::stop_token stop) {
    const RunOptions options;
    if (auto checked = check(input, options); !checked) return checked.error();
    if (!m_network->info().hasHead) return Model::nextLogits(input, stop);
    const bool kept = m_cached.suits(input);
    if (!kept) m_cached.drop();
    Result<std::vector<float>> logits = cancelled();
    const auto attempt = [&](bool cached) {
        return guardTorch([&] {
            const at::NoGradGuard noGrad;
            const at::Tensor last = cached ? m_cached.run(input, stop) : lastHidden(input, stop);
            if (!last.defined()) return;
            auto row = matrixOf(m_network->logits(last));
            if (row.columns == 1)
                logits = Model::nextLogits(input, stop);
            else
                logits = std::move(row.values);
        });
    };
    auto error = attempt(kept);
    if (error) m_cached.drop();
    if (kept && error && error->kind == ErrorKind::outOfMemory) error = attempt(false);
    if (error) return *error;
    return logits;
}

// Of the last token, by a pass over the whole text: (1, width). Undefined when stopped.
at::Tensor TorchModel::lastHidden(const ModelInput& input, const std::stop_token& stop) const {
    StoragePlan plan;
    plan.form = StorageForm::factored;
    plan.keeps = false;
    ModelOutput output;
    const at::Tensor last = ForwardPass(*m_network, input, {}, plan, {}, stop).run(output);
    return last.defined() ? last.narrow(0, last.size(0) - 1, 1) : last;
}

Result<void> TorchModel::predict(const at::Tensor& last, const RunOptions& options,
                                 const RunListener& listener, const std::stop_token& stop,
                                 ModelOutput& output) const {
    if (options.predictAt.empty() || options.predictions <= 0) return {};
    std::vector<std::int64_t> positions;
    for (const int position : options.predictAt)
        positions.push_back(position < 0 ? position + last.size(0) : static_cast<std::int64_t>(position));
    const at::Tensor all = at::tensor(positions, at::kLong).to(last.device());
    const ModelInfo& info = m_network->info();
    const auto vocabulary = info.encoderDecoder ? m_network->target().vocabulary : info.vocabulary;
    const auto atOnce = std::max<std::int64_t>(1, kLogitsAtOnce / vocabulary);
    for (std::int64_t begin = 0; begin < all.size(0); begin += atOnce) {
        if (stop.stop_requested()) return cancelled();
        if (listener.progress && atOnce < all.size(0))
            listener.progress(
                {"Predicting at " + std::to_string(begin + 1) + " of " + std::to_string(all.size(0)),
                 static_cast<double>(begin) / static_cast<double>(all.size(0))});
        const auto rows = std::min(atOnce, all.size(0) - begin);
        const at::Tensor hidden = last.index_select(0, all.narrow(0, begin, rows));
        const at::Tensor logits = m_network->logits(hidden).to(at::kFloat);
        // A discriminator has one value a token: no word to predict.
        if (logits.size(1) == 1) return {};
        const auto count = std::min<std::int64_t>(options.predictions, logits.size(1));
        const auto [likeliest, places] = at::topk(at::softmax(logits, -1), count, -1);
        const at::Tensor values = likeliest.to(at::kCPU).contiguous(), ids = places.to(at::kCPU).contiguous();
        const auto* value = values.data_ptr<float>();
        const auto* id = ids.data_ptr<std::int64_t>();
        for (std::int64_t row = 0; row < rows; ++row) {
            Prediction prediction;
            prediction.position = static_cast<int>(positions[static_cast<std::size_t>(begin + row)]);
            for (std::int64_t rank = 0; rank < count; ++rank)
                prediction.top.push_back({*id++, {}, static_cast<double>(*value++)});
            output.predictions.push_back(std::move(prediction));
        }
    }
    return {};
}

}  // namespace attnviz
