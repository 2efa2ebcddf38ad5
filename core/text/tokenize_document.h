// The JSON of the `tokenize` command: one document for a text or a pair, or one a line of a file.
//
// Keys: model_name, text, tokens, input_ids, pieces, spans, special; a pair also has text_pair and segments
// (spans count in their own segment's text).
#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "core/base/byte_sink.h"
#include "core/text/tokenizer.h"

namespace attnviz {

// One line, without a line end.
std::string tokenizeDocument(std::string_view modelName, const TokenizedText& text);

// Every line of `lines` as a document on a line of its own. Lines end at LF only and nothing is stripped; a
// tab separates the two texts of a pair. An error names its line.
Result<void> tokenizeLines(const Tokenizer& tokenizer, std::string_view modelName, std::string_view lines,
                           const TokenizeOptions& options, ByteSink& sink, std::stop_token stop);

}  // namespace attnviz
