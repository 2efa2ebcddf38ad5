// Token texts that try to be more than text: markup, formulas, control and direction characters, broken
// UTF-8.
#pragma once

#include <string>
#include <vector>

namespace attnviz::test {

inline std::vector<std::string> hostileTokens() {
    using namespace std::string_literals;
    return {
        "</script>",
        "</ScRiPt ><script>alert(1)</script>",
        "<!--<script",
        "-->",
        "<img src=x onerror=alert(1)>",
        "<svg/onload=alert(1)>",
        "<b>bold</b>",
        "&lt;b&gt;",
        "&#60;script&#62;",
        "\"><script>alert(1)</script>",
        "' onmouseover='alert(1)",
        "javascript:alert(1)",
        "]]>",
        "<![CDATA[",
        "${alert(1)}",
        "`backtick`",
        "\\u003cscript\\u003e",
        "\\",
        "=1+1",
        "+cmd|' /C calc'!A0",
        "-2+3",
        "@SUM(A1:A9)",
        "\tTAB",
        "a,b;\"c\"\r\nd",
        "nul\0nul"s,
        "\x1b]8;;http://example.invalid\x07link\x1b]8;;\x07",
        "\u202Egnp.exe",
        "line\u2028separator\u2029",
        "\xff\xfe broken \xc3",
        "| cell | ![x](y) [z](w) # *e*",
        "\uFEFFbom",
        "\U0001F468\u200D\U0001F469\u200D\U0001F467",
    };
}

}  // namespace attnviz::test
