// attention-viz families: which model families this build can run.
#include "app/command.h"
#include "app/output.h"
#include "core/model/engine_loader.h"

namespace attnviz {
namespace {

Result<void> runFamilies(CommandContext& context) {
    auto engine = loadEngine();
    if (!engine) return engine.error();
    Table table{"families", {"model_type", "title", "attention", "checkpoints"}, {}};
    for (const auto& family : (*engine)->describe().families)
        table.rows.push_back({family.modelType, family.title, family.kinds, family.checkpoints});
    const auto& format = context.line.format;
    if (format == "json") {
        auto list = JsonValue::array();
        for (const auto& row : table.rows) {
            auto family = JsonValue::object();
            for (std::size_t column = 0; column < row.size(); ++column)
                family.set(table.columns[column], row[column]);
            list.push(std::move(family));
        }
        return writeOutput(context.line.output, JsonValue::object({{"families", list}}).toText());
    }
    return writeOutput(context.line.output, format == "csv" ? tableCsv(table) : tableText(table));
}

}  // namespace

extern const CommandDescriptor kFamiliesCommand{.name = "families",
                                                .help = "The model families that can be run",
                                                .options = kFormatOption | kOutputOption,
                                                .run = &runFamilies};

}  // namespace attnviz
