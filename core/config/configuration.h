// The YAML configuration, as the predecessor's attention_viz_config.yaml had it, every key with an effect.
//
// Read from --config, else ./attention_viz_config.yaml, else $XDG_CONFIG_HOME/attention-viz/config.yaml;
// command-line flags win. An unknown key, a wrong type or a value out of range is an Error with file, line,
// key and what is allowed.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace attnviz {

struct Configuration {
    struct {
        std::string defaultColormap = "viridis";
        double widthInches = 12, heightInches = 8;
        int dpi = 300;
        bool interactive = true;         // `visualize` writes a page rather than an image
        std::string saveFormat = "png";  // of that image
    } visualization;
    struct {
        std::string defaultFormat = "json";  // of `export` to a name without a suffix
        bool includeMetadata = true;         // JSON carries model, created, generator
        bool compression = false;            // gzip
    } exporting;
    struct {
        std::optional<int> maxLength;  // absent: auto; 0: never truncate
        int batchSize = 1;             // of `batch`
        std::string device = "auto";
        bool cacheAttention = true;  // the window keeps finished runs, so that returning to a text is instant
    } model;
    std::filesystem::path path;  // where it was read from; empty: defaults
};

Result<Configuration> parseConfiguration(std::string_view yaml, const std::filesystem::path& path);

// `given` is --config; empty: the search path, and defaults where it has nothing.
Result<Configuration> loadConfiguration(const std::filesystem::path& given);

}  // namespace attnviz
