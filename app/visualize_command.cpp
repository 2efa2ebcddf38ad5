// attention-viz visualize: a page, an image, or the window.
#include "app/command.h"
#include "app/exporting.h"
#include "app/run_source.h"
#include "app/window.h"

namespace attnviz {
namespace {

// What is written when neither a name nor a suffix says so.
std::string suffixFor(const CommandContext& context) {
    const bool page = context.line.interactive ||
                      (!context.line.staticImage && context.configuration.visualization.interactive);
    return page ? "html" : context.configuration.visualization.saveFormat;
}

Result<void> runVisualize(CommandContext& context) {
    const CommandLine& line = context.line;
    if (line.output.empty() && !line.interactive && !line.staticImage && kHasWindow && hasDisplay()) {
        const int code = runWindow(line, context.configuration, context.terminal);
        if (code != 0) return internalError("the window ended with code " + std::to_string(code));
        return {};
    }
    auto session = obtainSession(context);
    if (!session) return session.error();
    std::string path = line.output.empty() ? "attention." + suffixFor(context) : line.output;
    const auto slash = path.find_last_of('/');
    if (path.find('.', slash == std::string::npos ? 0 : slash) == std::string::npos &&
        !path.starts_with("/dev/"))
        path += "." + suffixFor(context);
    if (auto written = exportSession(context, *session, path); !written) return written;
    if (line.output.empty()) context.terminal.result("Written to " + path + "\n");
    return {};
}

}  // namespace

extern const CommandDescriptor kVisualizeCommand{.name = "visualize",
                                                 .help = "A page, an image, or the window",
                                                 .options = kRunSource | kChoiceOptions | kSingleHeadOptions |
                                                            kFilterOptions | kDrawOptions | kOutputOption |
                                                            kPageOrImageOptions,
                                                 .textRequired = true,
                                                 .run = &runVisualize};

}  // namespace attnviz
