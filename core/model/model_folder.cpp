#include "core/model/model_folder.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>

#include "core/base/json_parse.h"
#include "core/base/readable.h"
#include "core/model/hub/hub_cache.h"
#include "core/model/hub/hub_settings.h"
#include "core/model/script_file.h"

namespace attnviz {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPointerStart = "version https://git-lfs";

Result<void> checkIsFile(const fs::path& path) {
    std::error_code code;
    const auto status = fs::status(path, code);
    if (!fs::exists(status)) {
        if (fs::is_symlink(fs::symlink_status(path, code)))
            return notFound("this links to a file that is not there", path.string(),
                            "The download is incomplete; fetch the model again.");
        return code && code != std::errc::no_such_file_or_directory
                   ? ioError("cannot be looked at: " + code.message(), path.string())
                   : notFound("there is no such file", path.string(), "Fetch the model again.");
    }
    if (!fs::is_regular_file(status)) return badInput("this is no regular file", path.string());
    std::ifstream stream(path, std::ios::binary);
    std::string start(kPointerStart.size(), '\0');
    stream.read(start.data(), static_cast<std::streamsize>(start.size()));
    if (stream && start == kPointerStart)
        return badInput("this is a Git LFS pointer, not the file itself", path.string(),
                        "Fetch it with 'git lfs pull'.");
    return {};
}

// There, be it as a link that leads nowhere: what is named by a broken link must be reported, not overlooked.
bool isListed(const fs::path& path) {
    std::error_code code;
    return fs::exists(fs::symlink_status(path, code));
}

// Checked lexically, because a cache's snapshots are links that lead out of the folder by design.
bool isPlainRelativeName(const std::string& name) {
    if (name.empty() || name.size() > 512 || name.find('\0') != std::string::npos ||
        name.find('\\') != std::string::npos || !isValidUtf8(name))
        return false;
    const fs::path path(name);
    if (path.is_absolute()) return false;
    for (const auto& part : path)
        if (part == ".." || part == "." || part.empty()) return false;
    return true;
}

Result<std::vector<fs::path>> shardsOf(const fs::path& index) {
    auto names = shardNames(index);
    if (!names) return names.error();
    std::vector<fs::path> shards;
    for (const auto& name : *names) {
        const auto path = index.parent_path() / name;
        if (auto file = checkIsFile(path); !file) return file.error();
        shards.push_back(path);
    }
    return shards;
}

}  // namespace

// "models--org--name/snapshots/<revision>" is what a person calls "org/name".
std::string modelNameOf(const fs::path& path) {
    std::error_code failure;
    auto folder = fs::absolute(path, failure).lexically_normal();
    if (folder.filename().empty()) folder = folder.parent_path();
    auto name = folder.filename().string();
    auto repository = folder.parent_path().parent_path().filename().string();
    constexpr std::string_view kPrefix = "models--";
    if (folder.parent_path().filename() != "snapshots" || !repository.starts_with(kPrefix)) return name;
    repository.erase(0, kPrefix.size());
    if (const auto dashes = repository.find("--"); dashes != std::string::npos)
        repository.replace(dashes, 2, "/");
    return repository;
}

namespace {

ModelFolder scriptAt(const fs::path& path) {
    ModelFolder found;
    found.folder = path.parent_path().empty() ? fs::path(".") : path.parent_path();
    found.script = path;
    found.name = path.filename().string();
    return found;
}

// The TorchScript module of a folder that holds no other model; nothing where it holds none.
std::optional<Result<ModelFolder>> scriptOf(const fs::path& folder) {
    const auto scripts = scriptFilesIn(folder);
    if (scripts.empty()) return std::nullopt;
    if (scripts.size() > 1)
        return badInput("the folder has " + std::to_string(scripts.size()) + " TorchScript modules",
                        folder.string(), "Name one of them, such as " + scripts.front().string() + ".");
    return scriptAt(scripts.front());
}

}  // namespace

std::span<const WeightForm> weightForms() {
    static constexpr std::array kForms{WeightForm{"model.safetensors", "model.safetensors.index.json"},
                                       WeightForm{"pytorch_model.bin", "pytorch_model.bin.index.json"}};
    return kForms;
}

namespace {

Result<std::vector<std::string>> shardsNamedBy(const JsonValue& json, const std::string& where) {
    const JsonValue* map = json.find("weight_map");
    if (!map || !map->isObject() || map->members().empty())
        return badInput("the index has no 'weight_map'", where);
    std::vector<std::string> names;
    for (const auto& [tensor, file] : map->members()) {
        if (!file.isString() || !isPlainRelativeName(file.string()))
            return badInput("the index places tensor '" + tensor + "' in '" + file.string() +
                                "', which is no file of this folder",
                            where, "Do not trust this checkpoint.");
        if (std::find(names.begin(), names.end(), file.string()) == names.end())
            names.push_back(file.string());
        if (names.size() > 4096) return badInput("the index names more than 4096 files", where);
    }
    std::sort(names.begin(), names.end());
    return names;
}

}  // namespace

Result<std::vector<std::string>> shardNames(const fs::path& index) {
    auto json = readJsonFile(index);
    if (!json) return json.error();
    return shardsNamedBy(*json, index.string());
}

Result<std::vector<std::string>> shardNamesIn(std::string_view text, const std::string& where) {
    auto json = parseJson(text, where);
    if (!json) return json.error();
    return shardsNamedBy(*json, where);
}

fs::path resourceFolder() {
    if (const char* given = std::getenv("ATTNVIZ_RESOURCES"); given && *given) return given;
    std::error_code ignored;
    return (fs::read_symlink("/proc/self/exe", ignored).parent_path() / "../share/attention-viz")
        .lexically_normal();
}

namespace {

Result<ModelFolder> folderAt(const fs::path& folder, bool mayBeScript) {
    ModelFolder found;
    found.folder = folder;
    found.name = modelNameOf(folder);

    found.config = found.folder / "config.json";
    if (!isListed(found.config)) {
        if (mayBeScript)
            if (auto script = scriptOf(folder)) return *std::move(script);
        return notFound("the folder has no config.json", found.folder.string(),
                        "A model folder holds config.json, model.safetensors and tokenizer files.");
    }
    if (auto file = checkIsFile(found.config); !file) return file.error();
    for (const auto& form : weightForms()) {
        const auto single = found.folder / form.file;
        const auto index = found.folder / form.index;
        if (isListed(single)) {
            if (auto file = checkIsFile(single); !file) return file.error();
            found.weights = {single};
            return found;
        }
        if (!isListed(index)) continue;
        if (auto file = checkIsFile(index); !file) return file.error();
        auto shards = shardsOf(index);
        if (!shards) return shards.error();
        found.weights = std::move(*shards);
        found.shardIndex = index;
        return found;
    }
    if (mayBeScript)
        if (auto script = scriptOf(folder)) return *std::move(script);
    return notFound("the folder has no model.safetensors and no pytorch_model.bin", found.folder.string(),
                    "A model folder holds config.json, model.safetensors and tokenizer files.");
}

}  // namespace

Result<ModelFolder> modelFolderAt(const fs::path& folder) {
    return folderAt(folder, true);
}

Result<ModelFolder> findModelFolder(std::string_view model) {
    if (model == "sample") {
        const auto folder = resourceFolder() / "sample-model";
        std::error_code ignored;
        if (!fs::is_directory(folder, ignored))
            return notFound("the sample model is not installed", folder.string(),
                            "Reinstall, or set ATTNVIZ_RESOURCES to the folder that holds 'sample-model'.");
        auto found = modelFolderAt(folder);
        if (found) found->name = "sample";
        return found;
    }
    const fs::path path(model);
    std::error_code code;
    const auto status = fs::status(path, code);
    if (fs::exists(status)) {
        if (fs::is_directory(status)) return modelFolderAt(path);
        if (isScriptFile(path)) return scriptAt(path);
        // A file that is no script never leads to one beside it.
        auto folder = folderAt(path.parent_path().empty() ? "." : path.parent_path(), false);
        if (folder || !hasScriptSuffix(path)) return folder;
        if (auto file = checkIsFile(path); !file) return file.error();
        return badInput("this is no TorchScript module, and no part of a model folder", path.string(),
                        "It is damaged, or holds weights alone: those need config.json beside them.");
    }
    if (code && code != std::errc::no_such_file_or_directory && code != std::errc::not_a_directory)
        return ioError("cannot be looked at: " + code.message(), std::string(model));
    const auto name = parseHubName(model);
    if (!name)
        return notFound(
            "there is no such folder", std::string(model),
            "A model is a folder on this machine with config.json and model.safetensors, the name "
            "of one on the Hugging Face hub (org/name), or 'sample'.");
    const auto settings = hubSettings();
    const auto snapshot = findSnapshot(settings.cache, *name);
    if (snapshot) return modelFolderAt(snapshot->folder);
    if (snapshot.error().kind != ErrorKind::notFound) return snapshot.error();
    const auto& error = snapshot.error();
    return notFound("there is no such folder, and " + error.what + " (" + error.where + ")",
                    std::string(model), error.hint);
}

}  // namespace attnviz
