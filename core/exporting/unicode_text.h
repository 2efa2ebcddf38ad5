// Text from strangers on its way into a file: code points, and the escapes of the formats.
#pragma once

#include <string>
#include <string_view>

namespace attnviz {

// Invalid UTF-8 becomes U+FFFD, a byte at a time.
std::u32string toUtf32(std::string_view text);

// A field of a CSV file (RFC 4180). Control and bidirectional characters become visible escapes; what a
// spreadsheet would take for a formula gets an apostrophe in front.
std::string csvText(std::string_view text);

// JSON that may stand in a script element: "<", ">", "&", U+2028 and U+2029 become \u escapes. Its strings
// are UTF-8.
std::string scriptJson(std::string_view json);

// Text between tags or in a quoted attribute.
std::string htmlText(std::string_view text);

}  // namespace attnviz
