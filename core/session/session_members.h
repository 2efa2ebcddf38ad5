// The parts of our own session file as they stand in it, each checked by itself.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/attention/attention_run.h"
#include "core/base/result.h"
#include "core/session/json_scanner.h"
#include "core/session/session.h"

namespace attnviz {

// One entry of "attentions".
struct AttentionEntry {
    AttentionKind kind = AttentionKind::encoder;
    std::string queries = "input", keys = "input";
    bool causal = false;
    std::vector<Window> windows;
    std::vector<int> maskedKeys;
    std::int64_t layers = 0, heads = 0, keyValueHeads = 0;
    SessionEncoding encoding = SessionEncoding::nested;
    std::string_view weights;  // raw text of "weights"; empty if absent
    std::string_view data;     // raw text of "data"
};

// One member of "sequences".
struct SequenceEntry {
    TokenizedText text;
    int generated = 0;  // of its tokens, at the end
};

// All of these return false on an error, which the scanner keeps.
bool readLabels(JsonScanner& scanner, std::vector<std::string>& labels);
bool readSequences(JsonScanner& scanner, std::map<std::string, SequenceEntry, std::less<>>& sequences);
bool readAttentions(JsonScanner& scanner, std::vector<AttentionEntry>& entries);
bool readModel(JsonScanner& scanner, RunModel& model);
bool readPredictions(JsonScanner& scanner, std::vector<Prediction>& predictions);

}  // namespace attnviz
