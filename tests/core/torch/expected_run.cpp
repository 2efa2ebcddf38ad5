#include "tests/core/torch/expected_run.h"

#include <cmath>
#include <cstring>

namespace attnviz::test {
namespace {

std::vector<std::int64_t> integersOf(const TensorView* tensor) {
    std::vector<std::int64_t> values;
    if (!tensor) return values;
    values.resize(static_cast<std::size_t>(tensor->elements()));
    std::memcpy(values.data(), tensor->bytes.data(), tensor->bytes.size());
    return values;
}

std::string compare(const std::string& name, const std::vector<float>& expected,
                    const std::vector<float>& found, double tolerance) {
    if (expected.size() != found.size())
        return name + ": " + std::to_string(found.size()) + " values, expected " +
               std::to_string(expected.size());
    double worst = 0;
    for (std::size_t i = 0; i < expected.size(); ++i) {
        const double difference = std::fabs(static_cast<double>(expected[i]) - static_cast<double>(found[i]));
        if (!(difference <= worst)) worst = difference;  // NaN counts
    }
    if (worst <= tolerance) return {};
    return name + " differs by " + std::to_string(worst) + ", allowed " + std::to_string(tolerance);
}

}  // namespace

std::vector<float> floatsOf(const TensorView& tensor) {
    std::vector<float> values(static_cast<std::size_t>(tensor.elements()));
    std::memcpy(values.data(), tensor.bytes.data(), tensor.bytes.size());
    return values;
}

std::vector<ExpectedRun> expectedRuns(const Checkpoint& expected) {
    std::vector<ExpectedRun> runs;
    for (int index = 0;; ++index) {
        ExpectedRun run;
        run.prefix = std::to_string(index) + ".";
        const auto* ids = expected.find(run.prefix + "input_ids");
        if (!ids) return runs;
        run.input.ids = integersOf(ids);
        run.input.segmentIds = integersOf(expected.find(run.prefix + "token_type_ids"));
        run.input.attentionMask = integersOf(expected.find(run.prefix + "attention_mask"));
        run.input.targetIds = integersOf(expected.find(run.prefix + "decoder_input_ids"));
        runs.push_back(std::move(run));
    }
}

std::string firstDifference(const Checkpoint& expected, const ExpectedRun& run, const ModelOutput& output) {
    for (const auto& source : output.sources) {
        const AttentionInfo& info = source->info();
        std::string kind;
        if (output.sources.size() > 1) kind = std::string(attentionKindName(info.kind)) + "_";
        for (int layer = 0; layer < info.layers; ++layer) {
            const std::string name = run.prefix + kind + "attentions." + std::to_string(layer);
            const auto* tensor = expected.find(name);
            if (!tensor) return name + " is expected nowhere: too many layers";
            std::vector<float> found(static_cast<std::size_t>(info.heads) *
                                     static_cast<std::size_t>(info.queries) *
                                     static_cast<std::size_t>(info.keys));
            for (int head = 0; head < info.heads; ++head)
                for (int query = 0; query < info.queries; ++query)
                    source->row({layer, head}, query,
                                std::span(found).subspan(
                                    (static_cast<std::size_t>(head) * static_cast<std::size_t>(info.queries) +
                                     static_cast<std::size_t>(query)) *
                                        static_cast<std::size_t>(info.keys),
                                    static_cast<std::size_t>(info.keys)));
            if (auto wrong = compare(name, floatsOf(*tensor), found, kAttentionTolerance); !wrong.empty())
                return wrong;
        }
        if (expected.find(run.prefix + kind + "attentions." + std::to_string(info.layers)))
            return "layers are missing after " + std::to_string(info.layers);
    }
    const std::string side = output.targetHiddenStates.empty() ? "" : "encoder_";
    for (const auto& [states, prefix] :
         {std::pair{&output.hiddenStates, side + "hidden_states."},
          std::pair{&output.targetHiddenStates, std::string("decoder_hidden_states.")}})
        for (std::size_t boundary = 0; boundary < states->size(); ++boundary) {
            const std::string name = run.prefix + prefix + std::to_string(boundary);
            const auto* tensor = expected.find(name);
            if (!tensor) return name + " is expected nowhere";
            if (auto wrong = compare(name, floatsOf(*tensor), (*states)[boundary].values, kValueTolerance);
                !wrong.empty())
                return wrong;
        }
    if (const auto* tensor = expected.find(run.prefix + "logits")) {
        if (!output.logits) return run.prefix + "logits are missing";
        if (auto wrong =
                compare(run.prefix + "logits", floatsOf(*tensor), output.logits->values, kValueTolerance);
            !wrong.empty())
            return wrong;
    }
    const auto& last = output.targetHiddenStates.empty() ? output.hiddenStates : output.targetHiddenStates;
    if (const auto* tensor = expected.find(run.prefix + "last_hidden_state"))
        if (auto wrong = compare(run.prefix + "last_hidden_state", floatsOf(*tensor), last.back().values,
                                 kValueTolerance);
            !wrong.empty())
            return wrong;
    return {};
}

}  // namespace attnviz::test
