// How models are loaded and texts are run: settled once, from the command line and the configuration, for the
// commands and the window alike.
#pragma once

#include "core/model/engine.h"
#include "core/model/text_run.h"

namespace attnviz {

struct RunSettings {
    // Of loading a model.
    Device device;
    ComputeType dtype = ComputeType::automatic;
    int threads = 0;  // 0: one a core
    // Of running: how maps are kept; the length, and what else than the text itself was given.
    RunOptions options;
    TextInput input;
    bool keepRuns = true;  // the window keeps finished runs, so that returning to a text is instant
};

}  // namespace attnviz
