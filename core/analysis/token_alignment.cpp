#include "core/analysis/token_alignment.h"

#include <map>

#include "core/base/readable.h"
#include "core/base/system_memory.h"

namespace attnviz {
namespace {

// Texts as numbers: compared a million times.
std::vector<int> numbered(std::span<const std::string> texts, std::map<std::string_view, int>& numbers) {
    std::vector<int> result;
    result.reserve(texts.size());
    for (const auto& text : texts)
        result.push_back(numbers.emplace(text, static_cast<int>(numbers.size())).first->second);
    return result;
}

}  // namespace

Result<std::vector<TokenPair>> alignTokens(std::span<const std::string> left,
                                           std::span<const std::string> right, std::stop_token stop) {
    std::map<std::string_view, int> numbers;
    const auto a = numbered(left, numbers), b = numbered(right, numbers);
    std::vector<TokenPair> pairs;
    std::size_t begin = 0;
    for (; begin < std::min(a.size(), b.size()) && a[begin] == b[begin]; ++begin)
        pairs.push_back({static_cast<int>(begin), static_cast<int>(begin)});
    const std::size_t rows = a.size() - begin, columns = b.size() - begin;
    if (rows == 0 || columns == 0) return pairs;

    const auto bytes = static_cast<std::int64_t>(rows * (columns / 8 + 1));
    if (bytes > availableMemoryBytes() * 8 / 10)
        return outOfMemory("aligning texts of " + std::to_string(a.size()) + " and " +
                               std::to_string(b.size()) + " tokens takes " + readableBytes(bytes),
                           {}, "Compare shorter texts");
    // Lengths of the longest common subsequences of what follows, from the end; of each cell only whether the
    // right token can be left out without loss is kept.
    std::vector<int> below(columns + 1, 0), here(columns + 1, 0);
    std::vector<std::vector<bool>> skipRight(rows, std::vector<bool>(columns));
    for (std::size_t i = rows; i-- > 0;) {
        if (stop.stop_requested()) return cancelled();
        for (std::size_t j = columns; j-- > 0;) {
            here[j] = a[begin + i] == b[begin + j] ? below[j + 1] + 1 : std::max(below[j], here[j + 1]);
            skipRight[i][j] = here[j] == here[j + 1];
        }
        below.swap(here);
    }
    // A left token is matched if that can be had without loss, with the first right one; else it is left out.
    for (std::size_t i = 0, j = 0; i < rows && j < columns; ++i) {
        std::size_t match = j;
        while (match < columns && a[begin + i] != b[begin + match] && skipRight[i][match]) ++match;
        if (match == columns || a[begin + i] != b[begin + match]) continue;
        pairs.push_back({static_cast<int>(begin + i), static_cast<int>(begin + match)});
        j = match + 1;
    }
    return pairs;
}

std::vector<TokenPair> jointAxis(const std::vector<TokenPair>& pairs, int leftCount, int rightCount) {
    std::vector<TokenPair> axis;
    int left = 0, right = 0;
    const auto fill = [&](int leftEnd, int rightEnd) {
        while (left < leftEnd) axis.push_back({left++, -1});
        while (right < rightEnd) axis.push_back({-1, right++});
    };
    for (const auto& pair : pairs) {
        fill(pair.left, pair.right);
        axis.push_back({left++, right++});
    }
    fill(leftCount, rightCount);
    return axis;
}

}  // namespace attnviz
