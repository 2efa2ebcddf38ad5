#include "tests/guards/source_text.h"

#include <algorithm>
#include <fstream>
#include <regex>

#include "tests/support/shared_data.h"

namespace attnviz::test {

std::vector<std::filesystem::path> sources(const std::string& folder) {
    std::vector<std::filesystem::path> files;
    const auto root = sourceDir();
    if (!std::filesystem::exists(root / folder)) return files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root / folder)) {
        const auto suffix = entry.path().extension();
        if (entry.is_regular_file() && (suffix == ".h" || suffix == ".cpp"))
            files.push_back(entry.path().lexically_relative(root));
    }
    std::sort(files.begin(), files.end());
    return files;
}

void eachLine(const std::filesystem::path& file, const std::function<void(const SourceLine&)>& visit) {
    std::ifstream stream(sourceDir() / file);
    int number = 0;
    for (std::string text; std::getline(stream, text);) visit({file, ++number, text});
}

std::vector<SourceLine> includes(const std::filesystem::path& file) {
    static const std::regex kInclude(R"re(^\s*#\s*include\s*[<"]([^>"]+)[>"])re");
    std::vector<SourceLine> found;
    eachLine(file, [&](const SourceLine& line) {
        std::smatch match;
        if (std::regex_search(line.text, match, kInclude))
            found.push_back({line.file, line.number, match[1]});
    });
    return found;
}

std::string at(const SourceLine& line) {
    return line.file.generic_string() + ":" + std::to_string(line.number);
}

}  // namespace attnviz::test
