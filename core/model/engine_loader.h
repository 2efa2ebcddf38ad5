// Loads the LibTorch module the first time a model is needed, never before: it costs 0.45 s and 160 MB.
//
// Searched in $ATTNVIZ_TORCH_MODULE, then <executable>/../lib/attention-viz/. OMP_WAIT_POLICY=passive is set
// first (unless the user did): libgomp reads it when it is loaded, and spinning threads double every time.
#pragma once

#include <filesystem>
#include <string>

#include "core/base/result.h"
#include "core/model/engine.h"

namespace attnviz {

// The engine of this process; loaded once. Call on the engine thread.
Result<Engine*> loadEngine();

// Where the module would be taken from, whether or not it is there.
std::filesystem::path engineModulePath();
bool engineIsLoaded();

}  // namespace attnviz
