// Puts special tokens around the tokens of a text or a pair, and trims spans.
//
// Each kind is a file of its own with one row in the table of post_processors.cpp. Immutable, thread-safe.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "core/text/part_fields.h"
#include "core/text/token.h"

namespace attnviz {

// The tokens of one text, or special tokens by themselves. In the end all are joined in order.
struct TokenRun {
    std::vector<Token> tokens;
    std::string_view text;  // what spans count in
};

struct PostProcessing {
    bool addSpecialTokens = true;
};

class PostProcessor {
 public:
    virtual ~PostProcessor() = default;
    // Begins with one run a text (one, or two of a pair).
    virtual Result<void> apply(std::vector<TokenRun>& runs, const PostProcessing& options) const = 0;
};

using PostProcessorPointer = std::shared_ptr<const PostProcessor>;

struct PostProcessorKind {
    std::string_view type;
    std::string_view otherName;
    Result<PostProcessorPointer> (*make)(const JsonValue& spec, const PartPlace& place);
};

extern const PostProcessorKind kSequencePostProcessor, kTemplatePostProcessor, kBertPostProcessor,
    kRobertaPostProcessor, kByteLevelPostProcessor;

std::span<const PostProcessorKind* const> postProcessors();
Result<PostProcessorPointer> makePostProcessor(const JsonValue& spec, const PartPlace& place);

// A special token that stands for nothing in the text.
Token specialToken(std::string piece, std::int64_t id, int segment);

// Takes the white space at the ends of pieces out of their spans, as RoBERTa wants it; a single space that
// begins a text stays where the pre-tokenizer may have put it there.
void trimSpans(TokenRun& run, bool addPrefixSpace);

}  // namespace attnviz
