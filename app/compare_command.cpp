// attention-viz compare: chosen layers side by side on one colour scale.
#include "app/command.h"
#include "app/exporting.h"
#include "app/run_source.h"

namespace attnviz {
namespace {

Result<void> runCompare(CommandContext& context) {
    if (context.line.layers.empty())
        return badInput("the layers to compare are missing", "--layers", "Write --layers 0 3 6.");
    auto session = obtainSession(context);
    if (!session) return session.error();
    const std::string fallback = "comparison." + context.configuration.visualization.saveFormat;
    const std::string& path = context.line.output.empty() ? fallback : context.line.output;
    if (auto written = exportSession(context, *session, path); !written) return written;
    if (context.line.output.empty()) context.terminal.result("Written to " + path + "\n");
    return {};
}

}  // namespace

extern const CommandDescriptor kCompareCommand{.name = "compare",
                                               .help = "Layers side by side on one colour scale",
                                               .options = kRunSource | kChoiceOptions | kSingleHeadOptions |
                                                          kFilterOptions | kDrawOptions | kOutputOption,
                                               .textRequired = true,
                                               .run = &runCompare};

}  // namespace attnviz
