// The table of tokenizer files, and the search for one.
#include <algorithm>
#include <array>

#include "core/text/tokenizer_source.h"

namespace attnviz {
namespace {

const std::array kSources{&kTokenizerJsonSource, &kMarianSource, &kSentencePieceSource,
                          &kVocabularyAndMergesSource, &kVocabularyTextSource};

// Calls `each(name)` for the names of a source, until it returns true.
template <class Each>
bool anyName(const TokenizerSource& source, Each&& each) {
    for (std::string_view rest = source.fileNames; !rest.empty();) {
        const std::size_t end = std::min(rest.find(' '), rest.size());
        if (each(rest.substr(0, end))) return true;
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return false;
}

bool matches(std::string_view pattern, std::string_view name) {
    return pattern.starts_with('*') ? name.ends_with(pattern.substr(1)) : name == pattern;
}

// The file of a folder that a source reads; empty if there is none.
std::filesystem::path fileOf(const TokenizerSource& source, const std::filesystem::path& folder) {
    std::error_code failure;
    std::filesystem::path found;
    anyName(source, [&](std::string_view pattern) {
        if (!pattern.starts_with('*')) {
            if (std::filesystem::exists(folder / pattern, failure)) found = folder / pattern;
            return !found.empty();
        }
        for (const auto& entry : std::filesystem::directory_iterator(folder, failure))
            if (matches(pattern, entry.path().filename().string()) && (found.empty() || entry.path() < found))
                found = entry.path();
        return !found.empty();
    });
    return found;
}

}  // namespace

std::span<const TokenizerSource* const> tokenizerSources() {
    return kSources;
}

Result<LoadedTokenizer> loadTokenizer(const std::filesystem::path& path) {
    std::error_code failure;
    if (std::filesystem::is_directory(path, failure)) {
        std::string names;
        for (const TokenizerSource* source : kSources) {
            if (const auto file = fileOf(*source, path); !file.empty()) return source->load(file);
            anyName(*source, [&](std::string_view pattern) {
                names += (names.empty() ? "" : ", ") + std::string(pattern);
                return false;
            });
        }
        return notFound("the folder has no tokenizer", path.string(), "It needs one of " + names + ".");
    }
    if (!std::filesystem::exists(path, failure))
        return notFound("there is no such file or folder", path.string());
    const std::string name = path.filename().string();
    for (const TokenizerSource* source : kSources)
        if (anyName(*source, [&](std::string_view pattern) { return matches(pattern, name); }))
            return source->load(path);
    if (name == "merges.txt") return kVocabularyAndMergesSource.load(path.parent_path() / "vocab.json");
    if (name == "target.spm") return kMarianSource.load(path.parent_path() / "source.spm");
    if (path.extension() == ".json") return kTokenizerJsonSource.load(path);
    if (path.extension() == ".txt") return kVocabularyTextSource.load(path);
    if (path.extension() == ".model") return kSentencePieceSource.load(path);
    return unsupported("this is no tokenizer file that is known", path.string(),
                       "Known are tokenizer.json, SentencePiece models (*.model), vocab.json with "
                       "merges.txt, and vocab.txt.");
}

}  // namespace attnviz
