#include "core/model/hub/obtain_model.h"

#include <optional>

#include "core/model/hub/http_client.h"
#include "core/model/hub/hub_cache.h"
#include "core/model/hub/hub_settings.h"
#include "core/model/hub/model_download.h"

namespace attnviz {
namespace {

namespace fs = std::filesystem;

// A name, if `model` is one and nothing on this machine bears it.
std::optional<HubName> hubNameOf(std::string_view model) {
    std::error_code ignored;
    if (model == "sample" || fs::exists(fs::path(model), ignored)) return std::nullopt;
    const auto name = parseHubName(model);
    return name ? std::optional(*name) : std::nullopt;
}

Result<fs::path> download(const HubSettings& settings, const HubName& name, unsigned parts,
                          const ObtainListener& listener, std::stop_token stop) {
    if (settings.offline)
        return notFound("there is no such folder, the Hugging Face cache in " + settings.cache.string() +
                            " does not hold all of such a model, and nothing may be downloaded",
                        name.text(), "HF_HUB_OFFLINE or TRANSFORMERS_OFFLINE is set.");
    if (listener.notice)
        listener.notice("Downloading " + name.text() + " from " + hostOf(settings.endpoint) + " into " +
                        settings.cache.string() + ".");
    return downloadModel(settings, name, parts, listener.progress, std::move(stop));
}

bool lacksTokenizer(const HubSettings& settings, const HubName& name, const CachedSnapshot& snapshot) {
    return !holdsTokenizer(snapshot.folder) &&
           !isKnownToLackTokenizer(settings.cache / name.folderName(), snapshot.commit);
}

// What the cache holds under a name. Nothing: not there at all; an Error: there, but not to be used.
Result<std::optional<CachedSnapshot>> cached(const HubSettings& settings, HubName& name) {
    auto snapshot = findSnapshot(settings.cache, name);
    if (!snapshot) {
        if (snapshot.error().kind == ErrorKind::notFound) return std::optional<CachedSnapshot>();
        return snapshot.error();
    }
    // The beginning of a commit is only known here; the hub is asked for the whole.
    if (snapshot->commit.starts_with(name.revision)) name.revision = snapshot->commit;
    return std::optional(*std::move(snapshot));
}

}  // namespace

Result<ModelFolder> obtainModel(std::string_view model, bool withTokenizer, const ObtainListener& listener,
                                std::stop_token stop) {
    auto name = hubNameOf(model);
    if (!name) return findModelFolder(model);
    const auto settings = hubSettings();
    auto snapshot = cached(settings, *name);
    if (!snapshot) return snapshot.error();
    if (*snapshot) {
        auto folder = modelFolderAt((*snapshot)->folder);
        if (!folder && folder.error().kind != ErrorKind::notFound) return folder;
        const bool whole = folder && !(withTokenizer && lacksTokenizer(settings, *name, **snapshot));
        // Without a tokenizer there is still something to run.
        if (whole || (folder && settings.offline)) return folder;
    }
    const unsigned parts = kWeightFiles | (withTokenizer ? kTokenizerFiles : 0U);
    auto downloaded = download(settings, *name, parts, listener, std::move(stop));
    if (!downloaded) return downloaded.error();
    return modelFolderAt(*downloaded);
}

Result<fs::path> obtainTokenizer(std::string_view model, const ObtainListener& listener,
                                 std::stop_token stop) {
    if (model == "sample") {
        auto folder = findModelFolder(model);
        if (!folder) return folder.error();
        return folder->folder;
    }
    auto name = hubNameOf(model);
    if (!name) return fs::path(model);
    const auto settings = hubSettings();
    auto snapshot = cached(settings, *name);
    if (!snapshot) return snapshot.error();
    if (*snapshot && (!lacksTokenizer(settings, *name, **snapshot) || settings.offline))
        return (*snapshot)->folder;
    return download(settings, *name, kTokenizerFiles, listener, std::move(stop));
}

}  // namespace attnviz
