// Rotary positions (Su et al. 2021): pairs of a head's features turn by position times frequency.
//
// Frequencies as published configs have them: plain, or scaled for longer texts (linear, dynamic, llama3,
// yarn, longrope, proportional); from `rope_scaling` beside `rope_theta`, or from today's `rope_parameters`.
// Angles are computed in float32 as the reference does, so that long texts agree too.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "core/torch/config_reader.h"

namespace attnviz {

// How a family uses rotary positions, and where its config.json says so.
struct RotaryForm {
    std::int64_t headSize = 0;
    // Features 2i and 2i + 1 turn together; else i and i + half of what turns.
    bool interleaved = false;
    // The share of the head that turns, where config.json gives none; it is read only if `readsShare`.
    double share = 1;
    bool readsShare = false;
    std::string_view thetaKey = "rope_theta", shareKey = "partial_rotary_factor";
    // What a text may have at most before scaling begins; some configs say it at the top, with a default.
    std::int64_t configuredLength = 0;
    std::optional<std::int64_t> originalLength;
    bool yarnIsLongrope = false;  // an older name of the same
};

class Rotary {
 public:
    Rotary() = default;
    // Unscaled; `turning` features of `headSize`.
    Rotary(std::int64_t headSize, std::int64_t turning, double theta, bool interleaved = false);
    // Reads what `config` says; an error is left in it.
    static Rotary read(ConfigReader& config, const RotaryForm& form);
    // The same of one parameter object, for configs that have several.
    static Rotary read(ConfigReader& config, const RotaryForm& form, const JsonValue& parameters);

    // x (n, heads, size), rows may be strided -> (n, heads * size). Row i is at position first + i, and is
    // followed by none: the text has first + n tokens.
    at::Tensor operator()(const at::Tensor& x, std::int64_t first = 0) const;
    // Whether a text of `before` tokens and one of `after` turn by the same frequencies.
    bool sameFor(std::int64_t before, std::int64_t after) const;

    // The length that yarn was made for, where it is more than config.json's own.
    std::int64_t reach() const { return m_reach; }

 private:
    // Of the first features, for a text of n tokens: float32 (turning / 2).
    std::function<at::Tensor(std::int64_t n)> m_frequencies;
    std::int64_t m_headSize = 0, m_reach = 0;
    double m_magnitude = 1;  // of cosine and sine
    bool m_interleaved = false;

    struct Angles {
        std::int64_t first = 0, count = -1;
        at::Tensor cosines, sines;  // (n, 1, turning / 2)
    };
    mutable Angles m_angles;  // of the last rows; a network is one thread's
};

}  // namespace attnviz
