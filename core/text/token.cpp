#include "core/text/token.h"

namespace attnviz {

TokenizedText numberedTokens(const std::vector<std::int64_t>& ids,
                             const std::vector<std::int64_t>& segmentIds) {
    TokenizedText text;
    text.texts = {""};
    for (std::size_t index = 0; index < ids.size(); ++index) {
        Token token;
        token.id = ids[index];
        token.text = token.piece = "#" + std::to_string(ids[index]);
        if (index < segmentIds.size()) token.segment = static_cast<int>(segmentIds[index]);
        text.tokens.push_back(std::move(token));
    }
    return text;
}

}  // namespace attnviz
