// Where Qwen2 and Qwen3 have their sliding windows.
#pragma once

#include "core/torch/llama_network.h"

namespace attnviz {

// None unless use_sliding_window; as layer_types says, else from layer max_window_layers on.
inline std::vector<std::int64_t> qwenWindows(ConfigReader& config, std::int64_t layers) {
    std::int64_t window = 0;
    if (config.flag("use_sliding_window", false))
        window = config.sizeOr({"sliding_window"}, config.isNull("sliding_window") ? 0 : 4096, kLongestText);
    auto windows = config.layerWindows(layers, window);
    if (!windows.empty()) return windows;
    const auto first = static_cast<std::int64_t>(config.number("max_window_layers", 28));
    for (std::int64_t layer = 0; layer < layers; ++layer) windows.push_back(layer >= first ? window : 0);
    return windows;
}

}  // namespace attnviz
