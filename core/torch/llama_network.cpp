#include "core/torch/llama_network.h"

#include <algorithm>
#include <cmath>

namespace attnviz {
namespace {

struct Block {
    RmsNorm attentionNorm, mlpNorm, attentionOutputNorm, mlpOutputNorm, queryNorm, keyNorm;
    Linear query, key, value, output, gate, up, down;  // fused: query is q, k, v and gate is gate, up
};

class LlamaNetwork final : public Network {
 public:
    explicit LlamaNetwork(LlamaOptions options) : m_options(std::move(options)) {}

    void take(WeightReader& weights, const ModelConfig& config);

    Visibility visibility(const ModelInput& input) const override {
        return causalVisibility(input, m_options.windows);
    }

    LogitAdjust logitAdjust(int) const override {
        LogitAdjust adjust;
        adjust.softcap = static_cast<float>(m_options.scoreCap);
        return adjust;
    }

    at::Tensor embed(const ModelInput& input) const override {
        const at::Tensor rows = embedRows(m_tokens, input.ids);
        // In half precision the factor is rounded too, as the reference has it.
        return m_options.embeddingScale == 1 ? rows
                                             : rows * at::full({1}, m_options.embeddingScale, rows.options());
    }

    at::Tensor layer(int layer, const at::Tensor& hidden, const Attend& attend) const override {
        const Block& block = m_blocks[static_cast<std::size_t>(layer)];
        at::Tensor residual = hidden + attention(block, block.attentionNorm(hidden), attend);
        residual += mlp(block, block.mlpNorm(residual));
        return residual;
    }

    bool keysStay(std::int64_t before, std::int64_t after) const override {
        return m_options.rotary.sameFor(before, after);
    }

    at::Tensor finish(const at::Tensor& hidden) const override { return m_finalNorm(hidden); }

    at::Tensor logits(const at::Tensor& hidden) const override {
        const at::Tensor values = multiplied(hidden, m_head.get().t());
        return m_options.logitCap > 0 ? (values / m_options.logitCap).tanh_() * m_options.logitCap : values;
    }

 private:
    at::Tensor attention(const Block& block, const at::Tensor& x, const Attend& attend) const {
        const auto count = x.size(0), size = m_options.headSize;
        const auto queries = m_options.heads * size, keys = m_options.keyValueHeads * size;
        at::Tensor q = block.query(x), k, v;  // (n, heads * size), (n, key-value heads * size)
        if (m_options.fused) {
            k = q.narrow(1, queries, keys);
            v = q.narrow(1, queries + keys, keys);
            q = q.narrow(1, 0, queries);
        } else {
            k = block.key(x);
            v = block.value(x);
        }
        q = q.view({count, m_options.heads, size});
        k = k.view({count, m_options.keyValueHeads, size});
        if (m_options.headNorms) {
            q = block.queryNorm(q);
            k = block.keyNorm(k);
        }
        const double scale =
            m_options.scale > 0 ? m_options.scale : 1.0 / std::sqrt(static_cast<double>(size));
        const at::Tensor output = block.output(attend(
            m_options.rotary(q, attend.first), m_options.rotary(k, attend.first), v, scale));  // (n, width)
        return m_options.outputNorms ? block.attentionOutputNorm(output) : output;
    }

    at::Tensor mlp(const Block& block, const at::Tensor& x) const {
        at::Tensor gate = block.gate(x), up;
        if (m_options.fused) {
            up = gate.narrow(1, m_options.inner, m_options.inner);
            gate = gate.narrow(1, 0, m_options.inner);
        } else {
            up = block.up(x);
        }
        const at::Tensor output = block.down(activate(m_options.activation, gate) * up);
        return m_options.outputNorms ? block.mlpOutputNorm(output) : output;
    }

    LlamaOptions m_options;
    Weight m_tokens, m_head;
    RmsNorm m_finalNorm;
    std::vector<Block> m_blocks;
};

void LlamaNetwork::take(WeightReader& weights, const ModelConfig& config) {
    const auto& options = m_options;
    const auto width = options.width, inner = options.inner, size = options.headSize;
    const auto queries = options.heads * size, keys = options.keyValueHeads * size;
    const auto norm = [&](const std::string& name, std::int64_t length) {
        return RmsNorm{weights.take(name + ".weight", {length}), options.epsilon, options.onePlusNorms};
    };
    const auto linear = [&](const std::string& name, std::int64_t in, std::int64_t out, bool biased) {
        return takeLinear(weights, name, in, out, biased);
    };
    weights.choosePrefix({"model.", ""}, "embed_tokens.weight");
    m_tokens = weights.take("embed_tokens.weight", {options.vocabulary, width});
    for (std::int64_t layer = 0; layer < options.layers && !weights.error(); ++layer) {
        const auto at = "layers." + std::to_string(layer) + ".";
        Block block;
        block.attentionNorm = norm(at + "input_layernorm", width);
        if (options.outputNorms) {
            block.attentionOutputNorm = norm(at + "post_attention_layernorm", width);
            block.mlpNorm = norm(at + "pre_feedforward_layernorm", width);
            block.mlpOutputNorm = norm(at + "post_feedforward_layernorm", width);
        } else {
            block.mlpNorm = norm(at + "post_attention_layernorm", width);
        }
        if (options.fused) {
            block.query = linear(at + "self_attn.qkv_proj", width, queries + 2 * keys, options.queryBias);
            block.gate = linear(at + "mlp.gate_up_proj", width, 2 * inner, options.mlpBias);
        } else {
            block.query = linear(at + "self_attn.q_proj", width, queries, options.queryBias);
            block.key = linear(at + "self_attn.k_proj", width, keys, options.queryBias);
            block.value = linear(at + "self_attn.v_proj", width, keys, options.queryBias);
            block.gate = linear(at + "mlp.gate_proj", width, inner, options.mlpBias);
            block.up = linear(at + "mlp.up_proj", width, inner, options.mlpBias);
        }
        if (options.headNorms) {
            block.queryNorm = norm(at + "self_attn.q_norm", size);
            block.keyNorm = norm(at + "self_attn.k_norm", size);
        }
        block.output = linear(at + "self_attn.o_proj", queries, width, options.outputBias);
        block.down = linear(at + "mlp.down_proj", inner, width, options.mlpBias);
        m_blocks.push_back(std::move(block));
    }
    m_finalNorm = norm("norm", width);
    m_head =
        takeHead(weights, config, {"lm_head.weight"}, {options.vocabulary, width}, options.tied, m_tokens);

    m_headSize = static_cast<int>(size);
    options.describe(m_info);
    m_info.hasHead = m_head.defined();
    m_info.configuredLength = static_cast<int>(std::max(options.length, options.rotary.reach()));
}

}  // namespace

LlamaOptions readLlamaOptions(ConfigReader& config, const LlamaDefaults& defaults) {
    LlamaOptions options;
    options.layers = config.layers({"num_hidden_layers"});
    options.heads = config.heads({"num_attention_heads"});
    const bool grouped = defaults.keyValueHeads > 0 && !config.isNull("num_key_value_heads");
    options.keyValueHeads =
        config.sizeOr({"num_key_value_heads"}, grouped ? defaults.keyValueHeads : options.heads, kMostHeads);
    options.width = config.size({"hidden_size"});
    const auto share = std::max<std::int64_t>(1, options.width / options.heads);
    options.headSize =
        config.sizeOr({"head_dim"}, defaults.headSize > 0 ? defaults.headSize : share, kMostHeads);
    options.inner = config.size({"intermediate_size"});
    options.vocabulary = config.size({"vocab_size"});
    options.length = config.sizeOr({"max_position_embeddings"}, defaults.length, kLongestText);
    options.epsilon = config.number("rms_norm_eps", defaults.epsilon);
    options.activation = config.take(activationNamed(config.text("hidden_act", "silu"), config.config()));
    return options;
}

RotaryForm rotaryForm(const LlamaOptions& options) {
    RotaryForm form;
    form.headSize = options.headSize;
    form.configuredLength = options.length;
    return form;
}

Result<std::unique_ptr<Network>> loadLlamaNetwork(ConfigReader& config, WeightReader& weights,
                                                  LlamaOptions options) {
    if (options.heads % options.keyValueHeads != 0)
        config.failAt("num_key_value_heads", "is " + std::to_string(options.keyValueHeads) +
                                                 ", which does not divide the " +
                                                 std::to_string(options.heads) + " heads");
    refuseOtherDirections(config);
    if (config.error()) return *config.error();
    auto network = std::make_unique<LlamaNetwork>(std::move(options));
    network->take(weights, config.config());
    if (weights.error()) return *weights.error();
    return std::unique_ptr<Network>(std::move(network));
}

}  // namespace attnviz
