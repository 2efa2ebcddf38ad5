// attention-viz doctor: what this build can do, and where it looks.
#include <thread>

#include "app/command.h"
#include "app/drawing.h"
#include "app/output.h"
#include "app/window.h"
#include "core/base/readable.h"
#include "core/base/system_memory.h"
#include "core/model/engine_loader.h"
#include "core/model/hub/http_client.h"
#include "core/model/hub/hub_settings.h"
#include "core/model/model_folder.h"

#if ATTNVIZ_WITH_GUI
#include <QtGlobal>
#endif

namespace attnviz {
namespace {

Result<void> runDoctor(CommandContext& context) {
    Table table{"doctor", {"part", "state"}, {}};
    const auto say = [&](std::string_view part, std::string_view state) {
        table.rows.push_back({part, state});
    };
    say("Attention Viz", ATTNVIZ_VERSION);
    say("compiled with", __VERSION__);
#if ATTNVIZ_WITH_GUI
    say("window", std::string("Qt ") + qVersion());
#else
    say("window", "not in this build (made with ATTNVIZ_GUI=OFF)");
#endif
    const auto& configuration = context.configuration;
    say("configuration",
        configuration.path.empty() ? "defaults, no file found" : configuration.path.string());
    say("resources", resourceFolder().string());
    const auto sample = findModelFolder("sample");
    say("sample model", sample ? sample->folder.string() : sample.error().sentence());
    const auto hub = hubSettings();
    say("model cache", hub.cache.string());
    say("hub", hub.offline ? "not asked for anything (HF_HUB_OFFLINE, TRANSFORMERS_OFFLINE)"
                           : hostOf(hub.endpoint) + (hubToken(hub).empty() ? "" : ", with a token"));
    say("processor", std::to_string(std::thread::hardware_concurrency()) + " threads");
    say("memory", readableBytes(availableMemoryBytes()) + " available");
    say("LibTorch module", engineModulePath().string());
    auto engine = loadEngine();
    if (engine) {
        const auto info = (*engine)->describe();
        say("LibTorch", info.library);
        say("BLAS", info.blas);
        for (const auto& device : info.devices) say("device", device);
        std::string families;
        for (const auto& family : info.families)
            families += (families.empty() ? "" : ", ") + family.modelType;
        say("families", families);
    } else {
        say("LibTorch", "not usable: " + engine.error().sentence());
    }
    std::string suffixes;
    for (const auto* exporter : allExporters())
        for (const auto suffix : exporter->suffixes)
            suffixes += (suffixes.empty() ? "" : " ") + std::string(suffix);
    say("exports", suffixes);
    const auto& format = context.line.format;
    if (format == "json") {
        auto list = JsonValue::array();
        for (const auto& row : table.rows)
            list.push(JsonValue::object({{"part", row[0]}, {"state", row[1]}}));
        return writeOutput(context.line.output, JsonValue::object({{"doctor", list}}).toText());
    }
    return writeOutput(context.line.output, format == "csv" ? tableCsv(table) : tableText(table));
}

}  // namespace

extern const CommandDescriptor kDoctorCommand{.name = "doctor",
                                              .help = "What this build can do, and where it looks",
                                              .options = kFormatOption | kOutputOption,
                                              .run = &runDoctor};

}  // namespace attnviz
