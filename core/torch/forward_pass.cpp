#include "core/torch/forward_pass.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace attnviz {

bool plainKernelWanted() {
    const char* value = std::getenv("ATTNVIZ_PLAIN_KERNEL");
    return value && *value == '1';
}

FloatMatrix matrixOf(const at::Tensor& tensor) {
    const at::Tensor host = tensor.to(at::kCPU, at::kFloat).contiguous();
    const float* data = host.data_ptr<float>();
    return {host.size(0), host.size(1), {data, data + host.numel()}};
}

std::vector<KindShape> attentionKinds(const Network& network, const ModelInput& input) {
    const ModelInfo& model = network.info();
    const int queries = static_cast<int>(input.ids.size()),
              targets = static_cast<int>(input.targetIds.size());
    AttentionInfo info;
    info.kind = model.causal && !model.encoderDecoder ? AttentionKind::decoder : AttentionKind::encoder;
    info.layers = model.layers;
    info.heads = model.heads;
    info.keyValueHeads = model.keyValueHeads;
    info.queries = info.keys = queries;
    info.visibility = network.visibility(input);
    std::vector<KindShape> kinds{{info, network.headSize()}};
    if (!model.encoderDecoder) return kinds;
    const TargetShape& target = network.target();
    AttentionInfo decoder;
    decoder.kind = AttentionKind::decoder;
    decoder.layers = target.layers;
    decoder.heads = decoder.keyValueHeads = target.heads;
    decoder.queries = decoder.keys = targets;
    decoder.visibility = Visibility::causal(targets);
    AttentionInfo cross = decoder;
    cross.kind = AttentionKind::cross;
    cross.keys = queries;
    cross.visibility = Visibility::full(targets, queries);
    cross.visibility.setMaskedKeys(info.visibility.maskedKeys());
    kinds.push_back({std::move(decoder), target.headSize});
    kinds.push_back({std::move(cross), target.headSize});
    return kinds;
}

// Layers that follow each other, the encoder's or the decoder's.
struct ForwardPass::Stack {
    const char* name;         // in the progress: "layer", "encoder layer"
    int layers, before, all;  // `before` of `all` layers have run
    // Kinds of attention: [firstKind, kinds) are captured by this stack, those before it are done.
    std::size_t firstKind, kinds;
    std::function<at::Tensor(int, const at::Tensor&)> layer;
    std::function<at::Tensor(const at::Tensor&)> finish;
};

ForwardPass::ForwardPass(const Network& network, const ModelInput& input, const RunOptions& options,
                         const StoragePlan& plan, const RunListener& listener, std::stop_token stop)
    : m_network(network),
      m_input(input),
      m_options(options),
      m_listener(listener),
      m_keeps(plan.keeps),
      m_stop(std::move(stop)) {
    for (const auto& kind : attentionKinds(network, input)) addKind(kind, plan);
}

void ForwardPass::addKind(const KindShape& shape, const StoragePlan& plan) {
    const bool first = m_kinds.empty();
    m_kinds.push_back(std::make_unique<Kind>(
        Kind{AttentionCapture(shape.info, shape.headSize, plan, plainKernelWanted(), m_stop), {}, {}}));
    Kind& kind = *m_kinds.back();
    kind.attend.function = [this, first, which = shape.info.kind, &capture = kind.capture](
                               const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, double scale) {
        LogitAdjust adjust =
            first ? m_network.logitAdjust(m_running) : m_network.targetLogitAdjust(which, m_running);
        at::Tensor context = capture.attend(q, k, v, scale, std::move(adjust));
        // A stopped layer goes on with anything of the right shape; its result is thrown away.
        return context.defined() ? context : at::zeros({q.size(0), q.size(1)}, q.options());
    };
}

// All kinds so far; those of this stack anew, with the layers that it has run.
std::vector<std::shared_ptr<const AttentionSource>> ForwardPass::sources(const Stack& stack) {
    std::vector<std::shared_ptr<const AttentionSource>> sources;
    for (std::size_t index = 0; index < stack.kinds; ++index) {
        Kind& kind = *m_kinds[index];
        if (index >= stack.firstKind) kind.source = kind.capture.source();
        sources.push_back(kind.source);
    }
    return sources;
}

at::Tensor ForwardPass::runStack(const Stack& stack, at::Tensor hidden, std::vector<FloatMatrix>& states) {
    for (m_running = 0; m_running < stack.layers; ++m_running) {
        if (m_stop.stop_requested()) return {};
        if (m_listener.progress)
            m_listener.progress({std::string("Capturing ") + stack.name + " " +
                                     std::to_string(m_running + 1) + " of " + std::to_string(stack.layers),
                                 static_cast<double>(stack.before + m_running) / stack.all});
        if (m_options.hiddenStates) states.push_back(matrixOf(hidden));
        hidden = stack.layer(m_running, hidden);
        if (m_stop.stop_requested()) return {};
        if (m_listener.layerReady) m_listener.layerReady({stack.before + m_running, sources(stack)});
    }
    if (!m_listener.layerReady && m_keeps) sources(stack);
    hidden = stack.finish(hidden);
    if (m_options.hiddenStates) states.push_back(matrixOf(hidden));
    return hidden;
}

at::Tensor ForwardPass::run(ModelOutput& output) {
    const bool both = m_network.info().encoderDecoder;
    const int layers = m_network.info().layers, targetLayers = both ? m_network.target().layers : 0;
    const int all = layers + targetLayers;
    at::Tensor hidden = runStack(
        {both ? "encoder layer" : "layer", layers, 0, all, 0, 1,
         [&](int layer, const at::Tensor& x) { return m_network.layer(layer, x, m_kinds[0]->attend); },
         [&](const at::Tensor& x) { return m_network.finish(x); }},
        m_network.embed(m_input), output.hiddenStates);
    if (!hidden.defined()) return {};
    if (both) {
        const at::Tensor encoded = hidden;
        hidden = runStack({"decoder layer", targetLayers, layers, all, 1, m_kinds.size(),
                           [&](int layer, const at::Tensor& x) {
                               return m_network.targetLayer(layer, x, encoded, m_kinds[1]->attend,
                                                            m_kinds[2]->attend);
                           },
                           [&](const at::Tensor& x) { return m_network.targetFinish(x); }},
                          m_network.targetEmbed(m_input), output.targetHiddenStates);
        if (!hidden.defined()) return {};
    }
    if (!m_keeps) return hidden;
    for (const auto& kind : m_kinds) output.sources.push_back(kind->source);
    double error = 0;
    for (const auto& kind : m_kinds) error = std::max(error, kind->capture.roundingError());
    if (error > 0) {
        char text[160];
        std::snprintf(
            text, sizeof text,
            "Queries and keys are kept in float16: weights differ by up to %.1e on the sampled rows.", error);
        output.notices.emplace_back(text);
    }
    return hidden;
}

}  // namespace attnviz
