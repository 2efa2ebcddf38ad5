// Runs that the tests of this room share, and numbers read from JSON.
#pragma once

#include <cmath>
#include <string>

#include "core/analysis/analysis.h"

namespace attnviz::test {

struct NamedRun {
    std::string name;
    std::shared_ptr<const AttentionRun> run;
};

// Causal, windowed, bidirectional with padding (one row sees nothing), cross, one token, two tokens, repeated
// and special tokens, hostile names.
std::vector<NamedRun> sampleRuns();

// GPT-2 on "The quick brown fox jumps over the lazy dog", as recorded; below ../shared.
inline constexpr const char* kRecordedGpt2 = "data/recorded/gpt2-quick-brown-fox";
std::shared_ptr<const AttentionRun> recordedGpt2();

// tests/core/analysis/expected.json
JsonValue expectedNumbers();
std::shared_ptr<const AttentionRun> runOf(const JsonValue& expectedCase);

bool close(double got, double wanted, double relative);

}  // namespace attnviz::test
