// attention-viz tokenize: ids, pieces and byte spans of a text, or of each line of it.
#include "app/command.h"
#include "app/output.h"
#include "app/run_source.h"
#include "core/model/hub/hub_cache.h"
#include "core/model/hub/hub_settings.h"
#include "core/model/model_folder.h"
#include "core/text/tokenize_document.h"
#include "core/text/tokenizer.h"

namespace attnviz {
namespace {

// Only tokenizer files are needed: a folder without config or weights will do.
Result<LoadedTokenizer> tokenizerOf(const CommandLine& line) {
    if (!line.tokenizer.empty()) return loadTokenizer(line.tokenizer);
    if (line.model.empty() || line.model == "sample") {
        auto folder = findModelFolder("sample");
        if (!folder) return folder.error();
        return loadTokenizer(folder->folder);
    }
    std::error_code ignored;
    if (const auto name = parseHubName(line.model); name && !std::filesystem::exists(line.model, ignored))
        if (const auto snapshot = findSnapshot(hubSettings().cache, *name))
            return loadTokenizer(snapshot->folder);
    return loadTokenizer(line.model);
}

Result<void> runTokenize(CommandContext& context) {
    const CommandLine& line = context.line;
    auto tokenizer = tokenizerOf(line);
    if (!tokenizer) return tokenizer.error();
    for (const auto& notice : tokenizer->notices) context.terminal.notice(notice);
    auto text = readText(line);
    if (!text) return text.error();
    TokenizeOptions options;
    options.addSpecialTokens = !line.noSpecialTokens;

    if (line.lines)
        return writeOutput(line.output, [&](ByteSink& sink) {
            return tokenizeLines(*tokenizer->tokenizer, line.model, *text, options, sink, context.stop);
        });
    std::optional<std::string_view> pair;
    if (line.textPair) pair = *line.textPair;
    auto tokenized = tokenizer->tokenizer->encode(*text, pair, options);
    if (!tokenized) return tokenized.error();
    if (line.format == "json")
        return writeOutput(line.output, tokenizeDocument(line.model, *tokenized) + "\n");

    Table table{"tokens", {"index", "id", "token", "piece", "begin", "end", "special", "segment"}, {}};
    for (std::size_t index = 0; index < tokenized->tokens.size(); ++index) {
        const Token& token = tokenized->tokens[index];
        table.rows.push_back({static_cast<long>(index), static_cast<long>(token.id), token.text, token.piece,
                              static_cast<long>(token.begin), static_cast<long>(token.end), token.special,
                              token.segment});
    }
    return writeOutput(line.output, line.format == "csv" ? tableCsv(table) : tableText(table));
}

}  // namespace

extern const CommandDescriptor kTokenizeCommand{
    .name = "tokenize",
    .help = "Ids, pieces and byte spans of a text",
    .options = kModelOptions | kTextOptions | kFormatOption | kLinesOption | kOutputOption,
    .textRequired = true,
    .run = &runTokenize};

}  // namespace attnviz
