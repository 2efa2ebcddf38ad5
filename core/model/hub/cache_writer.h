// Puts files into the Hugging Face cache, laid out as huggingface_hub does and as Python then finds them.
//
// Every step is one rename: a reader sees a file, a link or a ref as it was before or as it is after. Locks
// are the ones that huggingface_hub takes, so that both can work at once. Where the cache has no symbolic
// links, a snapshot holds the files themselves.
#pragma once

#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>

#include "core/model/hub/file_lock.h"
#include "core/model/hub/hub_name.h"
#include "core/model/hub/hub_settings.h"

namespace attnviz {

class CacheWriter final {
 public:
    // Makes the folders of a repository. An Error if the cache cannot be written.
    static Result<CacheWriter> open(const HubSettings& settings, const HubName& name);

    const std::filesystem::path& repositoryFolder() const { return m_repository; }
    std::filesystem::path snapshot(const std::string& commit) const;
    std::filesystem::path blob(const std::string& hash) const;

    // .locks/models--org--name/<hash>.lock
    Result<FileLock> lock(const std::string& hash, const std::function<void()>& waiting,
                          std::stop_token stop) const;
    // The snapshot's file becomes the blob `hash`. Without links it takes the blob's place if that is new,
    // and is a copy if other snapshots may use the blob.
    Result<void> place(const std::string& commit, const std::string& file, const std::string& hash,
                       bool newBlob) const;
    // refs/<revision> holds `commit` from now on; nothing for a commit that stands for itself.
    Result<void> setRef(const std::string& revision, const std::string& commit) const;
    // .no_exist: nobody needs to ask for it again. What cannot be noted is not.
    void noteAbsence(const std::string& commit, const std::string& file) const;

 private:
    CacheWriter() = default;

    std::filesystem::path m_repository, m_locks;
    bool m_links = true;
};

}  // namespace attnviz
