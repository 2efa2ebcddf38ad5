// A family's forward pass, in pieces: embedding, one layer at a time, the final norm, the head. An
// encoder-decoder has them twice: those of the encoder, then those of the decoder, whose layers attend to two
// sides.
//
// The pieces are called in this order by ForwardPass, which streams, captures, stops and reports; a family
// knows nothing of that. Attention itself is handed in as a function, so that each family's weights meet the
// same kernel.
#pragma once

#include <ATen/ATen.h>

#include <functional>
#include <memory>

#include "core/attention/attention_source.h"
#include "core/attention/logit_adjust.h"
#include "core/attention/visibility.h"
#include "core/base/result.h"
#include "core/model/engine.h"
#include "core/model/model_config.h"
#include "core/torch/weights.h"

namespace attnviz {

// Queries, keys and values of one layer -> context (tokens, heads * size). q (tokens, heads * size), k and v
// (tokens, key-value heads * size); rows may be strided, elements of a row are adjacent.
// Only the rows from `first` on may be asked of a layer, when it has run those before: what a row becomes
// depends on the others through attention alone, and on its position.
struct Attend {
    std::function<at::Tensor(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, double scale)>
        function;
    std::int64_t first = 0;  // the position of the first row of the hidden state

    at::Tensor operator()(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, double scale) const {
        return function(q, k, v, scale);
    }
};

// The decoder of an encoder-decoder; its self and cross attention have the same heads. No layers: there is
// none.
struct TargetShape {
    int layers = 0, heads = 0, headSize = 0;
    std::int64_t vocabulary = 0;  // of the decoder's ids, and of the logits
};

class Network {
 public:
    virtual ~Network() = default;
    const ModelInfo& info() const { return m_info; }
    ModelInfo& info() { return m_info; }
    int headSize() const { return m_headSize; }

    virtual Visibility visibility(const ModelInput& input) const = 0;
    // What stands between q.k and the logit of a layer: cap(scale * q.k) + bias.
    virtual LogitAdjust logitAdjust(int) const { return {}; }
    virtual at::Tensor embed(
        const ModelInput& input) const = 0;  // (tokens, width): what enters the first layer
    virtual at::Tensor layer(int layer, const at::Tensor& hidden, const Attend& attend) const = 0;
    // Whether the first tokens of a text keep their keys when it grows from `before` tokens to `after`.
    virtual bool keysStay(std::int64_t /*before*/, std::int64_t /*after*/) const { return true; }
    virtual at::Tensor finish(const at::Tensor& hidden) const {
        return hidden;
    }  // the final norm, where there is one
    virtual at::Tensor logits(
        const at::Tensor& hidden) const = 0;  // (n, width) -> (n, vocabulary); info().hasHead

    // The decoder (info().encoderDecoder). `encoded` is the encoder's last hidden state; `self` is causal
    // over the target's tokens, `cross` goes to the encoder's tokens that are no padding.
    const TargetShape& target() const { return m_target; }
    virtual LogitAdjust targetLogitAdjust(AttentionKind, int) const { return {}; }  // kind: decoder or cross
    virtual at::Tensor targetEmbed(const ModelInput&) const { return {}; }          // (target tokens, width)
    virtual at::Tensor targetLayer(int, const at::Tensor& hidden, const at::Tensor& /*encoded*/,
                                   const Attend& /*self*/, const Attend& /*cross*/) const {
        return hidden;
    }
    virtual at::Tensor targetFinish(const at::Tensor& hidden) const { return hidden; }

 protected:
    ModelInfo m_info;
    int m_headSize = 0;
    TargetShape m_target;
};

struct FamilyDescriptor {
    FamilyInfo info;
    Result<std::unique_ptr<Network>> (*load)(const ModelConfig& config, WeightReader& weights);
};

}  // namespace attnviz
