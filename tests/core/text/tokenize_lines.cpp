// Tokenizes a file of lines, for comparisons with the reference (make_tokenizer_goldens.py) and for
// measuring.
//
//     tokenize_lines TOKENIZER LINES OUTPUT [--no-special-tokens]
//     tokenize_lines TOKENIZER TEXT --speed
#include <cstdio>
#include <cstring>
#include <ctime>
#include <fstream>

#include "core/base/mapped_file.h"
#include "core/text/tokenize_document.h"

namespace {

class FileSink final : public attnviz::ByteSink {
 public:
    explicit FileSink(const char* path) : m_file(path, std::ios::binary) {}
    attnviz::Result<void> write(std::string_view bytes) override {
        m_file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
        if (!m_file) return attnviz::ioError("cannot be written");
        return {};
    }

 private:
    std::ofstream m_file;
};

int fail(const attnviz::Error& error) {
    std::fprintf(stderr, "%s\n", error.sentence().c_str());
    return 1;
}

double seconds() {
    return static_cast<double>(std::clock()) /
           CLOCKS_PER_SEC;  // of this process: other programs do not count
}

}  // namespace

int main(int count, char** arguments) {
    if (count < 4) return 2;
    const double start = seconds();
    const auto loaded = attnviz::loadTokenizer(arguments[1]);
    if (!loaded) return fail(loaded.error());
    const auto file = attnviz::MappedFile::open(arguments[2]);
    if (!file) return fail(file.error());
    const std::string_view text(reinterpret_cast<const char*>((*file)->bytes().data()),
                                (*file)->bytes().size());
    const double ready = seconds();
    if (std::strcmp(arguments[3], "--speed") == 0) {
        std::printf("%s, loaded in %.0f ms\n", std::string(loaded->tokenizer->kind()).c_str(),
                    (ready - start) * 1e3);
        for (int round = 0; round < 3; ++round) {
            const double begin = seconds();
            const auto encoded = loaded->tokenizer->encode(text, std::nullopt, {});
            if (!encoded) return fail(encoded.error());
            const double took = seconds() - begin;
            std::printf("%zu bytes, %zu tokens, %.1f MB/s\n", text.size(), encoded->tokens.size(),
                        static_cast<double>(text.size()) / took / 1e6);
        }
        return 0;
    }
    attnviz::TokenizeOptions options;
    options.addSpecialTokens = count < 5;
    FileSink sink(arguments[3]);
    const auto done = attnviz::tokenizeLines(*loaded->tokenizer, "m", text, options, sink, {});
    return done ? 0 : fail(done.error());
}
