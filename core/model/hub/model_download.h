// A model of the hub, downloaded into the Hugging Face cache: config.json, its weights and its tokenizer
// files, nothing else of the repository.
//
// All files are of one commit, the one that the hub names first. What the cache holds of it already is not
// asked for again, and what the repository turns out not to have is noted as huggingface_hub notes it. Small
// files come first, so that a model that cannot be used is known before its weights are there.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/base/progress.h"
#include "core/base/result.h"
#include "core/model/hub/hub_name.h"
#include "core/model/hub/hub_settings.h"

namespace attnviz {

// What is needed of a model; config.json always is.
enum ModelParts : unsigned { kWeightFiles = 1U << 0U, kTokenizerFiles = 1U << 1U };

// Gives the snapshot's folder. An Error is one sentence; what has come stays and is taken up by the next
// call.
Result<std::filesystem::path> downloadModel(const HubSettings& settings, const HubName& name, unsigned parts,
                                            ProgressSink progress, std::stop_token stop);

// What downloadModel would fetch now, asked of the hub; nothing is written.
struct DownloadPlan {
    struct File {
        std::string path;                  // within the repository
        std::optional<std::int64_t> size;  // bytes, where the hub says
    };
    std::string commit;
    std::vector<File> files;      // in the order of fetching; what the cache has already is not among them
    std::int64_t bytes = 0;       // of the files whose size is known
    std::int64_t freeBytes = -1;  // left on the cache's disk; negative: not known
};
Result<DownloadPlan> planDownload(const HubSettings& settings, const HubName& name, unsigned parts,
                                  ProgressSink progress, std::stop_token stop);

// True if a folder has tokenizer files.
bool holdsTokenizer(const std::filesystem::path& folder);
// True if it is known of every one of them that the snapshot's repository has none.
bool isKnownToLackTokenizer(const std::filesystem::path& repositoryFolder, const std::string& commit);

}  // namespace attnviz
