// The command line's filters as core's settings.
#pragma once

#include "app/command_line.h"
#include "core/attention/filter_settings.h"

namespace attnviz {

FilterSettings filterSettings(const CommandLine& line);

}  // namespace attnviz
