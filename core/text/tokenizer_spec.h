// What a tokenizer is to be made of, as tokenizer.json states it; family files are brought into the same
// form.
#pragma once

#include "core/text/added_tokens.h"
#include "core/text/token_model.h"
#include "core/text/tokenizer.h"

namespace attnviz {

struct TokenizerSpec {
    JsonValue normalizer, preTokenizer, postProcessor, decoder;  // null: absent
    std::vector<AddedToken> added;
    bool addedByName = false;  // see TokenizerParts
    std::string before, lone;  // see TokenizerParts
    ModelSpec model;
    TokenModelPointer ready;                  // a model that is made already; `model` is then not looked at
    std::shared_ptr<const Tokenizer> target;  // of a decoder's text, where that has its own
};

Result<LoadedTokenizer> buildTokenizer(TokenizerSpec spec, const std::string& source,
                                       std::vector<std::string> notices);

}  // namespace attnviz
