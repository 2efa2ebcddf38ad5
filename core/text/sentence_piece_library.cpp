// Reaches the library's models through a module that is loaded when a file needs it, and seen by nobody else:
// libsentencepiece exports a copy of protobuf of its own, and where core linked it, LibTorch's protobuf would
// call into that copy and end the program.
#include <dlfcn.h>

#include <filesystem>

#include "core/base/readable.h"
#include "core/text/sentence_piece_model.h"

namespace attnviz {
namespace {

using Entry = void (*)(std::unique_ptr<const SentencePieceFile>&, SentencePieceIds&,
                       Result<TokenModelPointer>&);

// Beside core's own library, as the module of LibTorch is.
std::filesystem::path modulePath() {
    Dl_info info{};
    ::dladdr(reinterpret_cast<const void*>(&makeSentencePieceLibraryModel), &info);
    std::error_code ignored;
    const auto core = std::filesystem::canonical(info.dli_fname ? info.dli_fname : "", ignored);
    return core.parent_path() / "attention-viz/libattnviz-sentencepiece.so";
}

Result<Entry> loadEntry() {
    const auto path = modulePath();
    void* module = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!module) {
        const char* reason = ::dlerror();
        return unsupported(std::string("the SentencePiece module cannot be loaded: ") +
                               harmless(reason ? reason : "no reason given"),
                           path.string(),
                           "A tokenizer.json needs none; install the program with all its parts.");
    }
    const auto entry = reinterpret_cast<Entry>(::dlsym(module, "attnviz_sentence_piece_model"));
    if (!entry)
        return unsupported("this is no module of Attention Viz", path.string(), "Install the program anew.");
    return entry;
}

}  // namespace

// The module takes both over.
// NOLINTBEGIN(performance-unnecessary-value-param)
Result<TokenModelPointer> makeSentencePieceLibraryModel(std::unique_ptr<const SentencePieceFile> file,
                                                        SentencePieceIds ids) {
    static const Result<Entry> kEntry = loadEntry();  // it stays loaded: models hold code of it
    if (!kEntry) return kEntry.error();
    Result<TokenModelPointer> model{TokenModelPointer()};
    (*kEntry)(file, ids, model);
    return model;
}
// NOLINTEND(performance-unnecessary-value-param)

}  // namespace attnviz
