// A command: one file, one row in commands.cpp. It gets what was asked for and says how it ended.
#pragma once

#include <span>
#include <stop_token>
#include <string_view>

#include "app/command_line.h"
#include "app/terminal.h"
#include "core/base/result.h"
#include "core/config/configuration.h"

namespace attnviz {

struct CommandContext {
    const CommandLine& line;
    const Configuration& configuration;
    Terminal& terminal;
    std::stop_token stop;  // interrupted
};

struct CommandDescriptor {
    std::string_view name;
    std::string_view help;      // one line
    unsigned options;           // OptionGroup
    bool textRequired = false;  // text, ids or a session must be given
    Result<void> (*run)(CommandContext&);
};

// The commands that are not analyses, in the order of the help. Each analysis is a command as well.
std::span<const CommandDescriptor* const> commands();

}  // namespace attnviz
