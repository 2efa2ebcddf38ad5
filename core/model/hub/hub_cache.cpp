#include "core/model/hub/hub_cache.h"

#include <algorithm>
#include <fstream>
#include <map>

namespace attnviz {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kShortestCommit = 5, kShownCommit = 12;
constexpr std::size_t kEntryLimit = 100'000;  // of one folder or tree: a cache that never ends is no cache

// The names in a folder, sorted; empty if it cannot be read.
std::vector<std::string> namesIn(const fs::path& folder) {
    std::vector<std::string> names;
    std::error_code failure;
    for (fs::directory_iterator at(folder, failure), end; !failure && at != end; at.increment(failure)) {
        names.push_back(at->path().filename().string());
        if (names.size() == kEntryLimit) break;
    }
    std::sort(names.begin(), names.end());
    return names;
}

bool isFolder(const fs::path& path) {
    std::error_code failure;
    return fs::is_directory(path, failure);
}

bool isFile(const fs::path& path) {
    std::error_code failure;
    return fs::is_regular_file(path, failure);
}

// Every file below a folder that is none itself, links followed for what they lead to but not into folders.
template <class Visit>
void eachFile(const fs::path& folder, Visit visit) {
    std::error_code failure;
    std::size_t count = 0;
    for (fs::recursive_directory_iterator at(folder, failure), end; !failure && at != end;
         at.increment(failure)) {
        if (++count > kEntryLimit || at.depth() > 32) break;
        std::error_code unreadable;
        if (at->is_regular_file(unreadable)) visit(*at);
    }
}

std::string cut(const std::string& commit) {
    return isCommitHash(commit) ? commit.substr(0, kShownCommit) : commit;
}

Error notHeld(const fs::path& repositoryFolder, const HubName& name) {
    auto held = namesIn(repositoryFolder / "snapshots");
    std::string commits;
    for (std::size_t i = 0; i < held.size() && i < 4; ++i)
        commits += (commits.empty() ? "" : ", ") + name.repository + "@" + cut(held[i]);
    return notFound("the Hugging Face cache holds no revision '" + name.revision + "' of " + name.repository,
                    repositoryFolder.string(), held.empty() ? std::string() : "It holds " + commits + ".");
}

}  // namespace

std::string commitOfRef(const fs::path& repositoryFolder, const std::string& revision) {
    const auto path = repositoryFolder / "refs" / revision;
    if (!isFile(path)) return {};
    std::ifstream stream(path, std::ios::binary);
    std::string commit(256, '\0');
    stream.read(commit.data(), static_cast<std::streamsize>(commit.size()));
    commit.resize(static_cast<std::size_t>(stream.gcount()));
    while (!commit.empty() && (commit.back() == '\n' || commit.back() == '\r' || commit.back() == ' '))
        commit.pop_back();
    return isPlainName(commit) ? commit : std::string();
}

Result<CachedSnapshot> findSnapshot(const fs::path& cache, const HubName& name) {
    const auto repository = cache / name.folderName();
    const auto snapshots = repository / "snapshots";
    if (!isFolder(repository))
        return notFound("the Hugging Face cache holds no model '" + name.repository + "'", cache.string());
    std::string commit = isCommitHash(name.revision) ? name.revision : commitOfRef(repository, name.revision);
    if (commit.empty() && isPlainName(name.revision) && isFolder(snapshots / name.revision))
        commit = name.revision;
    if (!commit.empty()) {
        if (!isFolder(snapshots / commit)) return notHeld(repository, name);
        return CachedSnapshot{snapshots / commit, commit};
    }
    std::vector<std::string> fitting;
    if (name.revision.size() >= kShortestCommit)
        for (const auto& held : namesIn(snapshots))
            if (isCommitHash(held) && held.starts_with(name.revision)) fitting.push_back(held);
    if (fitting.size() > 1)
        return badInput("the commit '" + name.revision + "' fits " + std::to_string(fitting.size()) +
                            " snapshots of " + name.repository,
                        repository.string(), "Give more of its digits: " + fitting[0] + " is one.");
    if (fitting.empty() || !isFolder(snapshots / fitting[0])) return notHeld(repository, name);
    return CachedSnapshot{snapshots / fitting[0], fitting[0]};
}

bool isKnownToLack(const fs::path& repositoryFolder, const std::string& commit, const std::string& file) {
    return isFile(repositoryFolder / ".no_exist" / commit / file);
}

std::string CachedModel::name() const {
    if (std::find(refs.begin(), refs.end(), "main") != refs.end()) return repository;
    return repository + "@" + (refs.empty() ? cut(commit) : refs.front());
}

std::vector<CachedModel> cachedModels(const fs::path& cache, std::stop_token stop) {
    std::vector<CachedModel> models;
    for (const auto& folderName : namesIn(cache)) {
        if (stop.stop_requested()) break;
        const auto repository = repositoryOfFolder(folderName);
        if (!repository || !isFolder(cache / folderName)) continue;
        const auto refsFolder = cache / folderName / "refs";
        std::map<std::string, std::vector<std::string>> refs;
        eachFile(refsFolder, [&](const fs::directory_entry& file) {
            const auto ref = file.path().lexically_relative(refsFolder).generic_string();
            const auto commit = commitOfRef(cache / folderName, ref);
            if (!commit.empty()) refs[commit].push_back(ref);
        });
        for (const auto& commit : namesIn(cache / folderName / "snapshots")) {
            CachedModel model{*repository, commit, refs[commit], cache / folderName / "snapshots" / commit,
                              0};
            if (!isPlainName(commit) || !isFolder(model.folder)) continue;
            std::sort(model.refs.begin(), model.refs.end());
            eachFile(model.folder, [&](const fs::directory_entry& file) {
                std::error_code failure;
                const auto size = file.file_size(failure);
                if (!failure) model.bytes += static_cast<std::int64_t>(size);
            });
            models.push_back(std::move(model));
        }
    }
    return models;
}

}  // namespace attnviz
