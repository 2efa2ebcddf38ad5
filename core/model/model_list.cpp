#include "core/model/model_list.h"

#include "core/model/model_config.h"
#include "core/model/model_folder.h"

namespace attnviz {

Result<std::vector<ListedModel>> listModels(const std::filesystem::path& cache, std::stop_token stop) {
    std::vector<ListedModel> models;
    for (auto& cached : cachedModels(cache, stop)) {
        if (stop.stop_requested()) return cancelled();
        ListedModel model{std::move(cached), {}, {}};
        if (const auto config = ModelConfig::read(model.cached.folder / "config.json"))
            model.family = config->modelType();
        const auto files = modelFolderAt(model.cached.folder);
        if (!files)
            model.fault = files.error().what;
        else if (files->script)
            model.family = kCustomFamily;
        models.push_back(std::move(model));
    }
    if (stop.stop_requested()) return cancelled();
    return models;
}

std::string hurdleOf(const std::string& fault, const std::string& family, const RunnableFamilies& families) {
    if (!fault.empty()) return fault;
    if (family.empty()) return "config.json names no model_type";
    if (!families) return "this build runs no models: " + families.error().what;
    if (!families->contains(family)) return "models of type '" + family + "' cannot be run";
    return {};
}

}  // namespace attnviz
