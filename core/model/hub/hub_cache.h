// Looks into the Hugging Face cache, as huggingface_hub lays it out, and changes nothing there.
//
//   <cache>/models--org--name/refs/main                 a commit
//                             snapshots/<commit>/…      links to ../../blobs/<hash>, or plain files
//                             .no_exist/<commit>/…      what the repository is known not to have
//
// A revision is found as Python finds it: a whole commit stands for itself, any other name for what refs/
// holds under it; beyond that, the beginning of a commit (5 digits or more) finds the one snapshot that
// begins so. No other snapshot is ever taken instead. Nothing is copied, and the network is not used.
#pragma once

#include <filesystem>
#include <stop_token>
#include <string>
#include <vector>

#include "core/model/hub/hub_name.h"

namespace attnviz {

struct CachedSnapshot {
    std::filesystem::path folder;  // …/snapshots/<commit>
    std::string commit;
};

// notFound if the cache does not hold this revision (the hint names what it holds instead); badInput if the
// beginning of a commit fits several.
Result<CachedSnapshot> findSnapshot(const std::filesystem::path& cache, const HubName& name);

// True if a program was told by the hub that this commit has no such file.
bool isKnownToLack(const std::filesystem::path& repositoryFolder, const std::string& commit,
                   const std::string& file);

// The commit in refs/<revision>; empty if there is none, or none that may be a folder's name.
std::string commitOfRef(const std::filesystem::path& repositoryFolder, const std::string& revision);

// What the cache holds of models, in the order of their names: one entry for each snapshot.
struct CachedModel {
    std::string repository;  // "org/name"
    std::string commit;
    std::vector<std::string> refs;  // that lead here: "main"
    std::filesystem::path folder;
    std::int64_t bytes = 0;  // of this snapshot's files; files that snapshots share count in each

    std::string name() const;  // what --model takes: "org/name", or with "@…" where main is another
};
std::vector<CachedModel> cachedModels(const std::filesystem::path& cache, std::stop_token stop = {});

}  // namespace attnviz
