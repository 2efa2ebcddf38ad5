#include "core/config/configuration.h"

#include <yaml-cpp/yaml.h>

#include <cmath>
#include <cstdlib>
#include <functional>
#include <map>
#include <set>
#include <type_traits>
#include <vector>

#include "core/base/mapped_file.h"
#include "core/base/readable.h"

namespace attnviz {
namespace {

constexpr std::size_t kLimitBytes = 1 << 20;

// Sets one key of the configuration from a node, or says what is allowed.
struct Key {
    std::string allowed;
    std::function<bool(const YAML::Node&, Configuration&)> set;
};
using Section = std::map<std::string, Key, std::less<>>;

// A quoted scalar is a text, whatever it spells.
template <class T>
std::optional<T> scalar(const YAML::Node& node) {
    T value{};
    if (!std::is_same_v<T, std::string> && node.Tag() == "!") return std::nullopt;
    if (!node.IsScalar() || !YAML::convert<T>::decode(node, value)) return std::nullopt;
    return value;
}

template <class Field>
Key flag(Field field) {
    return {"true or false", [field](const YAML::Node& node, Configuration& configuration) {
                const auto value = scalar<bool>(node);
                if (value) field(configuration) = *value;
                return value.has_value();
            }};
}

template <class Field>
Key choice(std::vector<std::string> choices, Field field) {
    std::string allowed;
    for (const auto& name : choices) allowed += (allowed.empty() ? "one of " : ", ") + name;
    return {allowed,
            [choices = std::move(choices), field](const YAML::Node& node, Configuration& configuration) {
                const auto value = scalar<std::string>(node);
                if (!value) return false;
                for (const auto& name : choices) {
                    if (name != *value) continue;
                    field(configuration) = name;
                    return true;
                }
                return false;
            }};
}

template <class Field>
Key wholeNumber(int least, int most, Field field) {
    return {"a whole number from " + std::to_string(least) + " to " + std::to_string(most),
            [least, most, field](const YAML::Node& node, Configuration& configuration) {
                const auto value = scalar<int>(node);
                if (!value || *value < least || *value > most) return false;
                field(configuration) = *value;
                return true;
            }};
}

bool setFigureSize(const YAML::Node& node, Configuration& configuration) {
    if (!node.IsSequence() || node.size() != 2) return false;
    const auto width = scalar<double>(node[0]);
    const auto height = scalar<double>(node[1]);
    const auto fits = [](const auto& inches) { return inches && *inches >= 0.5 && *inches <= 200; };
    if (!fits(width) || !fits(height)) return false;
    configuration.visualization.widthInches = *width;
    configuration.visualization.heightInches = *height;
    return true;
}

bool setMaxLength(const YAML::Node& node, Configuration& configuration) {
    const auto text = scalar<std::string>(node);
    if (text && *text == "auto") {
        configuration.model.maxLength.reset();
        return true;
    }
    const auto value = scalar<int>(node);
    if (!value || *value < 0) return false;
    configuration.model.maxLength = *value;
    return true;
}

bool setDevice(const YAML::Node& node, Configuration& configuration) {
    const auto text = scalar<std::string>(node);
    if (!text) return false;
    const bool numbered = text->starts_with("cuda:") && text->size() > 5 && text->size() < 9 &&
                          text->find_first_not_of("0123456789", 5) == std::string::npos;
    if (*text != "auto" && *text != "cpu" && *text != "cuda" && *text != "mps" && !numbered) return false;
    configuration.model.device = *text;
    return true;
}

const std::map<std::string, Section, std::less<>>& schema() {
    static const std::map<std::string, Section, std::less<>> kSchema{
        {"visualization",
         {{"default_colormap",
           choice({"viridis", "magma", "inferno", "plasma", "cividis", "greys", "blues"},
                  [](Configuration& c) -> std::string& { return c.visualization.defaultColormap; })},
          {"figure_size", {"[width, height] in inches, each from 0.5 to 200", &setFigureSize}},
          {"dpi", wholeNumber(20, 2400, [](Configuration& c) -> int& { return c.visualization.dpi; })},
          {"interactive", flag([](Configuration& c) -> bool& { return c.visualization.interactive; })},
          {"save_format",
           choice({"png", "svg", "pdf"},
                  [](Configuration& c) -> std::string& { return c.visualization.saveFormat; })}}},
        {"export",
         {{"default_format",
           choice({"json", "npz", "csv", "html", "png", "svg", "pdf", "md"},
                  [](Configuration& c) -> std::string& { return c.exporting.defaultFormat; })},
          {"include_metadata", flag([](Configuration& c) -> bool& { return c.exporting.includeMetadata; })},
          {"compression", flag([](Configuration& c) -> bool& { return c.exporting.compression; })}}},
        {"model",
         {{"max_length", {"auto, 0 (never truncate) or a number of tokens", &setMaxLength}},
          {"batch_size", wholeNumber(1, 4096, [](Configuration& c) -> int& { return c.model.batchSize; })},
          {"device", {"one of auto, cpu, cuda, cuda:N, mps", &setDevice}},
          {"cache_attention", flag([](Configuration& c) -> bool& { return c.model.cacheAttention; })}}}};
    return kSchema;
}

template <class Map>
std::string namesOf(const Map& map) {
    std::string names;
    for (const auto& [name, value] : map) names += (names.empty() ? "" : ", ") + name;
    return names;
}

std::string place(const std::filesystem::path& path, const YAML::Mark& mark) {
    std::string where = path.string();
    if (!mark.is_null()) where += ", line " + std::to_string(mark.line + 1);
    return where;
}

Result<void> readSection(const std::string& sectionName, const Section& section, const YAML::Node& node,
                         const std::filesystem::path& path, Configuration& configuration) {
    if (node.IsNull()) return {};
    if (!node.IsMap())
        return badInput("'" + sectionName + "' must hold keys", place(path, node.Mark()),
                        "Known keys: " + namesOf(section) + ".");
    std::set<std::string> seen;
    for (const auto& entry : node) {
        const auto name = scalar<std::string>(entry.first).value_or("");
        const auto found = section.find(name);
        if (found == section.end())
            return badInput("unknown key '" + sectionName + "." + name + "'", place(path, entry.first.Mark()),
                            "Known keys: " + namesOf(section) + ".");
        if (!seen.insert(name).second)
            return badInput("the key '" + sectionName + "." + name + "' appears twice",
                            place(path, entry.first.Mark()));
        if (!found->second.set(entry.second, configuration))
            return badInput("'" + sectionName + "." + name + "' has an unusable value",
                            place(path, entry.second.Mark()), "It takes " + found->second.allowed + ".");
    }
    return {};
}

}  // namespace

Result<Configuration> parseConfiguration(std::string_view yaml, const std::filesystem::path& path) {
    if (yaml.size() > kLimitBytes) return badInput("a configuration has at most 1 MB", path.string());
    if (!isValidUtf8(yaml)) return badInput("the file is no valid UTF-8", path.string(), "Save it as UTF-8.");
    Configuration configuration;
    configuration.path = path;
    try {
        const YAML::Node root = YAML::Load(std::string(yaml));
        if (!root || root.IsNull()) return configuration;
        if (!root.IsMap())
            return badInput("a configuration holds sections", place(path, root.Mark()),
                            "Known sections: " + namesOf(schema()) + ".");
        std::set<std::string> seen;
        for (const auto& entry : root) {
            const auto name = scalar<std::string>(entry.first).value_or("");
            const auto section = schema().find(name);
            if (section == schema().end())
                return badInput("unknown section '" + name + "'", place(path, entry.first.Mark()),
                                "Known sections: " + namesOf(schema()) + ".");
            if (!seen.insert(name).second)
                return badInput("the section '" + name + "' appears twice", place(path, entry.first.Mark()));
            if (auto read = readSection(name, section->second, entry.second, path, configuration); !read)
                return read.error();
        }
    } catch (const YAML::Exception& exception) {
        return badInput("no valid YAML: " + exception.msg, place(path, exception.mark));
    }
    return configuration;
}

Result<Configuration> loadConfiguration(const std::filesystem::path& given) {
    std::filesystem::path path = given;
    if (path.empty()) {
        std::vector<std::filesystem::path> candidates{"attention_viz_config.yaml"};
        const char* configHome = std::getenv("XDG_CONFIG_HOME");
        const char* home = std::getenv("HOME");
        // A relative XDG path is invalid by the specification.
        if (configHome && configHome[0] == '/')
            candidates.emplace_back(std::filesystem::path(configHome) / "attention-viz/config.yaml");
        else if (home && home[0] == '/')
            candidates.emplace_back(std::filesystem::path(home) / ".config/attention-viz/config.yaml");
        std::error_code ignored;
        for (const auto& candidate : candidates) {
            if (!std::filesystem::exists(candidate, ignored)) continue;
            path = candidate;
            break;
        }
        if (path.empty()) return Configuration{};
    }
    auto file = MappedFile::open(path);
    if (!file) return file.error();
    const auto bytes = (*file)->bytes();
    return parseConfiguration({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, path);
}

}  // namespace attnviz
