// attention-viz tokenize: ids, pieces and byte spans of a text, or of each line of it.
#include "app/command.h"
#include "app/output.h"
#include "app/run_source.h"
#include "core/text/tokenize_document.h"
#include "core/text/tokenizer.h"

namespace attnviz {
namespace {

// Only tokenizer files are needed: a folder without config or weights will do.
Result<LoadedTokenizer> tokenizerOf(CommandContext& context) {
    const CommandLine& line = context.line;
    const std::string& given = !line.tokenizer.empty() ? line.tokenizer : line.model;
    auto files =
        obtainTokenizer(given.empty() ? "sample" : given, obtainListener(context.terminal), context.stop);
    if (!files) return files.error();
    return loadTokenizer(*files);
}

Result<void> runTokenize(CommandContext& context) {
    const CommandLine& line = context.line;
    auto tokenizer = tokenizerOf(context);
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
