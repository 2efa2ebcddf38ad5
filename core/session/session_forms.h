// The forms of file that open as a session: ours, and other programs'. One file a form, one row in
// session_forms.cpp.
//
// A form is known by content. The first row that claims a file reads it.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>

#include "core/base/progress.h"
#include "core/base/result.h"
#include "core/session/json_outline.h"
#include "core/session/session.h"

namespace attnviz {

// A file that is being opened. JSON is outlined before any form is asked.
struct OpenedFile {
    std::filesystem::path path;  // where errors are, and what lies beside it
    std::string_view bytes;      // inflated, if it was gzip
    std::optional<JsonOutline> json;
    const ProgressSink& progress;
    std::stop_token stop;
};

struct SessionForm {
    std::string_view title;  // "NumPy archive"
    bool (*claims)(const OpenedFile& file);
    Result<Session> (*read)(OpenedFile& file);
};

std::span<const SessionForm* const> sessionForms();

}  // namespace attnviz
