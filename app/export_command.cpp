// attention-viz export: a run to a file, by its suffix.
#include <filesystem>

#include "app/command.h"
#include "app/exporting.h"
#include "app/run_source.h"

namespace attnviz {
namespace {

// Of a name that has none.
std::string defaultSuffix(const Configuration& configuration) {
    const auto& format = configuration.exporting.defaultFormat;
    return format == "json" && configuration.exporting.compression ? "json.gz" : format;
}

Result<void> runExport(CommandContext& context) {
    std::string path = context.line.output;
    if (path.empty())
        return badInput("a file to write is missing", "--output", "Its suffix names the format.");
    std::error_code ignored;
    if (path.ends_with('/') || std::filesystem::is_directory(path, ignored))
        return badInput("this is a folder", path, "Name a file in it.");
    const auto slash = path.find_last_of('/');
    const auto name = slash == std::string::npos ? path : path.substr(slash + 1);
    if (name.find('.') == std::string::npos && !path.starts_with("/dev/"))
        path += "." + defaultSuffix(context.configuration);
    RunWishes wishes;
    for (std::size_t begin = 0; begin <= context.line.include.size();) {
        const auto end = std::min(context.line.include.find(',', begin), context.line.include.size());
        const auto word = context.line.include.substr(begin, end - begin);
        if (word == "logits")
            wishes.allLogits = true;
        else if (word == "hidden-states")
            wishes.hiddenStates = true;
        else if (!word.empty() && word != "attention")
            return badInput("'" + word + "' cannot be included", "--include",
                            "It takes attention, logits and hidden-states, separated by commas.");
        begin = end + 1;
    }
    auto session = obtainSession(context, wishes);
    if (!session) return session.error();
    return exportSession(context, *session, path);
}

}  // namespace

extern const CommandDescriptor kExportCommand{
    .name = "export",
    .help = "Attention as data or figure: json, json.gz, npz, csv, html, md, png, svg, pdf by suffix",
    .options = kRunSource | kChoiceOptions | kSingleHeadOptions | kFilterOptions | kDrawOptions |
               kIncludeOption | kOutputOption,
    .textRequired = true,
    .run = &runExport};

}  // namespace attnviz
