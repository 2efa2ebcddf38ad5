#include "app/run_source.h"

#include <charconv>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iterator>

#include "core/base/mapped_file.h"
#include "core/base/readable.h"
#include "core/model/engine_loader.h"
#include "core/model/model_folder.h"
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

Result<TextInput> textInput(const CommandContext& context) {
    const CommandLine& line = context.line;
    TextInput input;
    auto length = maxLength(line, context.configuration);
    if (!length) return length.error();
    input.maxLength = *length;
    input.addSpecialTokens = !line.noSpecialTokens;
    if (line.tokenIds) {
        ModelInput ids;
        ids.ids = *line.tokenIds;
        ids.segmentIds = line.segmentIds.value_or(std::vector<std::int64_t>{});
        ids.attentionMask = line.attentionMask.value_or(std::vector<std::int64_t>{});
        ids.targetIds = line.targetIds.value_or(std::vector<std::int64_t>{});
        input.ids = std::move(ids);
        return input;
    }
    auto text = readText(line);
    if (!text) return text.error();
    input.text = std::move(*text);
    input.pair = line.textPair;
    input.target = line.target;
    for (const auto& [option, side] :
         {std::pair{"--text-pair", input.pair}, std::pair{"--target", input.target}})
        if (side && !isValidUtf8(*side))
            return badInput("the text is no valid UTF-8", option, "Convert it to UTF-8.");
    return input;
}

}  // namespace

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

Result<Session> obtainSession(CommandContext& context, const RunWishes& wishes) {
    const CommandLine& line = context.line;
    Terminal& terminal = context.terminal;
    if (!line.session.empty()) {
        auto session = openSession(line.session, terminal.progressSink(), context.stop);
        if (!session) return session.error();
        for (const auto& notice : session->run->notices) terminal.notice(notice);
        return session;
    }

    auto folder = findModelFolder(line.model.empty() ? "sample" : line.model);
    if (!folder) return folder.error();
    auto input = textInput(context);
    if (!input) return input.error();
    LoadedTokenizer tokenizer;
    if (!input->ids || !line.tokenizer.empty()) {
        auto loaded =
            loadTokenizer(line.tokenizer.empty() ? folder->folder : std::filesystem::path(line.tokenizer));
        if (!loaded) return loaded.error();
        tokenizer = std::move(*loaded);
    } else if (auto loaded = loadTokenizer(folder->folder); loaded) {
        tokenizer = std::move(*loaded);  // ids are named where the folder can name them
    }
    for (const auto& notice : tokenizer.notices) terminal.notice(notice);

    auto engine = loadEngine();
    if (!engine) return engine.error();
    const auto start = std::chrono::steady_clock::now();
    LoadRequest request;
    request.folder = *folder;
    request.device = line.deviceGiven ? line.device : deviceNamed(context.configuration.model.device);
    request.dtype = line.dtype;
    request.threads = line.threads;
    auto model = (*engine)->load(request, terminal.progressSink(), context.stop);
    if (!model) return model.error();

    RunOptions options;
    options.storage = line.storage;
    options.precision = line.precision;
    options.allLogits = wishes.allLogits;
    options.hiddenStates = wishes.hiddenStates;
    options.predictAt = wishes.predictAt;
    RunListener listener{terminal.progressSink(), {}};
    auto run = runText(**model, tokenizer.tokenizer.get(), *input, options, listener, context.stop);
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

}  // namespace attnviz
