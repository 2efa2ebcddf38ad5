// An analysis: numbers about attention, from sources, without a forward pass.
//
// Each analysis is one file with typed functions (what the window calls) and one descriptor (what everybody
// else derives from: the command and its options, help, JSON keys, CSV table, menu entry, generic tests). One
// row in analyses.cpp.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/attention/attention_run.h"
#include "core/base/json_value.h"
#include "core/base/progress.h"
#include "core/base/result.h"

namespace attnviz {

struct AnalysisOption {
    enum class Kind { integer, number, choice, text, flag };
    std::string_view name;  // "query": --query
    Kind kind = Kind::integer;
    std::string_view help;
    std::string_view fallback;              // as typed; empty: absent unless given
    std::vector<std::string_view> choices;  // of a choice
};

// Options as given, checked against the descriptor by whoever read them (command line, window).
class AnalysisOptions {
 public:
    void set(std::string name, std::string value) { m_values[std::move(name)] = std::move(value); }
    std::optional<std::int64_t> integer(std::string_view name) const;
    std::optional<double> number(std::string_view name) const;
    std::optional<std::string> text(std::string_view name) const;
    bool flag(std::string_view name) const;

 private:
    std::map<std::string, std::string, std::less<>> m_values;
};

struct AnalysisRequest {
    const AttentionRun& run;
    const AttentionSource& source;  // filtered; which of the run's kinds is the caller's choice
    AnalysisOptions options;
    std::vector<int> layers;  // empty: all
    std::vector<int> heads;   // empty: all
    ProgressSink progress;
    std::stop_token stop;
};

// Rows for CSV and for the terminal. Cells are scalars.
struct Table {
    std::string name;
    std::vector<std::string> columns;
    std::vector<std::vector<JsonValue>> rows;
};

struct AnalysisResult {
    JsonValue document;         // begins with model_name, text, tokens; keys are stable
    std::vector<Table> tables;  // the first is the CSV
    std::string text;           // for a person at a terminal
};

struct AnalysisDescriptor {
    std::string_view id;      // command and key: "rollout"
    std::string_view title;   // "Attention rollout"
    std::string_view help;    // one line
    std::string_view source;  // of the formula: "Abnar and Zuidema 2020"; empty for our own
    std::vector<AnalysisOption> options;
    Result<AnalysisResult> (*run)(const AnalysisRequest&);
};

// All analyses, in the order of menus and help. `findAnalysis`: null pointer if there is none of that id.
std::span<const AnalysisDescriptor* const> analyses();
const AnalysisDescriptor* findAnalysis(std::string_view id);

// The three keys that every document begins with.
JsonValue documentHead(const AttentionRun& run, const AttentionSource& source);
std::string tableCsv(const Table& table);   // RFC 4180; formulas in text columns are made harmless
std::string tableText(const Table& table);  // aligned columns

}  // namespace attnviz
