#include <algorithm>

#include "core/base/mapped_file.h"
#include "core/base/system_memory.h"
#include "core/session/gzip.h"
#include "core/session/session.h"
#include "core/session/session_forms.h"

namespace attnviz {
namespace {

// What is no session, but is often taken for one, gets a sentence of its own.
Error unknownContent(std::string_view bytes, const std::string& where) {
    if (bytes.empty()) return badInput("the file is empty", where);
    if (bytes.starts_with("version https://git-lfs"))
        return badInput("this is a Git LFS pointer, not the file itself", where,
                        "Fetch it with 'git lfs pull'.");
    if (bytes.starts_with("\x80"))
        return unsupported("this is a Python pickle, which can run code, and is not opened", where,
                           "Save the attention with numpy.savez or as JSON instead.");
    return unsupported("this is no session and nothing that can be opened as one", where,
                       "JSON, NumPy (.npz, .npy) and .safetensors files with attention weights can.");
}

bool looksLikeJson(std::string_view bytes) {
    if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);
    const auto first = bytes.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos || (bytes[first] != '{' && bytes[first] != '[')) return false;
    // A safetensors file may begin with a length whose first byte is '{' or '['; zero bytes follow.
    return bytes.substr(first, 8).find('\0') == std::string_view::npos;
}

Result<Session> openBytes(const std::filesystem::path& path, std::string_view bytes,
                          const ProgressSink& progress, std::stop_token stop) {
    OpenedFile file{path, bytes, std::nullopt, progress, stop};
    if (looksLikeJson(bytes)) {
        auto outline = outlineJson(bytes, path.string(), progress, stop);
        if (!outline) return outline.error();
        file.json = std::move(*outline);
    }
    for (const SessionForm* form : sessionForms())
        if (form->claims(file)) return form->read(file);
    if (file.json)
        return unsupported(
            "this JSON holds no attention that is known", path.string(),
            "Wanted: \"attention_weights\" (or attention, attentions, attn) and \"tokens\", or a bare nested "
            "list of numbers.");
    return unknownContent(bytes, path.string());
}

}  // namespace

Result<Session> openSession(const std::filesystem::path& path, const ProgressSink& progress,
                            std::stop_token stop) {
    auto mapped = MappedFile::open(path);
    if (!mapped) return mapped.error();
    const auto raw = (*mapped)->bytes();
    const std::string_view bytes(reinterpret_cast<const char*>(raw.data()), raw.size());
    if (!isGzip(bytes)) return openBytes(path, bytes, progress, std::move(stop));
    auto text = inflateGzip(bytes, availableMemoryBytes() / 5 * 4, path.string(), stop);
    if (!text) return text.error();
    return openBytes(path, *text, progress, std::move(stop));
}

}  // namespace attnviz
