// A tokenizer made of parts: added tokens, normalizer, pre-tokenizer, model, post-processor, decoder.
#pragma once

#include "core/text/added_tokens.h"
#include "core/text/decoder.h"
#include "core/text/normalizer.h"
#include "core/text/post_processor.h"
#include "core/text/pre_tokenizer.h"
#include "core/text/token_model.h"
#include "core/text/tokenizer.h"

namespace attnviz {

struct TokenizerParts {
    NormalizerPointer normalizer;      // may be absent
    PreTokenizerPointer preTokenizer;  // may be absent
    TokenModelPointer model;
    PostProcessorPointer postProcessor;  // may be absent
    DecoderPointer decoder;              // may be absent
    AddedTokens added;
    bool addedByName = false;  // an added token's piece is its name, without the spaces that it took in
    std::string before;        // put before a text that is not empty, once it is normalized
    std::string lone;          // a piece that goes where it is the first and a special token follows it
    std::string kind;          // "byte-level BPE"
    std::shared_ptr<const Tokenizer> target;  // of a decoder's text; null: this one
};

std::shared_ptr<const Tokenizer> makePipelineTokenizer(TokenizerParts parts);

}  // namespace attnviz
