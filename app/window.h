// The window from the command line: opened on what was named, or grabbed into a screenshot.
#pragma once

#include "app/command_line.h"
#include "app/terminal.h"
#include "core/config/configuration.h"

namespace attnviz {

#if ATTNVIZ_WITH_GUI
inline constexpr bool kHasWindow = true;
#else
inline constexpr bool kHasWindow = false;
#endif

// Whether a display is named that a window could be shown on.
bool hasDisplay();

// Returns the exit code. Without a display a screenshot is drawn all the same, and a window is refused with a
// sentence.
int runWindow(const CommandLine& line, const Configuration& configuration, Terminal& terminal);

}  // namespace attnviz
