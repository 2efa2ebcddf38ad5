#include "core/model/script_file.h"

#include <algorithm>
#include <string>

#include "core/base/mapped_file.h"
#include "core/model/zip_layout.h"

namespace attnviz {

namespace fs = std::filesystem;

bool hasScriptSuffix(const fs::path& path) {
    const auto suffix = path.extension();
    return suffix == ".pt" || suffix == ".pth" || suffix == ".torchscript";
}

bool isScriptFile(const fs::path& path) {
    std::error_code failure;
    if (!hasScriptSuffix(path) || !fs::is_regular_file(path, failure)) return false;
    const auto file = MappedFile::open(path);
    if (!file) return false;
    const auto entries = readZipLayout(**file, path.string());
    if (!entries) return false;
    // Everything lies below one folder, whose name is the archive's.
    bool code = false, constants = false;
    for (const auto& entry : *entries) {
        const auto slash = entry.name.find('/');
        if (slash == std::string::npos) continue;
        const std::string_view inside = std::string_view(entry.name).substr(slash + 1);
        code = code || inside.starts_with("code/");
        constants = constants || inside == "constants.pkl";
    }
    return code && constants;
}

std::vector<fs::path> scriptFilesIn(const fs::path& folder) {
    constexpr int kMostEntries = 10'000;
    std::vector<fs::path> scripts;
    std::error_code failure;
    int seen = 0;
    for (fs::directory_iterator at(folder, failure), end; !failure && at != end && seen < kMostEntries;
         at.increment(failure), ++seen)
        if (isScriptFile(at->path())) scripts.push_back(at->path());
    std::sort(scripts.begin(), scripts.end());
    return scripts;
}

Error codeNotAllowed(const fs::path& script) {
    return unsupported("this is a TorchScript module: code, which could do anything that you can",
                       script.string(), "If you trust where it comes from, allow it with --allow-code.");
}

}  // namespace attnviz
