// attention-viz models: what the Hugging Face cache holds, and which of it can be run.
#include <algorithm>
#include <optional>
#include <set>

#include "app/command.h"
#include "app/output.h"
#include "core/base/readable.h"
#include "core/model/engine_loader.h"
#include "core/model/hub/hub_settings.h"
#include "core/model/model_list.h"

namespace attnviz {
namespace {

// The families that run, or why none does. Asked for once, and only where there is a model: the engine is
// slow to load.
RunnableFamilies runnableFamilies() {
    auto engine = loadEngine();
    if (!engine) return engine.error();
    std::set<std::string> families;
    for (const auto& family : (*engine)->describe().families) families.insert(family.modelType);
    return families;
}

struct Row {
    ListedModel model;
    std::string hurdle;  // why it cannot be run; empty: it can
};

JsonValue document(const std::filesystem::path& cache, const std::vector<Row>& rows) {
    auto list = JsonValue::array();
    for (const auto& [model, hurdle] : rows) {
        auto entry =
            JsonValue::object({{"name", model.cached.name()},
                               {"repository", model.cached.repository},
                               {"commit", model.cached.commit},
                               {"refs", JsonValue::arrayOf(model.cached.refs)},
                               {"bytes", static_cast<long long>(model.cached.bytes)},
                               {"family", model.family.empty() ? JsonValue() : JsonValue(model.family)},
                               {"runs", hurdle.empty()}});
        if (!hurdle.empty()) entry.set("hurdle", hurdle);
        entry.set("folder", model.cached.folder.string());
        list.push(std::move(entry));
    }
    return JsonValue::object({{"cache", cache.string()}, {"models", std::move(list)}});
}

Result<void> runModels(CommandContext& context) {
    const auto cache = hubSettings().cache;
    auto models = listModels(cache, context.stop);
    if (!models) return models.error();
    std::vector<Row> rows;
    std::optional<RunnableFamilies> families;
    for (auto& model : *models) {
        if (!families) families = runnableFamilies();
        auto hurdle = hurdleOf(model.fault, model.family, *families);
        rows.push_back({std::move(model), std::move(hurdle)});
    }
    const auto& format = context.line.format;
    if (format == "json") return writeOutput(context.line.output, document(cache, rows).toText());
    Table table{"models", {"model", "size", "family", "runs"}, {}};
    for (const auto& [model, hurdle] : rows)
        table.rows.push_back({model.cached.name(), readableBytes(model.cached.bytes), model.family,
                              hurdle.empty() ? "yes" : "no: " + hurdle});
    if (format == "csv") return writeOutput(context.line.output, tableCsv(table));
    if (rows.empty()) {
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
