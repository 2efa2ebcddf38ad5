// Which files make up a model: a folder as Hugging Face publishes it, wherever it lies on this machine.
//
// Or a TorchScript module in a file, alone or the only one of a folder without weights, with tokenizer files
// beside it.
//
// Finds, and checks that they are there and are what they claim (a Git LFS pointer is named as such); reads
// nothing else, copies nothing and never uses the network (core/model/hub/ does).
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace attnviz {

struct ModelFolder {
    std::filesystem::path folder;
    std::filesystem::path config;  // config.json
    std::vector<std::filesystem::path>
        weights;  // model.safetensors, else pytorch_model.bin, or the shards that its index names, in order
    std::optional<std::filesystem::path> shardIndex;  // model.safetensors.index.json or the other's
    std::optional<std::filesystem::path> script;      // a TorchScript module instead of config and weights
    std::string name;  // what a person calls it: the folder's name, or "sample"
};

// `model` is a folder, a file inside one, "sample" (the model that ships with the program), or the name of a
// model that the Hugging Face cache holds: "name", "org/name", "org/name@revision". A folder goes before a
// name.
Result<ModelFolder> findModelFolder(std::string_view model);

// The model in this folder.
Result<ModelFolder> modelFolderAt(const std::filesystem::path& folder);

// What a person calls the model in a folder: "org/name" for a snapshot of the cache, else the folder's name.
std::string modelNameOf(const std::filesystem::path& folder);

// The forms of weights that can be read, best first: one file, or the index of its shards.
struct WeightForm {
    std::string_view file, index;
};
std::span<const WeightForm> weightForms();

// The files that an index of shards names, sorted, each once; an Error if one of them is no file of its
// folder.
Result<std::vector<std::string>> shardNames(const std::filesystem::path& index);
// The same of an index's text; `where` is what an error calls it.
Result<std::vector<std::string>> shardNamesIn(std::string_view text, const std::string& where);

// Resources that ship with the program: $ATTNVIZ_RESOURCES, then <executable>/../share/attention-viz/.
std::filesystem::path resourceFolder();

}  // namespace attnviz
