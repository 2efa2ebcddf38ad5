// A model by whatever it is called, wherever it is: on this machine, in the Hugging Face cache, or on the
// hub.
//
// A path, "sample" and a model that the cache holds need no network, and none is used: no socket is opened. A
// name that is not (wholly) in the cache is downloaded, if HF_HUB_OFFLINE and TRANSFORMERS_OFFLINE allow it.
// Takes long then; belongs on a thread of its own.
#pragma once

#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>

#include "core/base/progress.h"
#include "core/base/result.h"
#include "core/model/model_folder.h"

namespace attnviz {

struct ObtainListener {
    ProgressSink progress;
    std::function<void(const std::string&)> notice;  // "Downloading org/name from huggingface.co into /…"
};

// `withTokenizer`: its files are downloaded, too, where they are missing.
Result<ModelFolder> obtainModel(std::string_view model, bool withTokenizer, const ObtainListener& listener,
                                std::stop_token stop);

// What loadTokenizer takes: a folder with tokenizer files, or one of them. Weights are neither needed nor
// downloaded.
Result<std::filesystem::path> obtainTokenizer(std::string_view model, const ObtainListener& listener,
                                              std::stop_token stop);

}  // namespace attnviz
