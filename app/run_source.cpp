#include "app/run_source.h"

#include <charconv>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iterator>

#include "core/base/mapped_file.h"
#include "core/base/readable.h"
#include "core/model/engine_loader.h"
#include "core/text/tokenizer.h"

namespace attnviz {
namespace {

constexpr std::size_t kTextLimitBytes = std::size_t{256} << 20;

Result<std::string> readStandardInput() {
    std::string text;
    char buffer[1 << 16];
    while (const auto got = std::fread(buffer, 1, sizeof buffer, stdin)) {
        text.append(buffer, got);
        if (text.size() > kTextLimitBytes) return badInput("the text has more than 256 MB", "standard input");
    }
    return text;
}

Result<std::string> readTextFile(const std::string& path) {
    auto file = MappedFile::open(path);
    if (!file) return file.error();
    const auto bytes = (*file)->bytes();
    if (bytes.size() > kTextLimitBytes) return badInput("the text has more than 256 MB", path);
    return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

// A device name of the configuration, which has checked it.
Device deviceNamed(const std::string& name) {
    if (name == "cpu") return {DeviceKind::cpu, 0};
    if (name == "mps") return {DeviceKind::mps, 0};
    if (name == "cuda") return {DeviceKind::cuda, 0};
    if (name.starts_with("cuda:")) return {DeviceKind::cuda, std::stoi(name.substr(5))};
    return {};
}

// --max-length, else the configuration's.
Result<MaxLength> maxLength(const CommandLine& line, const Configuration& configuration) {
    if (line.maxLength) {
        if (*line.maxLength == "auto") return MaxLength{};
        int tokens = 0;
        const char* end = line.maxLength->data() + line.maxLength->size();
        const auto [next, code] = std::from_chars(line.maxLength->data(), end, tokens);
        if (code != std::errc() || next != end || tokens < 0)
            return badInput("'" + *line.maxLength + "' is no length", "--max-length",
                            "It takes auto, 0 (never truncate) or a number of tokens.");
        return MaxLength{false, tokens};
    }
    if (configuration.model.maxLength) return MaxLength{false, *configuration.model.maxLength};
    return MaxLength{};
}

// What is drawn is asked for by any of its options; a temperature of 0 is the likeliest token.
Generation generationOf(const CommandLine& line) {
    Generation generation;
    generation.tokens = line.generate.value_or(0);
    Sampling& sampling = generation.sampling;
    sampling.greedy = (!line.temperature && !line.topP && !line.sampleTopK && !line.seed) ||
                      line.temperature.value_or(1) == 0;
    if (sampling.greedy) return generation;
    sampling.temperature = line.temperature.value_or(1);
    sampling.topP = line.topP.value_or(1);
    sampling.topK = line.sampleTopK.value_or(0);
    sampling.seed = line.seed.value_or(0);
    return generation;
}

Result<RunSettings> settingsWithText(const CommandLine& line, const Configuration& configuration) {
    auto settings = runSettings(line, configuration);
    if (!settings || settings->input.ids) return settings;
    auto text = readText(line);
    if (!text) return text.error();
    settings->input.text = std::move(*text);
    return settings;
}

}  // namespace

ObtainListener obtainListener(Terminal& terminal) {
    return {terminal.progressSink(), [&terminal](const std::string& text) { terminal.notice(text); }};
}

Result<std::string> readText(const CommandLine& line) {
    std::string text, where;
    const bool fromInput = (line.text && *line.text == "-") || (line.textFile && *line.textFile == "-");
    if (fromInput || line.textFile) {
        where = fromInput ? "standard input" : *line.textFile;
        auto read = fromInput ? readStandardInput() : readTextFile(*line.textFile);
        if (!read) return read.error();
        text = std::move(*read);
        if (!line.lines && text.ends_with('\n')) text.pop_back();
    } else {
        where = "--text";
        text = line.text.value_or("");
    }
    if (!isValidUtf8(text)) return badInput("the text is no valid UTF-8", where, "Convert it to UTF-8.");
    if (text.empty() && !line.lines) return badInput("the text is empty", where, "Give at least one word.");
    return text;
}

Result<RunSettings> runSettings(const CommandLine& line, const Configuration& configuration) {
    RunSettings settings;
    settings.device = line.deviceGiven ? line.device : deviceNamed(configuration.model.device);
    settings.dtype = line.dtype;
    settings.threads = line.threads;
    settings.options.storage = line.storage;
    settings.options.precision = line.precision;
    settings.keepRuns = configuration.model.cacheAttention;
    TextInput& input = settings.input;
    auto length = maxLength(line, configuration);
    if (!length) return length.error();
    input.maxLength = *length;
    input.addSpecialTokens = !line.noSpecialTokens;
    input.generation = generationOf(line);
    if (line.tokenIds) {
        ModelInput ids;
        ids.ids = *line.tokenIds;
        ids.segmentIds = line.segmentIds.value_or(std::vector<std::int64_t>{});
        ids.attentionMask = line.attentionMask.value_or(std::vector<std::int64_t>{});
        ids.targetIds = line.targetIds.value_or(std::vector<std::int64_t>{});
        input.ids = std::move(ids);
        return settings;
    }
    input.pair = line.textPair;
    input.target = line.target;
    for (const auto& [option, side] :
         {std::pair{"--text-pair", input.pair}, std::pair{"--target", input.target}})
        if (side && !isValidUtf8(*side))
            return badInput("the text is no valid UTF-8", option, "Convert it to UTF-8.");
    return settings;
}

namespace {

// What runs texts: a model with its tokenizer, named as the line does.
struct LoadedModel {
    std::string name, tokenizerName;
    std::shared_ptr<Model> model;
    LoadedTokenizer tokenizer;
};

Result<LoadedModel> loadModel(CommandContext& context, const CommandLine& line, const RunSettings& settings) {
    Terminal& terminal = context.terminal;
    const auto listener = obtainListener(terminal);
    auto folder = obtainModel(line.model.empty() ? "sample" : line.model,
                              !line.tokenIds && line.tokenizer.empty(), listener, context.stop);
    if (!folder) return folder.error();
    LoadedModel loaded{line.model, line.tokenizer, {}, {}};
    auto files = line.tokenizer.empty() ? Result<std::filesystem::path>(folder->folder)
                                        : obtainTokenizer(line.tokenizer, listener, context.stop);
    if (!files) return files.error();
    auto tokenizer = loadTokenizer(*files);
    if (tokenizer)
        loaded.tokenizer = std::move(*tokenizer);
    else if (!line.tokenIds || !line.tokenizer.empty())  // ids are named where the folder can name them
        return tokenizer.error();
    for (const auto& notice : loaded.tokenizer.notices) terminal.notice(notice);

    auto engine = loadEngine();
    if (!engine) return engine.error();
    LoadRequest request;
    request.folder = *folder;
    request.device = settings.device;
    request.dtype = settings.dtype;
    request.threads = settings.threads;
    request.allowCode = line.allowCode;
    auto model = (*engine)->load(request, terminal.progressSink(), context.stop);
    if (!model) return model.error();
    loaded.model = std::move(*model);
    return loaded;
}

Result<Session> openedSession(CommandContext& context, const std::string& path) {
    auto session = openSession(path, context.terminal.progressSink(), context.stop);
    if (!session) return session.error();
    for (const auto& notice : session->run->notices) context.terminal.notice(notice);
    return session;
}

// `loaded` is used where it is what the line names, and holds what was loaded afterwards.
Result<Session> runSession(CommandContext& context, const CommandLine& line, const RunWishes& wishes,
                           std::optional<LoadedModel>& loaded) {
    Terminal& terminal = context.terminal;
    const auto settings = settingsWithText(line, context.configuration);
    if (!settings) return settings.error();
    const auto start = std::chrono::steady_clock::now();
    if (!loaded || loaded->name != line.model || loaded->tokenizerName != line.tokenizer) {
        loaded.reset();  // first: two models may not fit into memory
        auto fresh = loadModel(context, line, *settings);
        if (!fresh) return fresh.error();
        loaded = std::move(*fresh);
    }
    RunOptions options = settings->options;
    options.allLogits = wishes.allLogits;
    options.hiddenStates = wishes.hiddenStates;
    options.predictAt = wishes.predictAt;
    options.predictions = wishes.predictions;
    const RunListener listener{terminal.progressSink(), {}, {}};
    auto run = runText(*loaded->model, loaded->tokenizer.tokenizer.get(), settings->input, options, listener,
                       context.stop);
    if (!run) return run.error();
    for (const auto& notice : (*run)->notices) terminal.notice(notice);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    const AttentionInfo& info = (*run)->main().info();
    terminal.detail(std::to_string(info.layers) + " layers x " + std::to_string(info.heads) + " heads, " +
                    std::to_string(info.queries) + " tokens, kept as " + info.storage + " (" +
                    readableBytes(info.keptBytes) + "), " + std::to_string(took.count()).substr(0, 5) + " s");
    Session session;
    session.run = std::move(*run);
    return session;
}

// The line of the other side. The first side's text is taken from its run: standard input is read once.
CommandLine otherSide(const CommandLine& line, const AttentionRun& left) {
    CommandLine other = line;
    other.session.clear();
    if (line.withModel) {
        other.model = *line.withModel;
        other.tokenizer.clear();  // it was the first model's
    }
    if (!line.withText && line.tokenIds) return other;
    other.tokenIds.reset();
    other.textFile.reset();
    const auto& texts = left.input.texts;
    other.text = line.withText ? *line.withText : texts.empty() ? std::string() : texts.front();
    if (line.withText) return other;
    // The model's own words are not given: the other model writes its own.
    const std::string given = left.givenText(left.input);
    other.textPair = texts.size() > 1 ? std::optional(given) : std::nullopt;
    if (texts.size() == 1) other.text = given;
    return other;
}

}  // namespace

Result<Session> obtainSession(CommandContext& context, const RunWishes& wishes) {
    if (!context.line.session.empty()) return openedSession(context, context.line.session);
    std::optional<LoadedModel> loaded;
    return runSession(context, context.line, wishes, loaded);
}

Result<ComparedSessions> obtainBothSides(CommandContext& context, const RunWishes& wishes) {
    const CommandLine& line = context.line;
    std::optional<LoadedModel> loaded;
    auto left = line.session.empty() ? runSession(context, line, wishes, loaded)
                                     : openedSession(context, line.session);
    if (!left) return left.error();
    if (!line.session.empty() && line.withModel && !line.withText && left->run->text().empty())
        return badInput("the session keeps no text that another model could run", line.session,
                        "Give --with-text too.");
    auto right = line.withSession ? openedSession(context, *line.withSession)
                                  : runSession(context, otherSide(line, *left->run), wishes, loaded);
    if (!right) return right.error();
    return ComparedSessions{std::move(*left), std::move(*right)};
}

}  // namespace attnviz
