// Which files make up a model: a folder as Hugging Face publishes it.
//
// Finds, and checks that they are there and are what they claim (a Git LFS pointer is named as such); reads
// nothing else.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace attnviz {

struct ModelFolder {
    std::filesystem::path folder;
    std::filesystem::path config;  // config.json
    std::vector<std::filesystem::path>
        weights;  // model.safetensors, or the shards that the index names, in order
    std::optional<std::filesystem::path> shardIndex;  // model.safetensors.index.json
    std::string name;  // what a person calls it: the folder's name, or "sample"
};

// `model` is a folder, a file inside one, or "sample" (the model that ships with the program).
Result<ModelFolder> findModelFolder(std::string_view model);

// Resources that ship with the program: $ATTNVIZ_RESOURCES, then <executable>/../share/attention-viz/.
std::filesystem::path resourceFolder();

}  // namespace attnviz
