// One run of a network: its pieces in order, attention captured on the way, every layer announced when it is
// there.
//
// An encoder-decoder has three kinds of attention, in this order: encoder, decoder, cross. Layers are
// announced one by one; once the decoder runs, with all three. A stop is answered within one layer.
#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <vector>

#include "core/model/engine.h"
#include "core/torch/capture.h"
#include "core/torch/network.h"

namespace attnviz {

// The obvious kernel instead of the quick one, and no pass that keeps keys: to find out which of two is wrong
// (ATTNVIZ_PLAIN_KERNEL=1).
bool plainKernelWanted();

// (rows, columns) on the host, in float32.
FloatMatrix matrixOf(const at::Tensor& tensor);

// What each kind of attention of such a run is, in the order of the sources; storage is not filled in.
struct KindShape {
    AttentionInfo info;
    int headSize = 0;
};
std::vector<KindShape> attentionKinds(const Network& network, const ModelInput& input);

class ForwardPass {
 public:
    // All must outlive it.
    ForwardPass(const Network& network, const ModelInput& input, const RunOptions& options,
                const StoragePlan& plan, const RunListener& listener, std::stop_token stop);

    // Fills in sources (none where the plan keeps nothing), hidden states and notices, and returns the last
    // hidden state: what the head reads. Undefined when stopped.
    at::Tensor run(ModelOutput& output);

 private:
    // One kind of attention, and the function that the layers of its stack are given.
    struct Kind {
        AttentionCapture capture;
        Attend attend;
        std::shared_ptr<const AttentionSource> source;  // with the layers that have been announced
    };
    struct Stack;

    void addKind(const KindShape& shape, const StoragePlan& plan);
    at::Tensor runStack(const Stack& stack, at::Tensor hidden, std::vector<FloatMatrix>& states);
    std::vector<std::shared_ptr<const AttentionSource>> sources(const Stack& stack);

    const Network& m_network;
    const ModelInput& m_input;
    const RunOptions& m_options;
    const RunListener& m_listener;
    bool m_keeps;
    std::stop_token m_stop;
    std::vector<std::unique_ptr<Kind>> m_kinds;
    int m_running = 0;  // layer of the stack that runs
};

}  // namespace attnviz
