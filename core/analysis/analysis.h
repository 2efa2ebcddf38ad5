// An analysis: numbers about attention, from sources, without a forward pass.
//
// Each analysis is one file with typed functions (what the window calls) and one descriptor (what everybody
// else derives from: the command and its options, help, JSON keys, CSV table, menu entry, generic tests). One
// row in analyses.cpp.
#pragma once

#include <functional>
#include <limits>
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

struct RunOptions;

struct AnalysisOption {
    enum class Kind { integer, number, choice, text, flag };
    std::string_view name;  // "query": --query
    Kind kind = Kind::integer;
    std::string_view help = {};
    std::string_view fallback = {};              // as typed; empty: absent unless given
    std::vector<std::string_view> choices = {};  // of a choice
    // Of an integer or a number; checked by runAnalysis. "query" is checked against the source instead.
    double minimum = -std::numeric_limits<double>::infinity();
    double maximum = std::numeric_limits<double>::infinity();
};

// Options as given, checked against the descriptor by whoever read them (command line, window).
class AnalysisOptions {
 public:
    void set(std::string name, std::string value) { m_values[std::move(name)] = std::move(value); }
    std::optional<std::int64_t> integer(std::string_view name) const;
    std::optional<double> number(std::string_view name) const;
    std::optional<std::string> text(std::string_view name) const;
    bool flag(std::string_view name) const;
    const std::map<std::string, std::string, std::less<>>& values() const { return m_values; }

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
    // The other side, of an analysis that compares two: its run, and its source of the same kind.
    const AttentionRun* otherRun = nullptr;
    const AttentionSource* otherSource = nullptr;
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
    bool comparesTwo = false;  // needs another run beside the first
    // What it needs of a forward pass beside attention, from options as typed; null where that is nothing.
    Result<void> (*wishes)(const AnalysisOptions&, RunOptions&) = nullptr;
    Result<AnalysisResult> (*run)(const AnalysisRequest&);
};

// All analyses, in the order of menus and help. `findAnalysis`: null pointer if there is none of that id.
std::span<const AnalysisDescriptor* const> analyses();
const AnalysisDescriptor* findAnalysis(std::string_view id);

// The way to an analysis for everybody: checks the request against the descriptor and the source, then runs
// it. Unknown options, values of the wrong kind or out of range, layers and heads that are not there are
// refused with the allowed values, and so is a comparison without its other side. Indices below zero count
// from the end ("query", layers, heads); layers and heads arrive at the analysis sorted, once each, and never
// empty; options that were not given have their fallback.
Result<AnalysisResult> runAnalysis(const AnalysisDescriptor& analysis, const AnalysisRequest& request);
// The request as the analysis gets it, for whoever shows more of it than its numbers. Checking twice changes
// nothing.
Result<AnalysisRequest> checkedRequest(const AnalysisDescriptor& analysis, const AnalysisRequest& request);

// The three keys that every document begins with: model_name, text, tokens (of the queries). Where the keys
// are other tokens (cross attention), key_tokens follows. Where a filter changed rows or combined heads,
// `renormalized` and `combined` say so.
JsonValue documentHead(const AttentionRun& run, const AttentionSource& source);
// The lines that every text for a terminal begins with: title, model and text, and what a filter changed.
std::string documentTitle(std::string_view title, const AnalysisRequest& request);
std::string tableCsv(const Table& table);   // RFC 4180; formulas in text columns are made harmless
std::string tableText(const Table& table);  // aligned columns

}  // namespace attnviz
