#include "core/base/index_list.h"

#include <algorithm>
#include <regex>
#include <sstream>

namespace attnviz {

Result<std::vector<int>> parseIndices(std::string_view list, int count, std::string_view what,
                                      const std::string& given) {
    static const std::regex kItem("(-?[0-9]{1,9})(?:(?:-|–)(-?[0-9]{1,9}))?");
    std::vector<int> indices;
    const auto allowed = "It has " + std::to_string(count) + " " + std::string(what) + "s: 0 to " +
                         std::to_string(count - 1) + ", or -" + std::to_string(count) +
                         " to -1 from the end.";
    const auto resolve = [count](long index) { return index < 0 ? index + count : index; };
    const std::string option = given.empty() ? "--" + std::string(what) + "s" : given;
    std::string item;
    std::istringstream words{[&] {
        std::string spaced(list);
        std::replace(spaced.begin(), spaced.end(), ',', ' ');
        return spaced;
    }()};
    while (words >> item) {
        std::smatch match;
        if (!std::regex_match(item, match, kItem))
            return badInput("'" + item + "' is no index or range", option, "Write 0,3,6-8. " + allowed);
        const long first = resolve(std::stol(match[1]));
        const long last = match[2].matched ? resolve(std::stol(match[2])) : first;
        if (first < 0 || last < 0 || first >= count || last >= count)
            return badInput(std::string(what) + " " + item + " is out of range", option, allowed);
        for (long index = first; first <= last ? index <= last : index >= last;
             index += first <= last ? 1 : -1)
            if (std::find(indices.begin(), indices.end(), static_cast<int>(index)) == indices.end())
                indices.push_back(static_cast<int>(index));
    }
    if (indices.empty()) return badInput("the list is empty", option, allowed);
    return indices;
}

std::string indicesText(std::span<const int> indices) {
    std::string text;
    for (std::size_t first = 0; first < indices.size();) {
        std::size_t last = first;
        while (last + 1 < indices.size() && indices[last + 1] == indices[last] + 1) ++last;
        if (!text.empty()) text += ',';
        text += std::to_string(indices[first]);
        if (last > first) text += (last > first + 1 ? "–" : ",") + std::to_string(indices[last]);
        first = last + 1;
    }
    return text;
}

}  // namespace attnviz
