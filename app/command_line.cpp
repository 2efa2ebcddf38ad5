#include "app/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <filesystem>
#include <regex>
#include <set>

#include "app/command.h"
#include "core/base/readable.h"
#include "core/exporting/colormap.h"
#include "core/exporting/figure_presets.h"
#include "core/model/text_generation.h"

namespace attnviz {
namespace {

// ---- values as typed
// ------------------------------------------------------------------------------------------

std::optional<std::vector<std::int64_t>> parseIds(const std::string& text) {
    std::vector<std::int64_t> ids;
    const char* at = text.data();
    const char* end = text.data() + text.size();
    while (at < end) {
        while (at < end && (*at == ' ' || *at == ',')) ++at;
        if (at == end) break;
        std::int64_t id = 0;
        const auto [next, code] = std::from_chars(at, end, id);
        if (code != std::errc() || (next < end && *next != ',' && *next != ' ')) return std::nullopt;
        ids.push_back(id);
        at = next;
    }
    return ids;
}

void addIds(CLI::App* app, const std::string& name, std::optional<std::vector<std::int64_t>>& target,
            const std::string& help) {
    app->add_option_function<std::string>(
           name,
           [name, &target](const std::string& text) {
               target = parseIds(text);
               if (!target) throw CLI::ConversionError(text, name + " (whole numbers, separated by commas)");
           },
           help)
        ->type_name("IDS");
}

void setDevice(CommandLine& line, const std::string& text) {
    static const std::regex kCuda("cuda(:([0-9]{1,3}))?");
    std::smatch match;
    line.deviceGiven = true;
    if (text == "auto")
        line.device = {};
    else if (text == "cpu")
        line.device = {DeviceKind::cpu, 0};
    else if (text == "mps")
        line.device = {DeviceKind::mps, 0};
    else if (std::regex_match(text, match, kCuda))
        line.device = {DeviceKind::cuda, match[2].matched ? std::stoi(match[2]) : 0};
    else
        throw CLI::ValidationError("--device", "'" + text + "' is none of auto, cpu, cuda, cuda:N, mps");
}

void setFigureSize(CommandLine& line, const std::string& text) {
    static const std::regex kSize(R"re(([0-9]+(?:\.[0-9]+)?)[xX]([0-9]+(?:\.[0-9]+)?))re");
    std::smatch match;
    const auto unusable = [&] {
        return CLI::ConversionError(text, "--figure-size (WIDTHxHEIGHT in inches, each from 0.5 to 200)");
    };
    if (!std::regex_match(text, match, kSize)) throw unusable();
    line.widthInches = std::stod(match[1]);
    line.heightInches = std::stod(match[2]);
    for (const double inches : {*line.widthInches, *line.heightInches})
        if (inches < 0.5 || inches > 200) throw unusable();
}

void setWindowSize(CommandLine& line, const std::string& text) {
    static const std::regex kSize("([0-9]{2,5})[xX]([0-9]{2,5})");
    std::smatch match;
    if (!std::regex_match(text, match, kSize) || std::stoi(match[1]) > 16384 || std::stoi(match[2]) > 16384)
        throw CLI::ConversionError(text, "--size (WIDTHxHEIGHT in pixels, at most 16384)");
    line.width = std::stoi(match[1]);
    line.height = std::stoi(match[2]);
}

template <class T>
CLI::Option* addChoice(CLI::App* app, const std::string& name, T& target,
                       std::vector<std::pair<std::string, T>> choices, const std::string& help) {
    std::string names;
    for (const auto& [choice, value] : choices) names += (names.empty() ? "" : "|") + choice;
    return app->add_option(name, target, help)
        ->transform(CLI::CheckedTransformer(std::move(choices)).description(""))
        ->type_name(names);
}

// ---- groups of options
// ----------------------------------------------------------------------------------------

void addSourceOptions(CLI::App* app, CommandLine& line, unsigned groups) {
    if (groups & kModelOptions) {
        app->add_option("--model", line.model,
                        "model folder, a file inside one, a name (org/name, org/name@revision), or 'sample' "
                        "(the default)");
        app->add_option("--tokenizer", line.tokenizer, "tokenizer files from elsewhere");
        app->add_flag("--allow-code", line.allowCode,
                      "run a TorchScript module: code, which could do anything that you can");
    }
    if (groups & kTextOptions) {
        app->add_option("--text", line.text, "the text; - reads standard input");
        app->add_option("--text-file", line.textFile, "read the text from a file; - is standard input");
        app->add_option("--text-pair", line.textPair, "a second segment, for models of sentence pairs");
        app->add_option("--target", line.target, "the decoder's text of an encoder-decoder");
        app->add_flag("--no-special-tokens", line.noSpecialTokens, "tokenize as if inside another text");
    }
    if (groups & kSessionOptions)
        app->add_option("--session", line.session,
                        "a saved session or a foreign file, instead of model and text");
    if (groups & kIdOptions) {
        addIds(app, "--token-ids", line.tokenIds, "run exactly these ids; no tokenizer needed");
        addIds(app, "--segment-ids", line.segmentIds, "token types for --token-ids");
        addIds(app, "--attention-mask", line.attentionMask, "1 for a token, 0 for padding");
        addIds(app, "--target-ids", line.targetIds, "the decoder's ids of an encoder-decoder");
    }
    if (groups & kWriteOptions) {
        app->add_option("--generate", line.generate, "let the model write so many tokens after the text")
            ->check(CLI::Range(1, kMostGeneratedTokens));
        app->add_option("--temperature", line.temperature,
                        "draw them, the flatter the higher; 0 takes the likeliest, as without these options")
            ->check(CLI::Range(0.0, 100.0));
        app->add_option("--top-p", line.topP, "draw from the likeliest that sum to this share")
            ->check(CLI::Range(1e-6, 1.0));
        app->add_option("--sample-top-k", line.sampleTopK, "draw from the K likeliest")
            ->check(CLI::Range(1, 1 << 24));
        app->add_option("--seed", line.seed, "of what is drawn; the same seed draws the same tokens");
    }
    if (groups & kRunOptions) {
        app->add_option_function<std::string>(
               "--device", [&line](const std::string& text) { setDevice(line, text); },
               "auto, cpu, cuda, cuda:N or mps")
            ->type_name("DEVICE");
        addChoice<ComputeType>(app, "--dtype", line.dtype,
                               {{"auto", ComputeType::automatic},
                                {"float32", ComputeType::float32},
                                {"float16", ComputeType::float16},
                                {"bfloat16", ComputeType::bfloat16}},
                               "what to compute in");
        addChoice<StorageForm>(app, "--storage", line.storage,
                               {{"auto", StorageForm::automatic},
                                {"dense", StorageForm::dense},
                                {"factored", StorageForm::factored}},
                               "how the maps are kept");
        addChoice<Precision>(app, "--precision", line.precision,
                             {{"float32", Precision::float32}, {"float16", Precision::float16}},
                             "of what is kept and exported");
        app->add_option("--threads", line.threads, "threads of the engine; 0 is one a core")
            ->check(CLI::Range(0, 1024));
        app->add_option("--max-length", line.maxLength, "auto, 0 (never truncate) or a number of tokens");
    }
}

void addViewOptions(CLI::App* app, CommandLine& line, unsigned groups) {
    if (groups & kChoiceOptions) {
        app->add_option("--layers", line.layers, "layers, as 0,3,6-8 or 0 3 6; negative from the end");
        app->add_option("--heads", line.heads, "heads, likewise");
        app->add_option("--combine", line.combine, "combine the chosen heads")
            ->check(CLI::IsMember({"mean", "max", "min", "sum"}));
    }
    if (groups & kSingleHeadOptions) {
        app->add_option("--layer", line.layer, "one layer; negative from the end");
        app->add_option("--head", line.head, "one head; negative from the end");
    }
    if (groups & kFilterOptions) {
        app->add_flag("--hide-special", line.hideSpecial, "hide special tokens as keys");
        app->add_flag("--hide-sinks", line.hideSinks, "hide keys that most attention drains to");
        app->add_flag("--renormalize", line.renormalize, "let what is left of each row sum to one");
        app->add_flag("--words", line.words, "words instead of pieces");
        app->add_option("--threshold", line.threshold, "drop weights below this")
            ->check(CLI::Range(0.0, 1.0));
        app->add_option("--top-k", line.topK, "keep the K largest of each row")
            ->check(CLI::Range(1, 1 << 24));
        app->add_option("--mass", line.mass, "keep the least of each row that sums to this share")
            ->check(CLI::Range(0.0, 1.0));
    }
    if (groups & kDrawOptions) {
        app->add_option("--colormap", line.colormap, "colour map")->check(CLI::IsMember(colormapNames()));
        app->add_option("--dpi", line.dpi, "dots an inch")->check(CLI::Range(20, 2400));
        app->add_option_function<std::string>(
               "--figure-size", [&line](const std::string& text) { setFigureSize(line, text); },
               "WIDTHxHEIGHT in inches")
            ->type_name("WxH");
        std::vector<std::string> presets;
        std::string uses;
        for (const auto& preset : figurePresets()) {
            presets.emplace_back(preset.name);
            uses += (uses.empty() ? "" : ", ") + presets.back() + " for " + std::string(preset.use);
        }
        app->add_option("--preset", line.preset, "width of the figure: " + uses)
            ->check(CLI::IsMember(presets));
        app->add_option("--theme", line.theme, "light or dark")->check(CLI::IsMember({"light", "dark"}));
        app->add_option("--title", line.title, "title of the figure");
    }
    if (groups & kPageOrImageOptions) {
        app->add_flag("--interactive", line.interactive, "write an HTML page");
        app->add_flag("--static", line.staticImage, "write an image");
    }
    if (groups & kIncludeOption)
        app->add_option("--include", line.include, "attention,logits,hidden-states (default: attention)");
    if (groups & kFormatOption)
        app->add_option("--format", line.format, "text, json or csv")
            ->check(CLI::IsMember({"text", "json", "csv"}));
    if (groups & kLinesOption)
        app->add_flag("--lines", line.lines, "each line of the text on its own; a tab separates a pair");
    if (groups & kOutputOption)
        app->add_option("--output,-o", line.output,
                        "write here instead of standard output; the suffix decides the format");
}

void addCommonOptions(CLI::App* app, CommandLine& line) {
    app->add_option("--config", line.config, "configuration file (YAML)");
    app->add_flag("--quiet,-q", line.quiet, "no progress, no notices");
    app->add_flag("--verbose,-v", line.verbose, "say more");
}

void addOtherSideOptions(CLI::App* app, CommandLine& line) {
    app->add_option("--with-text", line.withText, "the other side: this text, on the same model unless told");
    app->add_option("--with-model", line.withModel,
                    "the other side: this model, on the same text unless told");
    app->add_option("--with-session", line.withSession, "the other side: a saved session or a foreign file");
}

void addAnalysisOptions(CLI::App* app, CommandLine& line, const AnalysisDescriptor& analysis,
                        const std::set<std::string>& taken) {
    for (const auto& option : analysis.options) {
        if (taken.contains(std::string(option.name))) continue;
        const auto name = std::string(option.name);
        auto help = std::string(option.help);
        if (!option.fallback.empty()) help += " (default: " + std::string(option.fallback) + ")";
        if (option.kind == AnalysisOption::Kind::flag) {
            app->add_flag_callback(
                "--" + name, [&line, name] { line.analysisOptions.set(name, "true"); }, help);
            continue;
        }
        auto* added = app->add_option_function<std::string>(
            "--" + name, [&line, name](const std::string& value) { line.analysisOptions.set(name, value); },
            help);
        switch (option.kind) {
            case AnalysisOption::Kind::choice:
                added->check(
                    CLI::IsMember(std::vector<std::string>(option.choices.begin(), option.choices.end())));
                break;
            case AnalysisOption::Kind::integer:
                added->check(CLI::TypeValidator<std::int64_t>("INT"));
                break;
            case AnalysisOption::Kind::number:
                added->check(CLI::TypeValidator<double>("NUMBER"));
                break;
            case AnalysisOption::Kind::text:
            case AnalysisOption::Kind::flag:
                break;
        }
    }
}

// ---- lists with spaces and negative numbers
// --------------------------------------------------------------------

// "--layers 0 3 -1" becomes "--layers=0,3,-1", and "--layer -1" becomes "--layer=-1": to the parser "-1" is
// an option.
std::vector<std::string> joinNumbers(const std::vector<std::string>& arguments) {
    static const std::regex kNumbers("-?[0-9][0-9,.:-]*");
    static const std::set<std::string> kLists{"--layers", "--heads"};
    std::vector<std::string> joined;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const auto& argument = arguments[i];
        const bool more = i + 1 < arguments.size();
        if (kLists.contains(argument) && more) {
            std::string list;
            while (i + 1 < arguments.size() && std::regex_match(arguments[i + 1], kNumbers))
                list += (list.empty() ? "" : ",") + arguments[++i];
            joined.push_back(list.empty() ? argument : argument + "=" + list);
        } else if (argument.starts_with("--") && argument.find('=') == std::string::npos && more &&
                   arguments[i + 1].starts_with("-") && std::regex_match(arguments[i + 1], kNumbers)) {
            joined.push_back(argument + "=" + arguments[++i]);
        } else {
            joined.push_back(argument);
        }
    }
    return joined;
}

std::size_t editDistance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t above = row[j];
            row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0U : 1U)});
            diagonal = above;
        }
    }
    return row[b.size()];
}

ParsedCommandLine failure(int code, const std::string& message) {
    ParsedCommandLine parsed;
    parsed.exitCode = code;
    parsed.message = "attention-viz: " + harmless(message) + "\n";
    return parsed;
}

std::string sentence(std::string text) {
    while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
    std::replace(text.begin(), text.end(), '\n', ' ');
    if (!text.empty() && text.back() != '.') text += '.';
    return text;
}

}  // namespace

ParsedCommandLine parseCommandLine(std::vector<std::string> arguments) {
    ParsedCommandLine parsed;
    CommandLine& line = parsed.line;
    CLI::App app("See the attention of transformers.", "attention-viz");
    app.set_version_flag("--version", std::string("Attention Viz ") + ATTNVIZ_VERSION);
    app.require_subcommand(0, 1);
    app.footer(
        "Without a command the window opens, with the model, session or text if given.\n"
        "'attention-viz COMMAND --help' tells a command's options.");
    addSourceOptions(&app, line, kRunSource);
    addViewOptions(&app, line, kSingleHeadOptions | kFilterOptions | kDrawOptions);
    addCommonOptions(&app, line);
    app.add_option("--layout", line.layout,
                   "of the window: default, clusters, long, compare, or one that you kept");
    app.add_option("--pane", line.pane, "of the window: open this pane, and bring it to the front");
    app.add_flag("--log", line.logarithmic, "colours of the window on a logarithmic scale");
    app.add_option("path", line.path, "a model folder, a session, or a file of attention to open");
    app.add_option("--screenshot", line.screenshot, "save what the window shows, and end");
    app.add_option_function<std::string>(
           "--size", [&line](const std::string& text) { setWindowSize(line, text); },
           "of the screenshot, in pixels")
        ->type_name("WxH");

    std::vector<std::string> names;
    for (const CommandDescriptor* command : commands()) {
        auto* sub = app.add_subcommand(std::string(command->name), std::string(command->help));
        addSourceOptions(sub, line, command->options);
        addViewOptions(sub, line, command->options);
        addCommonOptions(sub, line);
        sub->callback([&line, command] { line.command = command; });
        names.emplace_back(command->name);
    }
    for (const AnalysisDescriptor* analysis : analyses()) {
        if (std::find(names.begin(), names.end(), analysis->id) != names.end()) {
            addAnalysisOptions(app.get_subcommand(std::string(analysis->id)), line, *analysis,
                               {"layer", "head"});
            continue;
        }
        auto* sub = app.add_subcommand(std::string(analysis->id), std::string(analysis->help));
        constexpr unsigned kGroups =
            kRunSource | kChoiceOptions | kFilterOptions | kFormatOption | kOutputOption | kDrawOptions;
        addSourceOptions(sub, line, kGroups);
        addViewOptions(sub, line, kGroups);
        addCommonOptions(sub, line);
        addAnalysisOptions(sub, line, *analysis, {});
        if (analysis->comparesTwo) addOtherSideOptions(sub, line);
        sub->callback([&line, analysis] { line.analysis = analysis; });
        names.emplace_back(analysis->id);
    }

    arguments = joinNumbers(arguments);
    std::reverse(arguments.begin(), arguments.end());  // CLI11 takes them from the back
    try {
        app.parse(std::move(arguments));
    } catch (const CLI::Success& success) {
        std::ostringstream out, err;
        app.exit(success, out, err);
        parsed.exitCode = 0;
        parsed.message = out.str();
        parsed.toStandardOutput = true;
        return parsed;
    } catch (const CLI::ParseError& error) {
        const auto used = app.get_subcommands();
        const std::string help =
            used.empty() ? "attention-viz --help" : "attention-viz " + used.front()->get_name() + " --help";
        if (dynamic_cast<const CLI::ExtrasError*>(&error)) {
            const auto rest = (used.empty() ? app : *used.front()).remaining();
            const auto option = std::find_if(rest.begin(), rest.end(),
                                             [](const std::string& word) { return word.starts_with('-'); });
            const std::string of = used.empty() ? "" : " of '" + used.front()->get_name() + "'";
            return failure(2, option == rest.end()
                                  ? "'" + (rest.empty() ? std::string() : rest.front()) +
                                        "' is one argument too many. See '" + help + "'."
                                  : "'" + *option + "' is no option" + of + ". See '" + help + "'.");
        }
        const bool unusable = dynamic_cast<const CLI::ConversionError*>(&error) != nullptr;
        return failure(unusable ? 1 : 2, sentence(error.what()) + " See '" + help + "'.");
    }

    std::error_code ignored;
    if (!line.command && !line.analysis && !line.path.empty() &&
        !std::filesystem::exists(line.path, ignored)) {
        // A word that looks like a path is a missing file; any other was meant as a command.
        if (line.path.find('/') != std::string::npos)
            return failure(1, line.path + ": there is no such file or folder.");
        const auto nearest = *std::min_element(names.begin(), names.end(), [&](const auto& a, const auto& b) {
            return editDistance(line.path, a) < editDistance(line.path, b);
        });
        return failure(2, "'" + line.path + "' is neither a command nor a file; did you mean '" + nearest +
                              "'? See 'attention-viz --help'.");
    }
    const bool hasText = line.text || line.textFile || line.tokenIds || !line.session.empty();
    if (((line.command && line.command->textRequired) || line.analysis) && !hasText)
        return failure(2, "a text is missing: give --text, --text-file, --token-ids or --session.");
    if (line.text && line.textFile) return failure(2, "--text and --text-file exclude each other.");
    if (!line.session.empty() && (line.text || line.textFile || line.tokenIds || !line.model.empty()))
        return failure(2, "--session stands instead of --model and --text, not beside them.");
    if (!line.generate && (line.temperature || line.topP || line.sampleTopK || line.seed))
        return failure(2, "--temperature, --top-p, --sample-top-k and --seed go with --generate.");
    if (!line.session.empty() && line.generate)
        return failure(2,
                       "--generate needs a model to write, and a session is none: give --model and --text.");
    if (line.tokenIds && (line.text || line.textFile))
        return failure(2, "--token-ids stands instead of --text, not beside it.");
    if (!line.tokenIds && (line.segmentIds || line.attentionMask || line.targetIds))
        return failure(2, "--segment-ids, --attention-mask and --target-ids go with --token-ids.");
    if (line.analysis && line.analysis->comparesTwo) {
        if (!line.withText && !line.withModel && !line.withSession)
            return failure(2, "the other side is missing: give --with-text, --with-model or --with-session.");
        if (line.withSession && (line.withText || line.withModel))
            return failure(2,
                           "--with-session stands instead of --with-model and --with-text, not beside them.");
        if (!line.session.empty() && line.withText && !line.withModel)
            return failure(
                2, "--with-text needs a model to run it, and a session is none: give --with-model too.");
    }
    if (!line.preset.empty() && line.widthInches)
        return failure(2, "--preset and --figure-size exclude each other.");
    if (line.interactive && line.staticImage)
        return failure(2, "--interactive and --static exclude each other.");
    return parsed;
}

}  // namespace attnviz
