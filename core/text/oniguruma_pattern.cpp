#include "core/text/oniguruma_pattern.h"

#include <array>
#include <cstdio>
#include <vector>

#include "core/text/character_classes.h"

namespace attnviz {
namespace {

std::string rangesOf(std::span<const CharacterRange> ranges) {
    std::string out;
    for (const CharacterRange& range : ranges) {
        std::array<char, 40> buffer{};
        std::snprintf(buffer.data(), buffer.size(), "\\x{%X}-\\x{%X}", range.first, range.last);
        out += buffer.data();
    }
    return out;
}

// The new numbers that are decimal digits: all but Kaktovik's.
std::string newDigits() {
    std::string out;
    for (const CharacterRange& range : newNumbers())
        if (range.first != 0x1D2C0) out += rangesOf({&range, 1});
    return out;
}

bool isCategory(std::string_view name) {
    if (name == "Any" || name == "L&" || name == "LC") return true;
    if (name.empty() || name.size() > 2) return false;
    return std::string_view("CLMNPSZ").find(name[0]) != std::string_view::npos;
}

class Translator {
 public:
    Translator(std::string_view pattern, bool newCharacters, std::string_view where)
        : m_pattern(pattern), m_new(newCharacters), m_where(where) {}

    Result<std::string> run() {
        while (m_at < m_pattern.size() && m_status) step();
        if (!m_status) return m_status.error();
        return m_out;
    }

 private:
    char now() const { return m_at < m_pattern.size() ? m_pattern[m_at] : '\0'; }
    bool startsWith(std::string_view text) const { return m_pattern.substr(m_at).starts_with(text); }
    void refuse(const std::string& what) {
        m_status = unsupported("the pattern " + std::string(m_pattern) + " " + what, std::string(m_where));
    }
    void atom() { m_atom = m_out.size(); }

    void step() {
        const char letter = now();
        switch (letter) {
            case '\\':
                escape(false);
                break;
            case '[':
                characterClass();
                break;
            case '(':
                open();
                break;
            case ')':
                m_out += ')';
                ++m_at;
                m_atom = m_groups.empty() ? 0 : m_groups.back();
                if (!m_groups.empty()) m_groups.pop_back();
                break;
            case '{':
                repetition();
                break;
            default:
                if (letter != '*' && letter != '+' && letter != '?' && letter != '|' &&
                    (static_cast<unsigned char>(letter) & 0xC0U) != 0x80U)
                    atom();
                m_out += letter;
                ++m_at;
        }
    }

    void open() {
        m_groups.push_back(m_out.size());
        m_out += '(';
        ++m_at;
        if (now() != '?') return;
        // Options: (?imx-imx) and (?imx-imx: … ). Ruby's m is PCRE's s.
        std::size_t end = m_at + 1;
        while (end < m_pattern.size() &&
               std::string_view("imx-").find(m_pattern[end]) != std::string_view::npos)
            ++end;
        if (end > m_at + 1 && end < m_pattern.size() && (m_pattern[end] == ':' || m_pattern[end] == ')')) {
            for (; m_at < end; ++m_at) m_out += now() == 'm' ? 's' : now();
            return;
        }
        m_out += '?';
        ++m_at;
        if (now() == '~') refuse("has an absent operator, which is not supported");
    }

    // {n,m}: a + after it is no possessive mark but repeats the whole.
    void repetition() {
        std::size_t end = m_at + 1;
        bool digits = false;
        while (end < m_pattern.size() &&
               (m_pattern[end] == ',' || (m_pattern[end] >= '0' && m_pattern[end] <= '9'))) {
            digits = digits || m_pattern[end] != ',';
            ++end;
        }
        if (!digits || end >= m_pattern.size() || m_pattern[end] != '}') {
            atom();
            m_out += "\\{";
            ++m_at;
            return;
        }
        std::string bounds(m_pattern.substr(m_at, end + 1 - m_at));
        if (bounds[1] == ',') bounds.insert(1, "0");
        m_out += bounds;
        m_at = end + 1;
        if (now() != '+') return;
        m_out.insert(m_atom, "(?:");
        m_out += ")+";
        ++m_at;
    }

    // \p{Name}, \P{Name}; returns the name with ^ for a negated one.
    std::string propertyName() {
        bool negated = m_pattern[m_at + 1] == 'P';
        std::size_t end = m_pattern.find('}', m_at);
        if (m_at + 2 >= m_pattern.size() || m_pattern[m_at + 2] != '{' || end == std::string_view::npos) {
            refuse("has a \\p without a name in braces");
            return {};
        }
        std::string_view name = m_pattern.substr(m_at + 3, end - m_at - 3);
        if (name.starts_with('^')) {
            negated = !negated;
            name.remove_prefix(1);
        }
        m_at = end + 1;
        return (negated ? "^" : "") + std::string(name);
    }

    std::string newMembers(std::string_view name) const {
        if (!m_new) return {};
        if (name == "L" || name == "Letter") return rangesOf(newLetters());
        if (name == "N" || name == "Number") return rangesOf(newNumbers());
        if (name == "M" || name == "Mark") return rangesOf(newMarks());
        if (name == "P" || name == "Punctuation") return rangesOf(newPunctuation());
        return {};
    }

    static std::string pcreName(const std::string& name) {
        if (isCategory(name)) return name;
        static const std::array<std::pair<std::string_view, std::string_view>, 9> kNames{
            {{"Letter", "L"},
             {"Mark", "M"},
             {"Number", "N"},
             {"Punctuation", "P"},
             {"Symbol", "S"},
             {"Separator", "Z"},
             {"Other", "C"},
             {"Uppercase_Letter", "Lu"},
             {"Lowercase_Letter", "Ll"}}};
        for (const auto& [longName, shortName] : kNames)
            if (name == longName) return std::string(shortName);
        if (name == "Alphabetic" || name == "Alpha" || name == "White_Space" || name == "Uppercase" ||
            name == "Lowercase" || name == "Emoji" || name == "Extended_Pictographic")
            return name;
        return "sc:" + name;
    }

    void property(bool inClass) {
        std::string name = propertyName();
        const bool negated = name.starts_with('^');
        if (negated) name.erase(0, 1);
        const std::string extra = newMembers(name);
        const std::string plain = pcreName(name);
        if (extra.empty() || (inClass && negated))
            m_out += (negated ? "\\P{" : "\\p{") + plain + "}";
        else if (inClass)
            m_out += "\\p{" + plain + "}" + extra;
        else
            m_out += (negated ? "[^\\p{" : "[\\p{") + plain + "}" + extra + "]";
    }

    void escape(bool inClass) {
        if (!inClass) atom();
        if (m_at + 1 >= m_pattern.size()) {
            refuse("ends in a backslash");
            return;
        }
        const char kind = m_pattern[m_at + 1];
        if (kind == 'p' || kind == 'P') {
            property(inClass);
            return;
        }
        m_at += 2;
        // Oniguruma counts the superscripts and fractions of Latin-1 as parts of words.
        static constexpr std::string_view kWord =
            "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\x{B2}\\x{B3}\\x{B9}\\x{BC}-\\x{BE}";
        const std::string word =
            std::string(kWord) + (m_new ? rangesOf(newLetters()) + rangesOf(newMarks()) + newDigits() : "");
        switch (kind) {
            case 's':  // PCRE2 counts U+180E
                if (!m_new)
                    m_out += "\\s";
                else
                    m_out += inClass ? "\\p{Z}\\t-\\r\\x{85}" : "[\\p{Z}\\t-\\r\\x{85}]";
                return;
            case 'S':
                if (!m_new)
                    m_out += "\\S";
                else
                    m_out += inClass ? "\\S\\x{180E}" : "[^\\p{Z}\\t-\\r\\x{85}]";
                return;
            case 'w':
                m_out += inClass ? word : "[" + word + "]";
                return;
            case 'W':
                if (inClass)
                    refuse("has \\W in a character class, which is not supported");
                else
                    m_out += "[^" + word + "]";
                return;
            case 'd':
                if (!m_new)
                    m_out += "\\d";
                else
                    m_out += inClass ? "\\d" + newDigits() : "[\\d" + newDigits() + "]";
                return;
            case 'h':
                m_out += inClass ? "0-9a-fA-F" : "[0-9a-fA-F]";
                return;
            case 'H':
                if (inClass)
                    refuse("has \\H in a character class, which is not supported");
                else
                    m_out += "[^0-9a-fA-F]";
                return;
            case 'u':
                if (m_at + 4 > m_pattern.size()) {
                    refuse("has a \\u without four digits");
                    return;
                }
                m_out += "\\x{" + std::string(m_pattern.substr(m_at, 4)) + "}";
                m_at += 4;
                return;
            default:
                m_out += '\\';
                m_out += kind;
        }
    }

    void characterClass() {
        atom();
        m_out += '[';
        ++m_at;
        if (now() == '^') {
            m_out += '^';
            ++m_at;
        }
        if (now() == ']') {
            m_out += "\\]";
            ++m_at;
        }
        while (m_at < m_pattern.size() && now() != ']' && m_status) {
            if (startsWith("[:")) {
                const std::size_t end = m_pattern.find(":]", m_at);
                if (end == std::string_view::npos) {
                    refuse("has a character class that does not end");
                    return;
                }
                m_out += m_pattern.substr(m_at, end + 2 - m_at);
                m_at = end + 2;
            } else if (now() == '[' || startsWith("&&")) {
                refuse("has a character class inside another, which is not supported");
            } else if (now() == '\\') {
                escape(true);
            } else {
                m_out += now();
                ++m_at;
            }
        }
        if (now() != ']') {
            if (m_status) refuse("has a character class that does not end");
            return;
        }
        m_out += ']';
        ++m_at;
    }

    std::string_view m_pattern;
    bool m_new;
    std::string_view m_where;
    std::size_t m_at = 0;
    std::string m_out;
    std::size_t m_atom = 0;
    std::vector<std::size_t> m_groups;
    Result<void> m_status;
};

}  // namespace

Result<std::string> pcreFromOniguruma(std::string_view pattern, bool newCharacters, std::string_view where) {
    return Translator(pattern, newCharacters, where).run();
}

}  // namespace attnviz
