// Arguments to options: pure, no file is read and nothing is printed here.
//
// One table of commands (commands.cpp) gives the parser, the help and the dispatch; analyses bring their own
// options. Exit codes: 2 for an unknown command, option or choice and for a missing argument; 1 for an
// unusable value.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/analysis/analysis.h"
#include "core/base/index_list.h"
#include "core/base/result.h"
#include "core/model/engine.h"

namespace attnviz {

struct CommandDescriptor;

// Which options a command takes; each group is declared once, in command_line.cpp.
enum OptionGroup : unsigned {
    kModelOptions = 1U << 0U,    // --model --tokenizer --allow-code
    kTextOptions = 1U << 1U,     // --text --text-file --text-pair --target --no-special-tokens
    kSessionOptions = 1U << 2U,  // --session
    kIdOptions = 1U << 3U,       // --token-ids --segment-ids --attention-mask --target-ids
    kRunOptions = 1U << 4U,      // --device --dtype --threads --max-length --storage --precision
    kChoiceOptions = 1U << 5U,   // --layers --heads --combine
    kFilterOptions =
        1U << 6U,              // --hide-special --hide-sinks --renormalize --words --threshold --top-k --mass
    kDrawOptions = 1U << 7U,   // --colormap --dpi --figure-size --theme --title
    kFormatOption = 1U << 8U,  // --format text|json|csv
    kOutputOption = 1U << 9U,  // --output
    kIncludeOption = 1U << 10U,       // --include
    kSingleHeadOptions = 1U << 11U,   // --layer --head
    kPageOrImageOptions = 1U << 12U,  // --interactive --static
    kLinesOption = 1U << 13U,         // --lines
    kWriteOptions = 1U << 14U,        // --generate --temperature --top-p --sample-top-k --seed
    kRunSource = kModelOptions | kTextOptions | kSessionOptions | kIdOptions | kRunOptions | kWriteOptions,
};

struct CommandLine {
    const CommandDescriptor* command = nullptr;  // null pointer: the window
    const AnalysisDescriptor* analysis = nullptr;
    AnalysisOptions analysisOptions;

    std::string model, tokenizer, session;
    std::optional<std::string> text, textFile, textPair, target;
    bool noSpecialTokens = false, lines = false;
    std::optional<std::vector<std::int64_t>> tokenIds, segmentIds, attentionMask, targetIds;

    std::optional<int> generate, sampleTopK;
    std::optional<double> temperature, topP;
    std::optional<std::uint64_t> seed;

    Device device;
    bool deviceGiven = false;
    ComputeType dtype = ComputeType::automatic;
    StorageForm storage = StorageForm::automatic;
    Precision precision = Precision::float32;
    int threads = 0;
    bool allowCode = false;
    std::optional<std::string> maxLength;  // "auto", or a number

    std::optional<std::string> withText, withModel, withSession;  // the other side of a comparison

    std::string layers, heads;  // lists as typed, "0,3,6-8"; checked against the model by parseIndices
    std::optional<int> layer, head;
    std::string combine;
    bool hideSpecial = false, hideSinks = false, renormalize = false, words = false;
    std::optional<double> threshold, mass;
    std::optional<int> topK;

    std::optional<std::string> colormap, theme, title;
    std::optional<int> dpi;
    std::optional<double> widthInches, heightInches;
    std::string preset;  // a width by name, figure_presets.h
    std::string format, output, include;
    bool interactive = false, staticImage = false;

    std::string config;
    bool quiet = false, verbose = false;

    std::string path;          // of the window: a model folder, session or text given as the first word
    std::string layout, pane;  // of the window, by id; a kept layout by its name
    bool logarithmic = false;  // its colours
    std::string screenshot;
    int width = 1600, height = 1000;
};

struct ParsedCommandLine {
    CommandLine line;
    std::optional<int> exitCode;  // set: print `message` and end
    std::string message;
    bool toStandardOutput = false;  // help and version
};

// `arguments` without the program's name.
ParsedCommandLine parseCommandLine(std::vector<std::string> arguments);

}  // namespace attnviz
