// The run that a command works on: a session from a file, or a text through a model.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/command.h"
#include "core/attention/attention_source.h"
#include "core/model/hub/obtain_model.h"
#include "core/model/run_settings.h"
#include "core/session/session.h"

namespace attnviz {

struct RunWishes {
    bool allLogits = false, hiddenStates = false;
    std::vector<int> predictAt;  // positions to predict the next token at
    int predictions = 10;        // how many tokens each
};

// Opens --session, or loads the model (default: the sample) and runs the text. Notices go to the terminal.
Result<Session> obtainSession(CommandContext& context, const RunWishes& wishes = {});

// The two sides of a comparison: obtainSession, and beside it --with-session, or the same with --with-model
// and
// --with-text in their places. A model that both sides use is loaded once.
struct ComparedSessions {
    Session left, right;
};
Result<ComparedSessions> obtainBothSides(CommandContext& context, const RunWishes& wishes = {});

// Progress and notices of a download, to the terminal.
ObtainListener obtainListener(Terminal& terminal);

// The text of --text, --text-file or standard input, checked to be UTF-8. A file's last line end is no part
// of it.
Result<std::string> readText(const CommandLine& line);

// All that the line, else the configuration, says of how to run; the text itself is read by readText.
Result<RunSettings> runSettings(const CommandLine& line, const Configuration& configuration);

}  // namespace attnviz
