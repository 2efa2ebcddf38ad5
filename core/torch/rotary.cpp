#include "core/torch/rotary.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace attnviz {
namespace {

constexpr double kPi = 3.14159265358979323846;

// What scalings are made from.
struct Settings {
    double theta = 10000;
    std::int64_t turning = 0;   // features, even or rounded up to even
    std::int64_t length = 0;    // max_position_embeddings
    std::int64_t original = 0;  // what it was before scaling
    const JsonValue* values = nullptr;
};

struct Scaled {
    std::function<at::Tensor(std::int64_t)> frequencies;
    double magnitude = 1;
    std::int64_t reach = 0;
};

// 0, 2 / d, 4 / d, ... float32
at::Tensor exponents(std::int64_t turning) {
    return at::arange(0, turning, 2, at::kFloat) / static_cast<double>(turning);
}

at::Tensor plainFrequencies(double theta, std::int64_t turning) {
    return at::reciprocal(at::pow(at::Scalar(theta), exponents(turning)));
}

std::function<at::Tensor(std::int64_t)> always(at::Tensor frequencies) {
    return [frequencies = std::move(frequencies)](std::int64_t) { return frequencies; };
}

double numberOf(ConfigReader& config, const JsonValue& values, std::string_view key,
                std::optional<double> fallback) {
    const JsonValue& value = values[key];
    if (value.isNull() && fallback) return *fallback;
    const double number = value.numberOr(0);
    if (!value.isNumber() || !std::isfinite(number)) config.failAt(key, "of the rotary scaling is no number");
    return number;
}

double positive(ConfigReader& config, const JsonValue& values, std::string_view key,
                std::optional<double> fallback = {}) {
    const double number = numberOf(config, values, key, fallback);
    if (!(number > 0)) config.failAt(key, "of the rotary scaling must be above 0");
    return number > 0 ? number : 1;
}

// `factor`, or where it is absent what the lengths say.
double stretch(ConfigReader& config, const Settings& settings) {
    return positive(config, *settings.values, "factor",
                    static_cast<double>(settings.length) / static_cast<double>(settings.original));
}

Scaled plain(ConfigReader&, const Settings& settings) {
    return {always(plainFrequencies(settings.theta, settings.turning))};
}

// Positions divided by the factor (Chen et al. 2023).
Scaled linear(ConfigReader& config, const Settings& settings) {
    const double factor = positive(config, *settings.values, "factor");
    return {always(plainFrequencies(settings.theta, settings.turning) / factor)};
}

// The base grows with the text once it passes the configured length ("NTK aware").
Scaled dynamic(ConfigReader& config, const Settings& settings) {
    const double factor = positive(config, *settings.values, "factor");
    config.refuse(settings.turning <= 2, "dynamic rotary scaling of two features");
    const auto theta = settings.theta;
    const auto turning = settings.turning, length = settings.length;
    return {[=](std::int64_t count) {
        const double ratio = static_cast<double>(std::max(count, length)) / static_cast<double>(length);
        const double grown = std::pow(factor * ratio - (factor - 1),
                                      static_cast<double>(turning) / static_cast<double>(turning - 2));
        return plainFrequencies(theta * grown, turning);
    }};
}

// Long waves are divided by the factor, short ones kept, those between blended (Llama 3.1).
Scaled llama3(ConfigReader& config, const Settings& settings) {
    const double factor = positive(config, *settings.values, "factor");
    const double low = positive(config, *settings.values, "low_freq_factor");
    const double high = positive(config, *settings.values, "high_freq_factor");
    const auto original = static_cast<double>(settings.original);
    const at::Tensor kept = plainFrequencies(settings.theta, settings.turning);
    const at::Tensor waves = at::reciprocal(kept) * (2 * kPi);
    const at::Tensor isLong = waves > original / low;
    const at::Tensor divided = at::where(isLong, kept / factor, kept);
    const at::Tensor share = (at::reciprocal(waves) * original - low) / (high - low);
    const at::Tensor blended = (1 - share) * divided / factor + share * divided;
    const at::Tensor between = (waves < original / high).logical_not().logical_and(isLong.logical_not());
    return {always(at::where(between, blended, divided))};
}

double mscale(double factor, double weight) {
    return factor <= 1 ? 1.0 : 0.1 * weight * std::log(factor) + 1.0;
}

// Few turns are interpolated, many kept, a ramp between; logits grow with the factor (Peng et al. 2023).
Scaled yarn(ConfigReader& config, const Settings& settings) {
    const JsonValue& values = *settings.values;
    const double factor = stretch(config, settings);
    const double weight = numberOf(config, values, "mscale", 0.0);
    const double weightAll = numberOf(config, values, "mscale_all_dim", 0.0);
    double magnitude = weight != 0 && weightAll != 0 ? mscale(factor, weight) / mscale(factor, weightAll)
                                                     : mscale(factor, 1);
    magnitude = numberOf(config, values, "attention_factor", magnitude);
    double fast = numberOf(config, values, "beta_fast", 0.0);
    double slow = numberOf(config, values, "beta_slow", 0.0);
    if (fast == 0) fast = 32;  // absent and zero are the same to the reference
    if (slow == 0) slow = 1;
    if (settings.theta <= 1) config.failAt("rope_theta", "must be above 1 for yarn");
    const auto turning = static_cast<double>(settings.turning);
    // The feature that turns so many times over the original length.
    const auto featureOf = [&](double turns) {
        return turning * std::log(static_cast<double>(settings.original) / (turns * 2 * kPi)) /
               (2 * std::log(settings.theta));
    };
    double first = featureOf(fast), last = featureOf(slow);
    if (values["truncate"].boolOr(true)) {
        first = std::floor(first);
        last = std::ceil(last);
    }
    first = std::max(first, 0.0);
    last = std::min(last, turning - 1);
    if (first == last) last += 0.001;
    const at::Tensor kept = at::pow(at::Scalar(settings.theta), exponents(settings.turning));
    const at::Tensor ramp = ((at::arange(0, kept.size(0), at::kFloat) - first) / (last - first)).clamp(0, 1);
    const at::Tensor share = 1 - ramp;  // of what is kept
    const at::Tensor mixed = at::reciprocal(kept * factor) * (1 - share) + at::reciprocal(kept) * share;
    return {always(mixed), magnitude,
            static_cast<std::int64_t>(std::min(factor * static_cast<double>(settings.original),
                                               static_cast<double>(kLongestText)))};
}

at::Tensor factorsOf(ConfigReader& config, const Settings& settings, std::string_view key) {
    const auto& items = (*settings.values)[key].items();
    std::vector<float> factors;
    for (const auto& item : items) factors.push_back(static_cast<float>(item.numberOr(0)));
    const auto wanted = static_cast<std::size_t>((settings.turning + 1) / 2);
    if (factors.size() != wanted || std::any_of(factors.begin(), factors.end(), [](float factor) {
            return !(factor > 0) || !std::isfinite(factor);
        })) {
        config.failAt(key, "of the rotary scaling holds " + std::to_string(factors.size()) +
                               " values, expected " + std::to_string(wanted) + " positive ones");
        factors.assign(wanted, 1.0F);
    }
    return at::tensor(factors, at::kFloat);
}

// A factor for each frequency, one list for short texts and one for long ones (Ding et al. 2024).
Scaled longrope(ConfigReader& config, const Settings& settings) {
    const at::Tensor brief = factorsOf(config, settings, "short_factor");
    const at::Tensor lengthy = factorsOf(config, settings, "long_factor");
    const double factor = stretch(config, settings);
    const double magnitude = numberOf(
        config, *settings.values, "attention_factor",
        factor <= 1 ? 1.0
                    : std::sqrt(1 + std::log(factor) / std::log(static_cast<double>(settings.original))));
    const at::Tensor kept = at::pow(at::Scalar(settings.theta), exponents(settings.turning));
    const at::Tensor near = at::reciprocal(brief * kept), far = at::reciprocal(lengthy * kept);
    const auto original = settings.original;
    return {[=](std::int64_t count) { return count > original ? far : near; }, magnitude};
}

struct Scaling {
    std::string_view name;
    Scaled (*make)(ConfigReader&, const Settings&);
};
constexpr std::array kScalings{Scaling{"default", &plain},   Scaling{"linear", &linear},
                               Scaling{"dynamic", &dynamic}, Scaling{"llama3", &llama3},
                               Scaling{"yarn", &yarn},       Scaling{"longrope", &longrope},
                               Scaling{"su", &longrope}};

}  // namespace

Rotary::Rotary(std::int64_t headSize, std::int64_t turning, double theta, bool interleaved)
    : m_frequencies(always(plainFrequencies(theta, turning))),
      m_headSize(headSize),
      m_interleaved(interleaved) {}

Rotary Rotary::read(ConfigReader& config, const RotaryForm& form) {
    const JsonValue& json = config.config().json();
    const bool published = !json["rope_scaling"].members().empty();
    const JsonValue& parameters = json[published ? "rope_scaling" : "rope_parameters"];
    config.refuse(!parameters["full_attention"].isNull() || !parameters["sliding_attention"].isNull(),
                  "rotary parameters by layer type");
    return read(config, form, parameters);
}

Rotary Rotary::read(ConfigReader& config, const RotaryForm& form, const JsonValue& parameters) {
    Settings settings;
    settings.values = &parameters;
    settings.theta = positive(config, parameters, "rope_theta", config.number(form.thetaKey, 10000));
    double share = form.share;
    if (form.readsShare)
        share = numberOf(config, parameters, "partial_rotary_factor", config.number(form.shareKey, share));
    const auto features = static_cast<std::int64_t>(static_cast<double>(form.headSize) * share);
    if (!(share > 0 && share <= 1) || features < 1) {
        config.failAt(form.shareKey, "must lie above 0, and be 1 at most");
        return {};
    }
    settings.turning = features;
    config.refuse((features + 1) / 2 * 2 > form.headSize,
                  "rotary positions of " + std::to_string(features) + " features, which is odd,");
    settings.length = form.configuredLength;
    settings.original = form.originalLength
                            ? *form.originalLength
                            : parameters["original_max_position_embeddings"].integerOr(form.configuredLength);
    settings.original = config.sizeOr({"original_max_position_embeddings"}, settings.original, kLongestText);
    if (settings.original < 2 || settings.length < 1) {
        config.failAt("original_max_position_embeddings", "is too small");
        return {};
    }
    const JsonValue& named = parameters[parameters["rope_type"].isNull() ? "type" : "rope_type"];
    std::string kind = named.isNull() ? "default" : named.string();
    if (kind == "yarn" && form.yarnIsLongrope) kind = "longrope";
    const auto* scaling = std::find_if(kScalings.begin(), kScalings.end(),
                                       [&](const Scaling& known) { return known.name == kind; });
    if (scaling == kScalings.end()) {
        config.refuse(true, "rotary scaling of type '" + kind + "'",
                      "Known are default, linear, dynamic, llama3, yarn and longrope.");
        return {};
    }
    if (config.error()) return {};
    Scaled scaled = scaling->make(config, settings);
    if (config.error()) return {};
    Rotary rotary;
    rotary.m_frequencies = std::move(scaled.frequencies);
    rotary.m_magnitude = scaled.magnitude;
    rotary.m_reach = scaled.reach;
    rotary.m_headSize = form.headSize;
    rotary.m_interleaved = form.interleaved;
    return rotary;
}

bool Rotary::sameFor(std::int64_t before, std::int64_t after) const {
    return !m_frequencies || at::equal(m_frequencies(before), m_frequencies(after));
}

at::Tensor Rotary::operator()(const at::Tensor& x, std::int64_t first) const {
    const auto count = x.size(0);
    if (m_angles.first != first || m_angles.count != count || m_angles.cosines.device() != x.device() ||
        m_angles.cosines.scalar_type() != x.scalar_type()) {
        const at::Tensor positions = at::arange(first, first + count, at::kFloat).unsqueeze(1);
        const at::Tensor angles = positions * m_frequencies(first + count);
        m_angles.first = first;
        m_angles.count = count;
        m_angles.cosines = (angles.cos() * m_magnitude).unsqueeze(1).to(x.device(), x.scalar_type());
        m_angles.sines = (angles.sin() * m_magnitude).unsqueeze(1).to(x.device(), x.scalar_type());
    }
    const auto half = m_angles.cosines.size(2);
    at::Tensor turned = at::empty({count, x.size(1), m_headSize}, x.options());
    const auto part = [&](const at::Tensor& whole, int which) {
        return m_interleaved ? whole.slice(2, which, 2 * half, 2) : whole.narrow(2, which * half, half);
    };
    const at::Tensor left = part(x, 0), right = part(x, 1);
    part(turned, 0).copy_((left * m_angles.cosines).addcmul_(right, m_angles.sines, -1));
    part(turned, 1).copy_((right * m_angles.cosines).addcmul_(left, m_angles.sines));
    const auto rest = m_headSize - 2 * half;
    if (rest > 0) turned.narrow(2, 2 * half, rest).copy_(x.narrow(2, 2 * half, rest));
    return turned.view({count, -1});
}

}  // namespace attnviz
