// tokenizer.json and SentencePiece files, which then cut a few hard texts.
#include "core/text/tokenizer_source.h"
#include "tests/fuzz/fuzz_file.h"

using namespace attnviz;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const test::FuzzFile file(data, size);
    const bool json = size > 0 && (data[0] == '{' || data[0] == ' ' || data[0] == '\n');
    const auto loaded =
        json ? kTokenizerJsonSource.load(file.path()) : kSentencePieceSource.load(file.path());
    if (!loaded) return 0;
    for (const char* text :
         {"", "The quick brown fox\t\xEF\xAC\x81  1984!", "\xE2\x98\x83\xF0\x9F\x98\x80 e\xCC\x81",
          "<s>[CLS]\xE2\x96\x81\xE2\x96\x81 x</s>"}) {
        const auto tokens = loaded->tokenizer->encode(text, std::string_view("b c"), {});
        if (!tokens) continue;
        std::vector<std::int64_t> ids;
        for (const Token& token : tokens->tokens) {
            if (token.begin > token.end) std::abort();
            ids.push_back(token.id);
            (void)loaded->tokenizer->labelOf(token.id);
        }
        (void)loaded->tokenizer->decode(ids);
    }
    return 0;
}
