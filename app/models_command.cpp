// attention-viz models: what the Hugging Face cache holds, and which of it can be run.
#include <algorithm>
#include <optional>
#include <set>

#include "app/command.h"
#include "app/output.h"
#include "core/base/readable.h"
#include "core/model/engine_loader.h"
#include "core/model/hub/hub_cache.h"
#include "core/model/hub/hub_settings.h"
#include "core/model/model_config.h"
#include "core/model/model_folder.h"

namespace attnviz {
namespace {

struct ListedModel {
    CachedModel cached;
    std::string family;  // config.json's model_type; empty where there is none
    std::string hurdle;  // why it cannot be run; empty: it can
};

// The families that run, or why none does. Asked for once, and only where there is a model: the engine is
// slow to load.
Result<std::set<std::string>> runnableFamilies() {
    auto engine = loadEngine();
    if (!engine) return engine.error();
    std::set<std::string> families;
    for (const auto& family : (*engine)->describe().families) families.insert(family.modelType);
    return families;
}

std::string hurdleOf(const ListedModel& model, const Result<std::set<std::string>>& families) {
    const auto files = modelFolderAt(model.cached.folder);
    if (!files) return files.error().what;
    if (model.family.empty()) return "config.json names no model_type";
    if (!families) return "this build runs no models: " + families.error().what;
    if (!families->contains(model.family)) return "models of type '" + model.family + "' cannot be run";
    return {};
}

JsonValue document(const std::filesystem::path& cache, const std::vector<ListedModel>& models) {
    auto list = JsonValue::array();
    for (const auto& model : models) {
        auto entry =
            JsonValue::object({{"name", model.cached.name()},
                               {"repository", model.cached.repository},
                               {"commit", model.cached.commit},
                               {"refs", JsonValue::arrayOf(model.cached.refs)},
                               {"bytes", static_cast<long long>(model.cached.bytes)},
                               {"family", model.family.empty() ? JsonValue() : JsonValue(model.family)},
                               {"runs", model.hurdle.empty()}});
        if (!model.hurdle.empty()) entry.set("hurdle", model.hurdle);
        entry.set("folder", model.cached.folder.string());
        list.push(std::move(entry));
    }
    return JsonValue::object({{"cache", cache.string()}, {"models", std::move(list)}});
}

Result<void> runModels(CommandContext& context) {
    const auto cache = hubSettings().cache;
    std::vector<ListedModel> models;
    std::optional<Result<std::set<std::string>>> families;
    for (auto& cached : cachedModels(cache)) {
        if (context.stop.stop_requested()) return cancelled();
        ListedModel model{std::move(cached), {}, {}};
        if (const auto config = ModelConfig::read(model.cached.folder / "config.json"))
            model.family = config->modelType();
        if (!families) families = runnableFamilies();
        model.hurdle = hurdleOf(model, *families);
        models.push_back(std::move(model));
    }
    const auto& format = context.line.format;
    if (format == "json") return writeOutput(context.line.output, document(cache, models).toText());
    Table table{"models", {"model", "size", "family", "runs"}, {}};
    for (const auto& model : models)
        table.rows.push_back({model.cached.name(), readableBytes(model.cached.bytes), model.family,
                              model.hurdle.empty() ? "yes" : "no: " + model.hurdle});
    if (format == "csv") return writeOutput(context.line.output, tableCsv(table));
    if (models.empty()) {
        context.terminal.notice("The Hugging Face cache in " + cache.string() +
                                " holds no model; 'sample' is always there.");
        return {};
    }
    return writeOutput(context.line.output, tableText(table));
}

}  // namespace

extern const CommandDescriptor kModelsCommand{.name = "models",
                                              .help = "The models in the Hugging Face cache",
                                              .options = kFormatOption | kOutputOption,
                                              .run = &runModels};

}  // namespace attnviz
