// The text of the sources, for the guards: files of a folder, their lines, their includes.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace attnviz::test {

struct SourceLine {
    std::filesystem::path file;  // relative to the root of the repository
    int number;
    std::string text;
};

// Headers and sources below `folder`, relative to the root, sorted. Empty where the folder is absent.
std::vector<std::filesystem::path> sources(const std::string& folder);
void eachLine(const std::filesystem::path& file, const std::function<void(const SourceLine&)>& visit);
std::vector<SourceLine> includes(const std::filesystem::path& file);  // `text` is the included name
std::string at(const SourceLine& line);                               // "core/base/half.h:12"

}  // namespace attnviz::test
