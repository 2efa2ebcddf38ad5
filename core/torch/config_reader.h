// The keys of config.json as a family asks for them, one after the other; the first thing that was wrong is
// kept, as WeightReader does for tensors, so that a family checks once.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/model_config.h"

namespace attnviz {

// The most heads, and the largest head, that a config.json may ask for.
inline constexpr std::int64_t kMostHeads = 65536;
// The greatest length that it may speak of.
inline constexpr std::int64_t kLongestText = std::int64_t{1} << 30;

class ConfigReader {
 public:
    explicit ConfigReader(const ModelConfig& config) : m_config(config) {}

    // As ModelConfig's. What is returned after an error is of the right kind and means nothing.
    std::int64_t size(std::initializer_list<std::string_view> aliases, std::int64_t limit = 1 << 24);
    std::int64_t sizeOr(std::initializer_list<std::string_view> aliases, std::int64_t fallback,
                        std::int64_t limit = 1 << 24);
    double number(std::string_view key, double fallback);
    bool flag(std::string_view key, bool fallback);
    std::string text(std::string_view key, std::string fallback);
    // For keys that mean something else when they are there and null than when they are absent.
    bool isNull(std::string_view key) const;

    std::int64_t layers(std::initializer_list<std::string_view> aliases) { return size(aliases, 4096); }
    std::int64_t heads(std::initializer_list<std::string_view> aliases) { return size(aliases, kMostHeads); }
    // width / heads, an error where it does not divide.
    std::int64_t headSize(std::int64_t width, std::int64_t heads);
    // Windows by layer from `layer_types`: `window` where a layer is "sliding_attention", 0 where it is
    // "full_attention". Empty where the key is absent.
    std::vector<std::int64_t> layerWindows(std::int64_t layers, std::int64_t window);

    void fail(Error error) {
        if (!m_error) m_error = std::move(error);
    }
    // "`what`", in config.json.
    void fail(const std::string& what) { fail(badInput(what, m_config.path().string())); }
    void failAt(std::string_view key, std::string_view what);  // "'key' what"
    // Refuses what a flag asks for: "`what` cannot be run".
    void refuse(bool asked, const std::string& what, std::string hint = {});
    // Keeps the error of a result, and returns its value or a default one.
    template <class T>
    T take(Result<T> result) {
        if (result) return std::move(*result);
        fail(result.error());
        return T{};
    }

    const ModelConfig& config() const { return m_config; }
    const std::optional<Error>& error() const { return m_error; }

 private:
    const ModelConfig& m_config;
    std::optional<Error> m_error;
};

// Whether the checkpoint's class has a head for the next token: where it has one, the head must be there.
bool promisesHead(const ModelConfig& config);

}  // namespace attnviz
