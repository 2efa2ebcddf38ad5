// The forward pass of a text that grows token by token: keys and values of the rows that have run are kept,
// so that only the new rows run. What it gives is what a pass over the whole text gives, but for rounding.
//
// A text that begins as the last one did goes on where the two part; any other runs whole. So does one whose
// keys change with its length (some rotary scalings), and every text of a model that reads to both sides.
// Of an encoder-decoder the source runs once: what the decoder sees of it are the keys and values of the
// cross attention.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <stop_token>
#include <vector>

#include "core/model/engine.h"
#include "core/torch/forward_pass.h"
#include "core/torch/network.h"

namespace attnviz {

class CachedPass {
 public:
    // The network must outlive it.
    explicit CachedPass(const Network& network) : m_network(network) {}

    // Whether rows of such a text may be kept at all, and their keys and values take no more than a quarter
    // of the available memory.
    bool suits(const ModelInput& input) const;
    // The last hidden state of the last token, of the target's in an encoder-decoder: (1, width). Undefined
    // when stopped, which forgets what was kept.
    at::Tensor run(const ModelInput& input, const std::stop_token& stop);
    void drop();

 private:
    // Keys and values of one layer; there is room for more rows than are filled.
    struct Rows {
        at::Tensor keys, values;  // (room, key-value heads * size)
        std::int64_t filled = 0;

        void append(const at::Tensor& k, const at::Tensor& v);
    };
    struct Kind;

    bool sourceStays(const ModelInput& input) const;
    std::int64_t rowsThatStay(const ModelInput& input) const;
    at::Tensor runLayers(const ModelInput& input, const std::stop_token& stop, std::int64_t first);
    at::Tensor runTargetLayers(const ModelInput& input, const std::stop_token& stop, std::int64_t first);

    const Network& m_network;
    ModelInput m_input;                 // what has run; of no ids: nothing
    std::vector<Rows> m_self, m_cross;  // by layer
};

}  // namespace attnviz
