#include "core/exporting/colormap.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <memory>
#include <mutex>

#include "core/base/mapped_file.h"
#include "core/base/readable.h"
#include "core/model/model_folder.h"

namespace attnviz {
namespace {

constexpr std::array<std::string_view, 8> kNames{"viridis", "magma", "inferno", "plasma",
                                                 "cividis", "greys", "blues",   "diverging"};

// "68,1,84"
bool parseEntry(std::string_view line, Rgb& entry) {
    const char* at = line.data();
    const char* const end = at + line.size();
    for (std::uint8_t* channel : {&entry.r, &entry.g, &entry.b}) {
        if (channel != &entry.r) {
            if (at == end || *at != ',') return false;
            ++at;
        }
        const auto [next, failure] = std::from_chars(at, end, *channel);
        if (failure != std::errc()) return false;
        at = next;
    }
    return at == end;
}

Result<Colormap> readColormap(std::string_view name) {
    const auto path = resourceFolder() / "colormaps" / (std::string(name) + ".csv");
    const auto file = MappedFile::open(path);
    if (!file) {
        return notFound("the colour map '" + std::string(name) + "' is missing", path.string(),
                        "Install the program's resources again, or point ATTNVIZ_RESOURCES to them.");
    }
    const auto bytes = (*file)->bytes();
    std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    Colormap map;
    map.name = name;
    map.diverging = name == "diverging";
    std::size_t count = 0;
    while (!text.empty()) {
        const auto line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(text.size(), line.size() + 1));
        if (line.empty() || line.front() == '#') continue;
        if (count == map.entries.size() || !parseEntry(line, map.entries[count++])) {
            return badInput(
                "line " + std::to_string(count) + " of the colour map's table is no red,green,blue",
                path.string(), "Install the program's resources again.");
        }
    }
    if (count != map.entries.size()) {
        return badInput("the colour map has " + std::to_string(count) + " entries, expected 256",
                        path.string(), "Install the program's resources again.");
    }
    return map;
}

}  // namespace

std::span<const std::string_view> colormapNames() {
    return kNames;
}

Result<const Colormap*> findColormap(std::string_view name) {
    if (std::find(kNames.begin(), kNames.end(), name) == kNames.end()) {
        std::string allowed;
        for (const auto known : kNames) allowed += (allowed.empty() ? "" : ", ") + std::string(known);
        return badInput("there is no colour map '" + harmless(name) + "'", {}, "Use one of " + allowed + ".");
    }
    static std::mutex mutex;
    static std::map<std::string, std::unique_ptr<const Colormap>, std::less<>> maps;
    const std::lock_guard lock(mutex);
    if (const auto known = maps.find(name); known != maps.end()) return known->second.get();
    auto read = readColormap(name);
    if (!read) return read.error();
    auto kept = std::make_unique<const Colormap>(std::move(*read));
    return maps.emplace(std::string(name), std::move(kept)).first->second.get();
}

}  // namespace attnviz
