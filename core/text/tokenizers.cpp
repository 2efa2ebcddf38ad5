// The table of tokenizer files, and the search for one.
#include <array>

#include "core/text/tokenizer_source.h"

namespace attnviz {
namespace {

const std::array kSources{&kTokenizerJsonSource, &kVocabularyAndMergesSource, &kVocabularyTextSource};

}  // namespace

std::span<const TokenizerSource* const> tokenizerSources() {
    return kSources;
}

Result<LoadedTokenizer> loadTokenizer(const std::filesystem::path& path) {
    std::error_code failure;
    if (std::filesystem::is_directory(path, failure)) {
        std::string names;
        for (const TokenizerSource* source : kSources) {
            if (std::filesystem::exists(path / source->fileName, failure))
                return source->load(path / source->fileName);
            names += (names.empty() ? "" : ", ") + std::string(source->fileName);
        }
        return notFound("the folder has no tokenizer", path.string(), "It needs one of " + names + ".");
    }
    if (!std::filesystem::exists(path, failure))
        return notFound("there is no such file or folder", path.string());
    const std::string name = path.filename().string();
    for (const TokenizerSource* source : kSources)
        if (name == source->fileName) return source->load(path);
    if (name == "merges.txt") return loadTokenizer(path.parent_path() / kVocabularyAndMergesSource.fileName);
    if (path.extension() == ".json") return kTokenizerJsonSource.load(path);
    if (path.extension() == ".txt") return kVocabularyTextSource.load(path);
    return unsupported("this is no tokenizer file that is known", path.string(),
                       "Known are tokenizer.json, vocab.json with merges.txt, and vocab.txt.");
}

}  // namespace attnviz
