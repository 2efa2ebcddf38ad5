// Tokens out of bare labels, as other programs write them: pieces of the text, or a vocabulary's own
// spelling.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/text/token.h"

namespace attnviz {

// Finds the labels in `text` one after another and gives them their place; where there is no text, or labels
// are not found in it, the text is put together from them. Known are GPT's "Ġ", SentencePiece's "▁" and
// WordPiece's "##". Names such as [CLS] and </s> become special tokens. Ids are positions in the list.
TokenizedText tokensFromLabels(const std::vector<std::string>& labels,
                               const std::optional<std::string>& text);

}  // namespace attnviz
