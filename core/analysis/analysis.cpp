#include "core/analysis/analysis.h"

#include <unicode/uchar.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>

#include "core/base/readable.h"
#include "core/exporting/unicode_text.h"

namespace attnviz {
namespace {

template <class Number>
std::optional<Number> parsed(std::string_view text) {
    if (text.starts_with('+')) text.remove_prefix(1);
    Number value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
    return value;
}

JsonValue::Array tokenTexts(const TokenizedText& side) {
    JsonValue::Array texts;
    for (const auto& token : side.tokens)
        texts.emplace_back(isValidUtf8(token.text) ? token.text : harmless(token.text));
    return texts;
}

std::string cellText(const JsonValue& cell) {
    if (cell.isNull()) return "-";
    if (cell.isString()) return harmless(cell.string());
    if (!cell.isNumber() || cell.isInteger()) return cell.toText(0);
    const double value = cell.numberOr(0);
    const bool fits = value == 0 || (std::abs(value) >= 1e-3 && std::abs(value) < 1e6);
    std::array<char, 400> buffer{};
    std::snprintf(buffer.data(), buffer.size(), fits ? "%.4f" : "%.3e", value);
    return buffer.data();
}

// Columns that a terminal gives to the text: two for wide characters, none for combining ones.
std::size_t terminalWidth(const std::string& text) {
    std::size_t width = 0;
    for (const char32_t point : toUtf32(text)) {
        const auto character = static_cast<UChar32>(point);
        const auto type = u_charType(character);
        if (type == U_NON_SPACING_MARK || type == U_ENCLOSING_MARK || type == U_FORMAT_CHAR) continue;
        const auto wide = u_getIntPropertyValue(character, UCHAR_EAST_ASIAN_WIDTH);
        width += wide == U_EA_WIDE || wide == U_EA_FULLWIDTH ? 2 : 1;
    }
    return width;
}

}  // namespace

std::optional<std::int64_t> AnalysisOptions::integer(std::string_view name) const {
    const auto found = m_values.find(name);
    return found == m_values.end() ? std::nullopt : parsed<std::int64_t>(found->second);
}

std::optional<double> AnalysisOptions::number(std::string_view name) const {
    const auto found = m_values.find(name);
    auto value = found == m_values.end() ? std::nullopt : parsed<double>(found->second);
    if (value && !std::isfinite(*value)) value.reset();
    return value;
}

std::optional<std::string> AnalysisOptions::text(std::string_view name) const {
    const auto found = m_values.find(name);
    return found == m_values.end() ? std::nullopt : std::optional(found->second);
}

bool AnalysisOptions::flag(std::string_view name) const {
    const auto found = m_values.find(name);
    return found != m_values.end() && found->second == "true";
}

JsonValue documentHead(const AttentionRun& run, const AttentionSource& source) {
    const auto valid = [](const std::string& text) {
        return isValidUtf8(text) ? text : harmless(text, true);
    };
    auto head = JsonValue::object({{"model_name", run.model.name.empty() ? "unknown" : valid(run.model.name)},
                                   {"text", valid(run.text())},
                                   {"tokens", tokenTexts(run.queriesOf(source))}});
    if (&run.queriesOf(source) != &run.keysOf(source)) head.set("key_tokens", tokenTexts(run.keysOf(source)));
    if (source.info().renormalized) head.set("renormalized", true);
    if (!source.info().combined.empty()) head.set("combined", source.info().combined);
    return head;
}

std::string documentTitle(std::string_view title, const AnalysisRequest& request) {
    const AttentionInfo& info = request.source.info();
    const auto count = [](int number, const char* name) {
        return std::to_string(number) + ' ' + name + (number == 1 ? "" : "s");
    };
    constexpr std::size_t kLongText = 200;
    std::string text = request.run.text();
    if (text.size() > kLongText) {
        std::size_t end = kLongText;
        while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
        text = text.substr(0, end) + " …";
    }
    const std::string name = request.run.model.name.empty() ? "unknown" : harmless(request.run.model.name);
    std::string out = std::string(title) + "\nModel: " + name + ", " +
                      std::string(attentionKindName(info.kind)) + " attention, " +
                      count(info.layers, "layer") + ", " + count(info.heads, "head") + ", " +
                      count(info.queries, "token");
    if (!info.square()) out += " on " + count(info.keys, "key");
    out += "\nText: " + harmless(text) + '\n';
    if (!info.combined.empty()) out += "Heads: " + harmless(info.combined) + '\n';
    if (info.renormalized) out += "Rows are renormalized by a filter\n";
    return out + '\n';
}

std::string tableCsv(const Table& table) {
    std::string out;
    const auto line = [&](const auto& cells, auto&& write) {
        for (std::size_t column = 0; column < cells.size(); ++column) {
            if (column > 0) out += ',';
            write(cells[column]);
        }
        out += "\r\n";
    };
    line(table.columns, [&](const std::string& name) { out += csvText(name); });
    for (const auto& row : table.rows)
        line(row, [&](const JsonValue& cell) {
            if (cell.isString())
                out += csvText(cell.string());
            else if (!cell.isNull())
                out += cell.toText(0);
        });
    return out;
}

std::string tableText(const Table& table) {
    std::vector<std::vector<std::string>> lines;
    std::vector<std::size_t> widths(table.columns.size(), 0);
    std::vector<bool> left(table.columns.size(), false);  // columns of text; numbers stand on the right
    const auto add = [&](std::vector<std::string> cells) {
        for (std::size_t column = 0; column < cells.size(); ++column)
            widths[column] = std::max(widths[column], terminalWidth(cells[column]));
        lines.push_back(std::move(cells));
    };
    std::vector<std::string> names;
    for (const auto& name : table.columns) names.push_back(harmless(name));
    add(std::move(names));
    for (const auto& row : table.rows) {
        std::vector<std::string> cells;
        for (std::size_t column = 0; column < table.columns.size(); ++column) {
            const JsonValue empty;
            const JsonValue& cell = column < row.size() ? row[column] : empty;
            if (cell.isString()) left[column] = true;
            cells.push_back(cellText(cell));
        }
        add(std::move(cells));
    }
    std::string out;
    for (const auto& cells : lines) {
        std::string line;
        for (std::size_t column = 0; column < cells.size(); ++column) {
            const std::string space(widths[column] - terminalWidth(cells[column]), ' ');
            if (column > 0) line += "  ";
            line += left[column] ? cells[column] + space : space + cells[column];
        }
        line.erase(line.find_last_not_of(' ') + 1);
        out += line + '\n';
    }
    return out;
}

}  // namespace attnviz
