#include "core/model/hub/model_download.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <vector>

#include "core/base/json_parse.h"
#include "core/base/readable.h"
#include "core/model/hub/blob_download.h"
#include "core/model/hub/cache_writer.h"
#include "core/model/hub/hub_cache.h"
#include "core/model/hub/hub_connection.h"
#include "core/model/hub/partial_file.h"
#include "core/model/model_folder.h"

namespace attnviz {
namespace {

namespace fs = std::filesystem;

// Each of these is a tokenizer, alone or with the files below.
constexpr std::array<std::string_view, 9> kTokenizers{
    "tokenizer.json",          "vocab.json", "vocab.txt",  "spiece.model", "tokenizer.model",
    "sentencepiece.bpe.model", "source.spm", "target.spm", "spm.model"};
constexpr std::array<std::string_view, 4> kBesideTokenizers{"tokenizer_config.json", "merges.txt",
                                                            "special_tokens_map.json", "added_tokens.json"};
// Names of Mistral's, asked for where none of the above is there.
constexpr std::array<std::string_view, 3> kRareTokenizers{"tokenizer.model.v3", "tokenizer.model.v2",
                                                          "tokenizer.model.v1"};

bool isFile(const fs::path& path) {
    std::error_code failure;
    return fs::is_regular_file(path, failure);
}

class ModelDownload final {
 public:
    ModelDownload(const HubSettings& settings, const HubName& name, unsigned parts, ProgressSink progress,
                  std::stop_token stop)
        : m_settings(settings),
          m_name(name),
          m_parts(parts),
          m_progress(std::move(progress)),
          m_stop(std::move(stop)),
          m_hub(settings, m_progress),
          m_repository(settings.cache / name.folderName()) {}

    Result<fs::path> run() {
        if (auto wanted = wantAll(); !wanted) return wanted.error();
        if (auto fetched = fetchAll(); !fetched) return fetched.error();
        return m_writer->snapshot(m_commit.revision);
    }

    Result<DownloadPlan> plan() {
        m_planning = true;
        if (auto wanted = wantAll(); !wanted) return wanted.error();
        DownloadPlan plan;
        plan.commit = m_commit.revision;
        for (const auto& file : m_files) {
            plan.files.push_back({file.path, file.size});
            plan.bytes += file.size.value_or(0);
        }
        // The cache may not be there yet; the disk of the folder that it would be made in is the one.
        fs::path there = m_repository;
        std::error_code failure;
        while (!fs::exists(there, failure) && there.has_relative_path()) there = there.parent_path();
        plan.freeBytes = freeBytes(there);
        return plan;
    }

 private:
    Result<void> wantAll() {
        say("Asking " + hostOf(m_settings.endpoint) + " for " + m_name.text(), -1);
        if (auto begun = begin(); !begun) return begun;
        if (m_parts & kTokenizerFiles)
            if (auto found = wantTokenizer(); !found) return found;
        if (m_parts & kWeightFiles) {
            if (auto found = want("generation_config.json"); !found) return found.error();
            if (auto found = wantWeights(); !found) return found;
        }
        return {};
    }

    // Which commit this is about. Nothing is written before the hub knows the model.
    Result<void> begin() {
        auto config = m_hub.describe(m_name, "config.json", m_stop);
        if (!config) return config.error();
        if (!isPlainName(config->commit))
            return notFound("the model has no config.json", m_name.text(), "Is it a model for transformers?");
        m_commit = HubName{m_name.repository, config->commit};
        if (!m_planning) {
            auto writer = CacheWriter::open(m_settings, m_name);
            if (!writer) return writer.error();
            m_writer = *std::move(writer);
            if (auto set = m_writer->setRef(m_name.revision, m_commit.revision); !set) return set;
        }
        if (config->file) {
            if (!isThere("config.json")) m_files.push_back(*std::move(config->file));
            return {};
        }
        if (m_writer) m_writer->noteAbsence(m_commit.revision, "config.json");
        if (m_parts & kWeightFiles)
            return notFound("the model has no config.json", m_name.text(), "Is it a model for transformers?");
        return {};
    }

    bool isThere(const std::string& file) const {
        return isFile(m_repository / "snapshots" / m_commit.revision / file);
    }

    // Puts a file on the list, unless it is there; false if the repository has none.
    Result<bool> want(std::string_view path) {
        const std::string file(path);
        if (isThere(file)) return true;
        if (isKnownToLack(m_repository, m_commit.revision, file)) return false;
        auto answer = m_hub.describe(m_commit, file, m_stop);
        if (!answer) return answer.error();
        if (!answer->file) {
            if (m_writer) m_writer->noteAbsence(m_commit.revision, file);
            return false;
        }
        m_files.push_back(*std::move(answer->file));
        return true;
    }

    Result<void> wantTokenizer() {
        bool any = false;
        const auto wantEach = [&](auto names) -> Result<void> {
            for (const auto name : names) {
                auto found = want(name);
                if (!found) return found.error();
                any = any || *found;
            }
            return {};
        };
        if (auto wanted = wantEach(kTokenizers); !wanted) return wanted;
        if (!any)
            if (auto wanted = wantEach(kRareTokenizers); !wanted) return wanted;
        return wantEach(kBesideTokenizers);
    }

    Result<void> wantWeights() {
        for (const auto& form : weightForms()) {
            auto single = want(form.file);
            if (!single) return single.error();
            if (*single) return {};
            auto index = want(form.index);
            if (!index) return index.error();
            if (*index) return wantShards(std::string(form.index));
        }
        return notFound("the model has no model.safetensors and no pytorch_model.bin", m_name.text(),
                        "Weights in other forms cannot be read.");
    }

    // The index says which shards there are, so it has to be there before they can be asked for.
    Result<void> wantShards(const std::string& index) {
        auto names = shardsOf(index);
        if (!names) return names.error();
        for (const auto& name : *names) {
            auto found = want(name);
            if (!found) return found.error();
            if (!*found)
                return notFound("the model's index names '" + name + "', which the model does not have",
                                m_name.text(), "The repository is not whole; tell its owner.");
        }
        return {};
    }

    Result<std::vector<std::string>> shardsOf(const std::string& index) {
        const auto there = m_repository / "snapshots" / m_commit.revision / index;
        if (!m_planning)
            if (auto fetched = fetchAll(); !fetched) return fetched.error();
        if (isFile(there)) return shardNames(there);
        const auto file =
            std::ranges::find_if(m_files, [&](const RemoteFile& one) { return one.path == index; });
        std::string text;
        const auto where = m_name.repository + "/" + index;
        const auto answer = m_hub.get(
            file->address, {},
            [&](const HttpAnswer&, std::span<const char> bytes) -> Result<void> {
                if (text.size() + bytes.size() > kSmallJsonLimitBytes)
                    return badInput("the index of the weights is too large", where);
                text.append(bytes.data(), bytes.size());
                return {};
            },
            m_stop);
        if (answer.failure) return *answer.failure;
        if (answer.status != 200) return m_hub.refusal(answer, m_name);
        return shardNamesIn(text, where);
    }

    Result<void> fetchAll() {
        std::int64_t needed = 0;
        for (const auto& file : m_files) {
            needed += file.size.value_or(0);
            m_total += file.size.value_or(0);
        }
        const auto left = freeBytes(m_repository);
        // Not counted: what an earlier download left of it. That is looked at file by file.
        if (left >= 0 && needed > left && m_files.size() > 1)
            if (auto space = checkSpace(needed, left); !space) return space;
        m_start = std::chrono::steady_clock::now();
        m_lastSaid = {};
        for (const auto& file : m_files) {
            if (auto fetched = fetch(file); !fetched) return fetched;
            m_done += file.size.value_or(0);
        }
        m_files.clear();
        return {};
    }

    Result<void> checkSpace(std::int64_t needed, std::int64_t left) const {
        std::error_code failure;
        for (fs::directory_iterator at(m_repository / "blobs", failure), end; !failure && at != end;
             at.increment(failure)) {
            std::error_code gone;
            const auto size = static_cast<std::int64_t>(at->file_size(gone));
            if (gone) continue;
            const auto name = at->path().filename().string();
            for (const auto& file : m_files)
                if (name.starts_with(file.hash)) needed -= std::min(size, file.size.value_or(0));
        }
        if (needed <= left) return {};
        return ioError("the disk has " + readableBytes(left) + " left, and " + m_name.text() + " needs " +
                           readableBytes(needed),
                       m_settings.cache.string(),
                       "Free some space, or name another disk's folder in HF_HUB_CACHE.");
    }

    Result<void> fetch(const RemoteFile& file) {
        auto lock = m_writer->lock(
            file.hash, [&] { say("Waiting for another program that downloads " + file.path, -1); }, m_stop);
        if (!lock) return lock.error();
        if (isThere(file.path)) return {};  // the other program's
        const auto blob = m_writer->blob(file.hash);
        std::error_code failure;
        const auto size = fs::file_size(blob, failure);
        const bool whole =
            !failure && isFile(blob) && (!file.size || static_cast<std::int64_t>(size) == *file.size);
        if (!whole) {
            const auto have = [&](std::int64_t bytes) { sayBytes(bytes); };
            if (auto fetched = downloadBlob(m_hub, m_name, file, blob, have, m_stop); !fetched)
                return fetched;
        }
        return m_writer->place(m_commit.revision, file.path, file.hash, !whole);
    }

    void say(std::string what, double fraction) const {
        if (m_progress) m_progress({std::move(what), fraction});
    }

    // "Downloading org/name, 1.2 GB of 5.0 GB, 38 MB a second"
    void sayBytes(std::int64_t ofThisFile) {
        if (!m_progress) return;
        const auto now = std::chrono::steady_clock::now();
        const auto have = m_done + ofThisFile;
        if (m_lastSaid.time_since_epoch().count() != 0 && now - m_lastSaid < std::chrono::milliseconds(100))
            return;
        if (m_lastSaid.time_since_epoch().count() == 0) m_first = have;
        m_lastSaid = now;
        std::string what = "Downloading " + m_name.text();
        if (m_total > 0) what += ", " + readableBytes(have) + " of " + readableBytes(m_total);
        const auto seconds = std::chrono::duration<double>(now - m_start).count();
        if (seconds > 1 && have > m_first)
            what += ", " +
                    readableBytes(static_cast<std::int64_t>(static_cast<double>(have - m_first) / seconds)) +
                    " a second";
        const double share = m_total > 0 ? static_cast<double>(have) / static_cast<double>(m_total) : -1;
        say(std::move(what), std::min(share, 1.0));
    }

    const HubSettings& m_settings;
    const HubName& m_name;
    unsigned m_parts;
    ProgressSink m_progress;
    std::stop_token m_stop;
    HubConnection m_hub;
    fs::path m_repository;    // its folder in the cache
    bool m_planning = false;  // only to say what would be fetched: no writer
    HubName m_commit;         // the same repository at the commit that the hub named
    std::optional<CacheWriter> m_writer;
    std::vector<RemoteFile> m_files;  // to be fetched
    std::int64_t m_total = 0, m_done = 0, m_first = 0;
    std::chrono::steady_clock::time_point m_start, m_lastSaid;
};

}  // namespace

Result<fs::path> downloadModel(const HubSettings& settings, const HubName& name, unsigned parts,
                               ProgressSink progress, std::stop_token stop) {
    return ModelDownload(settings, name, parts, std::move(progress), std::move(stop)).run();
}

Result<DownloadPlan> planDownload(const HubSettings& settings, const HubName& name, unsigned parts,
                                  ProgressSink progress, std::stop_token stop) {
    return ModelDownload(settings, name, parts, std::move(progress), std::move(stop)).plan();
}

bool holdsTokenizer(const fs::path& folder) {
    const auto holds = [&](std::string_view name) { return isFile(folder / name); };
    return std::any_of(kTokenizers.begin(), kTokenizers.end(), holds) ||
           std::any_of(kRareTokenizers.begin(), kRareTokenizers.end(), holds);
}

bool isKnownToLackTokenizer(const fs::path& repositoryFolder, const std::string& commit) {
    return std::all_of(kTokenizers.begin(), kTokenizers.end(), [&](std::string_view name) {
        return isKnownToLack(repositoryFolder, commit, std::string(name));
    });
}

}  // namespace attnviz
